# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is changed before everything was checked: site.yml with the worst settings of each role, on a bare node."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import labctl
import pytest
import sitectl
import yaml

CASES = yaml.safe_load((Path(__file__).parent / "worst_settings.yml").read_text(encoding="utf-8"))
AT_ONCE = 2  # a run mostly waits for the node


def name_of(case: dict) -> str:
    return "-".join([case["role"], *str(case.get("name", "")).split()])


def refuse(case: dict) -> sitectl.Run:
    """A run that changes something has failed the test already: it is ended at once."""

    def watch(event, kill):
        if event["event"] == "runner_on_ok" and (event["event_data"].get("res") or {}).get("changed"):
            kill()

    return sitectl.site(f"worst-{name_of(case)}", f"-e '{json.dumps(case['options'])}'", watch=watch)


@pytest.fixture(scope="module")
def runs():
    """All runs on the same bare node, and its fingerprint before the first and after the last."""
    labctl.clean_node()
    before = labctl.fingerprint()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = dict(zip(map(name_of, CASES), pool.map(refuse, CASES)))
    return done, before, labctl.fingerprint()


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_refused_by_its_rules(runs, case):
    run = runs[0][name_of(case)]
    assert run.changes() == [], "something was changed before the refusal"
    assert not run.ok, f"accepted: {run.output[-2000:]}"
    message = "\n".join(run.failures())
    assert [rule for rule in case["says"] if rule not in message] == [], message
    assert labctl.NODE in message and re.search(r"[\u4e00-\u9fff]", message), message
    assert not re.search(r"Traceback|Undefined|template error", message), message


def test_the_node_is_as_it_was(runs):
    _runs, before, after = runs
    assert before == after
