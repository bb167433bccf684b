# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests stand where their cores stand: `_plan/make.py` is tested by `_plan/test_make.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CORES = ROOT / "plugins" / "module_utils"
TESTS = ROOT / "tests" / "unit" / "module_utils"
# Cores without a test file of their own: where they are tested instead, and why there.
ELSEWHERE = [
    ("unit/module_utils/_doctor/checks/test_all.py", "all checks run through one table of cases, rule by rule",
     "_doctor/checks", "audit backup chat cluster containers driver gpu host model service sources upkeep weights"),
    ("unit/module_utils/_plan/test_make.py", "each is a step of a plan, tested by the plans that come out",
     "_plan", "on_gpus refuse"),
    ("fault", "a download is tested as a whole, against a hub that fails",
     "_weights", "download"),
    ("unit/module_utils/_driver/test_plan.py", "the words of refusals that the plan raises", "_driver", "words"),
    ("unit/module_utils/_engines/test_sglang.py", "the same settings, side by side", "_engines", "lmdeploy"),
    ("unit/module_utils/_plan/test_on_gguf.py", "command lines of plans", "_engines", "gguf_engines"),
    ("unit/collection/test_refusals.py", "the catalogue is tested as a whole", "_base/messages",
     "acceptance access all backup bundle checkpoints compliance containers driver ends files gateways host lock"
     " new_site notices planner reach scan services systems upgrade weights"),
]  # fmt: skip


def named(root: Path, prefix: str = "") -> set[str]:
    files = (path.relative_to(root) for path in root.glob(f"**/{prefix}*.py"))
    return {str(path.with_name(path.name[len(prefix) :])) for path in files if path.name != "__init__.py"}


def test_every_test_file_has_its_core():
    assert sorted(named(TESTS, "test_") - named(CORES)) == []


def test_every_core_has_its_test_file_or_a_reason():
    excused = {f"{room}/{core}.py" for _place, _why, room, cores in ELSEWHERE for core in cores.split()}
    missing = named(CORES) - named(TESTS, "test_")
    assert sorted(missing - excused) == [], "write tests/unit/module_utils/<room>/test_<file>.py"
    assert sorted(excused - missing) == [], "no longer needs an entry in ELSEWHERE"


@pytest.mark.parametrize("place", sorted({place for place, *_ in ELSEWHERE}))
def test_reasons_name_tests_that_exist(place):
    assert (ROOT / "tests" / place).exists()
