# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades that are killed at random moments, the controller or the node's power: one of both serves, none is lost."""

from __future__ import annotations

import os
import random
import threading
import time

import asked
import labctl
import pytest
import sitectl
from asked import A, B

KILLS = int(os.environ.get("YITIJI_KILLS", "6"))  # 20 for the long test
SEED = int(os.environ.get("YITIJI_SEED", "1"))
SLACK = 180.0  # seconds for an engine's start on a busy machine
LEFT = r"""
systemctl list-unit-files --no-legend 'yitiji-*' | awk '{print $1, $2}'
docker ps --all --format '{{.Names}}' | sort
docker images --all --no-trunc --quiet | sort -u
ls /var/lib/yitiji | grep -E 'restore$|snapshot$|incoming' || true
ls /var/lib/yitiji/generations | grep unfinished || true
"""
SEEN: dict[str, object] = {}


def killed(before: tuple[str], options: str, to: str, number: int, after: float) -> str:
    """The command for a while, then an end to it. What was done when it came."""
    cut, told = number % 3 == 2, []

    def end() -> None:
        told.append(run_events[-1] if run_events else "")
        if cut:
            labctl.lab("stop", labctl.NODE, "--pull-the-plug")
        else:
            sitectl.kill_controller()

    run_events: list[str] = []

    def watch(event: sitectl.Event, _kill: object) -> None:
        if event["event"] == "runner_on_start":
            run_events.append(str(event["event_data"].get("task")))

    timer = threading.Timer(after, end)
    timer.start()
    done = asked.run(f"killed-{number}", before, "upgrade", options, watch, to={"appliance_model": to})
    timer.cancel()
    if cut and told:
        labctl.lab("up", labctl.NODE)
    what = f"{'power cut' if cut else 'controller killed'} after {after:.0f} s"
    return f"{what}, at: {told[0]}" if told else f"it was over before ({done.rc})"


@pytest.fixture(scope="module", autouse=True)
def there(before, options, tmp_path_factory):
    """Both models' upgrades once, whole: how long they take, and what is on the node then."""
    asked.appliance(before)
    if not asked.everything()["knowledge"]:
        asked.people(tmp_path_factory.mktemp("people"))
    for to in (B, A):
        done = asked.run(f"whole-{to}", before, "upgrade", options, to={"appliance_model": to})
        assert done.ok, done.story()
    SEEN.update(seconds=done.seconds, left=labctl.node(LEFT), had=asked.everything())


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment(before, options, number):
    draw = random.Random(SEED * 1000 + number)
    (serves,) = asked.served((A, B))
    to = B if serves == A else A
    what = killed(before, options, to, number, draw.uniform(12, float(str(SEEN["seconds"])) - 2))
    began = time.monotonic()
    found = asked.served((A, B), SLACK)
    waited = time.monotonic() - began
    assert len(found) == 1, (what, found, labctl.journal())
    done = asked.run(f"repeated-{number}", before, "upgrade", options, to={"appliance_model": to})
    assert done.ok, (what, done.story())
    print(f"    {what}; {found[0]} answered {waited:.0f} s later; repeated in {done.seconds:.0f} s")
    assert asked.served((A, B)) == [to] and asked.everything() == SEEN["had"]
    assert labctl.node(LEFT) == SEEN["left"]
