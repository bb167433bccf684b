# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module secret_env."""

from __future__ import annotations

import json
import os

import pytest

from tests.unit.modules.run_module import four_states, run

root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@root
def test_secret_env(tmp_path):
    (tmp_path / "a").write_text("it's\n")
    path = tmp_path / "svc.env"
    arguments = {"path": str(path), "directory": str(tmp_path), "variables": {"KEY": "a"}, "owner": 10001}
    answers = four_states("secret_env", arguments)
    assert "it's" not in json.dumps(answers)
    assert path.read_text() == "export KEY='it'\\''s'\n"
    assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o400, 10001)
    missing = run("secret_env", {**arguments, "variables": {"KEY": "gone"}})
    assert missing["failed"] and "gone" in missing["msg"]
    four_states("secret_env", {**arguments, "state": "absent"})
