# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model A to B and back by hand; to one whose engine ends at its start, and back by itself. One after another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import asked
import labctl
import pytest
import sitectl
import yaml

OWNER, A, B, BROKEN = "yitiji-lab", "tiny-r1-distill", "tiny-r1-next", "tiny-r1-broken"
TITLE = "written before the other model"
SEEN: dict[str, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def options(tmp_path_factory):
    """Two more models on the hub, of the same files under another name; one has a tokenizer that none can read."""
    made = []
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "models").mkdir()
    entries = {}
    for name in (B, BROKEN):
        there = labctl.CACHE / "models" / OWNER / name
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(labctl.CACHE / "models" / labctl.MODEL, there)
        made.append(there)
        entries[name] = {"id": f"{OWNER}/{name}", "served_name": name, "reasoning_parser": "deepseek_r1"}
    (made[1] / "tokenizer.json").write_text('{"version": "1.0"}\n')
    (folder / "models/more.yml").write_text(yaml.safe_dump(entries))
    (folder / "vars.json").write_text(json.dumps({"appliance_catalog_dirs": [str(folder)]}))
    yield f"-e @{folder / 'vars.json'}"
    for there in made:
        shutil.rmtree(there, ignore_errors=True)


def to(model: str, folder: Path) -> str:
    told = folder / f"{model}.json"
    told.write_text(json.dumps({"to": {"appliance_model": model}}))
    return f"-e @{told}"


def run(name: str, before: tuple[str], more: str, verb: str = "") -> sitectl.Run:
    return sitectl.site(name, more, inventory=before, playbook=f"playbooks/{verb}.yml" if verb else "site.yml")


def nothing_changed(done: sitectl.Run) -> None:
    assert done.ok and done.changes() == [], (done.changes(), done.story())


def test_an_appliance_with_a_chat():
    """That of the file before this one."""
    asked.begin(TITLE)
    assert asked.answers(A) and TITLE in asked.chats()
    SEEN["left"] = labctl.node(asked.LEFT)


def test_to_another_model(before, options, tmp_path):
    with asked.Downtime() as down:
        done = run("upgrade", before, f"{options} {to(B, tmp_path)}", "upgrade")
    assert done.ok, done.story()
    print(f"    upgraded in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert asked.answers(B) and not asked.answers(A) and TITLE in asked.chats()


def test_the_same_upgrade_again_changes_nothing(before, options, tmp_path):
    nothing_changed(run("upgrade-again", before, f"{options} {to(B, tmp_path)}", "upgrade"))


def test_back_by_hand(before, options):
    with asked.Downtime() as down:
        done = run("rollback", before, options, "rollback")
    assert done.ok, done.story()
    print(f"    back in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(A) and TITLE in asked.chats()


def test_an_engine_that_ends_at_its_start_is_taken_back_by_itself(before, options, tmp_path):
    with asked.Downtime() as down:
        done = run("upgrade-broken", before, f"{options} {to(BROKEN, tmp_path)}", "upgrade")
    assert not done.ok and any("LLM584" in row for row in done.failures()), done.story()
    print(f"    failed and back in {done.seconds:.0f} s, {down.seconds:.0f} s of them without an answer")
    assert labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(A) and TITLE in asked.chats()
    newest = labctl.node("ls /var/lib/yitiji/generations | sort -n | tail -1").strip()
    told = json.loads(labctl.node(f"cat /var/lib/yitiji/generations/{newest}"))
    assert told["verdict"] == "rolled back" and told["why"]
    assert labctl.node("test -e /var/lib/yitiji/generations/unfinished || echo none").strip() == "none"


def test_site_has_nothing_to_do_on_what_is_back(before, options):
    nothing_changed(run("upgrade-site", before, options))


def test_a_second_way_back_is_refused(before, options):
    done = run("rollback-none", before, options, "rollback")
    assert not done.ok and any("LLM583" in row for row in done.failures()) and done.changes() == [], done.story()
