# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module secret_file."""

from __future__ import annotations

import json
import os

import pytest

from tests.unit.modules.run_module import four_states, run

root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@root
def test_secret_file(tmp_path):
    folder = tmp_path / "s"
    arguments = {"name": "engine-key", "directory": str(folder)}
    answers = four_states("secret_file", arguments)
    value = (folder / "engine-key").read_text().strip()
    assert len(value) == 32
    assert value not in json.dumps(answers)
    assert (folder.stat().st_mode & 0o777, (folder / "engine-key").stat().st_mode & 0o777) == (0o700, 0o600)
    (folder / "engine-key").chmod(0o644)
    mended = run("secret_file", arguments)
    assert (mended["changed"], mended["made"]) == (True, False)
    assert (folder / "engine-key").read_text().strip() == value
    (folder / "engine-key").unlink()
    run("secret_file", arguments)
    assert (folder / "engine-key").read_text().strip() != value
    four_states("secret_file", {**arguments, "state": "absent"})


@root
def test_secret_file_with_a_value(tmp_path):
    arguments = {"name": "x", "directory": str(tmp_path), "value": "correct-horse-battery"}
    answers = four_states("secret_file", arguments)
    assert "correct-horse" not in json.dumps([a["diff"] for a in answers])
    weak = run("secret_file", {**arguments, "value": "changeme"})
    assert weak["rule"] == "LLM733"
    assert (tmp_path / "x").read_text() == "correct-horse-battery\n"
