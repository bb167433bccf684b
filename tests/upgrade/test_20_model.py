# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model A to B and back by hand; to one whose engine ends at its start, and back by itself. One after another."""

from __future__ import annotations

import json
from typing import Any

import asked
import labctl
from asked import BROKEN, A, B

TITLE = "written before the other model"
SEEN: dict[str, Any] = {}


def test_an_appliance_with_a_chat(before):
    asked.appliance(before)
    asked.begin(TITLE)
    assert asked.answers(A) and TITLE in asked.chats()
    SEEN["left"] = labctl.node(asked.LEFT)


def test_to_another_model(before, options):
    with asked.Downtime() as down:
        done = asked.run("upgrade", before, "upgrade", options, to={"appliance_model": B})
    assert done.ok, done.story()
    print(f"    upgraded in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert asked.answers(B) and not asked.answers(A) and TITLE in asked.chats()
    kept = labctl.node("docker image ls --format '{{.Repository}}:{{.Tag}}'").split()
    assert asked.images("webui_before")["open-webui-slim"]["ref"] in kept
    assert asked.images()["open-webui-slim"]["ref"] not in kept, "what only a generation that was left had, or none"


def test_the_same_upgrade_again_changes_nothing(before, options):
    asked.nothing_changed(asked.run("upgrade-again", before, "upgrade", options, to={"appliance_model": B}))


def test_back_by_hand(before, options):
    with asked.Downtime() as down:
        done = asked.run("rollback", before, "rollback", options)
    assert done.ok, done.story()
    print(f"    back in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(A) and TITLE in asked.chats()


def test_an_engine_that_ends_at_its_start_is_taken_back_by_itself(before, options):
    with asked.Downtime() as down:
        done = asked.run("upgrade-broken", before, "upgrade", options, to={"appliance_model": BROKEN})
    asked.taken_back(done, SEEN["left"])
    print(f"    failed and back in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert asked.answers(A) and TITLE in asked.chats()
    newest = labctl.node("ls /var/lib/yitiji/generations | sort -n | tail -1").strip()
    told = json.loads(labctl.node(f"cat /var/lib/yitiji/generations/{newest}"))
    assert told["verdict"] == "rolled back" and told["why"]


def test_site_has_nothing_to_do_on_what_is_back(before, options):
    asked.nothing_changed(asked.run("upgrade-site", before, "site", options))


def test_a_second_way_back_is_refused(before, options):
    done = asked.run("rollback-none", before, "rollback", options)
    assert not done.ok and any("LLM583" in row for row in done.failures()) and done.changes() == [], done.story()
