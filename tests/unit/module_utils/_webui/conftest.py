# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with the chat page's data and secrets."""

from __future__ import annotations

import pytest

from tests.unit.module_utils._webui.page_data import page_data


@pytest.fixture
def node(tmp_path):
    page_data(tmp_path / "data")
    users = tmp_path / "secrets/open-webui-users"
    users.mkdir(parents=True)
    for name in ("open-webui-session", "open-webui-admin", "engine-key", "open-webui-users/li@example.org"):
        (tmp_path / "secrets" / name).write_text(f"value of {name}\n")
    return tmp_path
