# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module the way a node does: in its own process, arguments on standard input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def run(name: str, arguments: dict[str, Any], check: bool = False, path: str = "") -> dict[str, Any]:
    given = {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / ".collections"), *([path] if path else [])])}
    done = subprocess.run(
        [sys.executable, str(ROOT / "plugins/modules" / f"{name}.py")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def four_states(name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Check mode before, the change, check mode after, the same again; the expected changes are asserted."""
    answers = [run(name, arguments, check) for check in (True, False, True, False)]
    assert [a.get("changed") for a in answers] == [True, True, False, False], answers
    return answers
