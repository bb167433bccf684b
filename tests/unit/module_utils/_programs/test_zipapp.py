# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor's command is one file, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import zipapp
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

ROOT = Path(__file__).resolve().parents[4]


def test_the_command_is_one_file_and_always_the_same(command):
    data = command.read_bytes()
    again = zipapp.pack(str(ROOT / "plugins" / "module_utils"), "_doctor.cli", load_rules())
    assert data == again and data.startswith(b"#!/usr/bin/env python3\n") and len(data) < 300_000
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "__main__.py" in names and not [name for name in names if "catalog" in name]
