# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that several rooms use: a server of one file, and the doctor's command."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import zipapp
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

from tests.unit.module_utils.archive_server import Handler
from tests.unit.module_utils.serving import serving


@pytest.fixture
def server():
    handler = type("H", (Handler,), {})
    with serving(handler) as url:
        yield handler, url


ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(name="command")
def fixture_command(tmp_path):
    path = tmp_path / "yitiji-doctor"
    path.write_bytes(zipapp.pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules()))
    return path
