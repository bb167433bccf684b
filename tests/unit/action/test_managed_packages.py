# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that checks all roles collects what they want to install, and asks once."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.action import managed_packages

ROOT = Path(__file__).resolve().parents[3]
TOGETHER = {managed_packages.SWITCH: True}


@pytest.fixture
def act(monkeypatch):
    """The action's answer; what reaches the node is marked."""
    monkeypatch.setattr(managed_packages.Normal, "run", lambda *_given: {"on_the_node": True})

    def call(known, **args):
        made = managed_packages.ActionModule(mock.Mock(args=args), *(mock.Mock() for _other in range(5)))
        return made.run(None, known)

    return call


def collected(act, facts, **args):
    return act({**TOGETHER, "ansible_facts": facts}, state="offered", **args)["ansible_facts"]


def test_asks_are_collected(act):
    facts = collected(act, {managed_packages.FACT: ["of another run"]}, owner="site", asks=[])
    facts = collected(act, facts, owner="docker", names=["a"], allow_downgrade=True, latest=True, timeout=5)
    facts = collected(act, facts, owner="gateway", names=["b"])
    docker, gateway = facts[managed_packages.FACT]
    assert docker == {"owner": "docker", "names": ["a"], "allow_downgrade": True, "latest": True}
    assert gateway == {"owner": "gateway", "names": ["b"]}


@pytest.mark.parametrize("known", [None, {}, {managed_packages.SWITCH: False}])
def test_elsewhere_a_role_asks_by_itself(act, known):
    assert act(known, owner="docker", names=["a"], state="offered") == {"on_the_node": True}


@pytest.mark.parametrize("state", ["present", "latest", "absent"])
def test_whatever_else_it_does_reaches_the_node(act, state):
    assert act(TOGETHER, owner="docker", names=["a"], state=state) == {"on_the_node": True}


def asks_for_packages(task) -> bool:
    role = task.get("ansible.builtin.import_role", {}).get("name", "").rpartition(".")[2]
    return any("state: offered" in path.read_text(encoding="utf-8") for path in ROOT.glob(f"roles/{role}/tasks/*.yml"))


def test_the_checks_begin_the_list_before_any_role_and_ask_in_the_end():
    """A refusal of one role must not be lost because nobody asks."""
    (play,) = yaml.safe_load((ROOT / "playbooks/checks.yml").read_text(encoding="utf-8"))
    block = next(task["block"] for task in play["tasks"] if "block" in task)
    asks = [number for number, task in enumerate(block) if "yitiji.deepseek.managed_packages" in task]
    roles = [number for number, task in enumerate(block) if asks_for_packages(task)]
    assert {name: play["vars"].get(name) for name in TOGETHER} == TOGETHER
    assert len(asks) == 2 and asks[0] < min(roles) and max(roles) < asks[1]
    assert block[asks[0]]["yitiji.deepseek.managed_packages"]["asks"] == []
    assert managed_packages.FACT in block[asks[1]]["yitiji.deepseek.managed_packages"]["asks"]
    assert block[asks[1]]["vars"] == {managed_packages.SWITCH: False} and "when" not in block[asks[1]]


LOCKED = {"nodes": {"n1": {"packages": {"docker.io": "20"}}, "n2": {"packages": {"docker.io": "19"}}}}


@pytest.fixture
def asked(monkeypatch):
    """What the module is asked on the node, and the action's answer."""

    def call(known, answer, **args):
        task = mock.Mock(args=args)
        monkeypatch.setattr(managed_packages.Normal, "run", lambda *_given: dict(answer))
        templar = mock.Mock(template=lambda value: value)
        made = managed_packages.ActionModule(task, *(mock.Mock() for _other in range(3)), templar, mock.Mock())
        told = made.run(None, {"inventory_hostname": "n1", "ansible_facts": {}, **known})
        return task.args, told

    return call


@pytest.mark.parametrize("state", ["present", "latest", "offered"])
def test_the_module_is_told_what_is_locked_on_its_node(asked, state):
    args, _told = asked({"appliance_locked": LOCKED}, {}, owner="docker", names=["docker.io"], state=state)
    assert args["locked"] == {"docker.io": "20"} and args["names"] == ["docker.io"]


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"appliance_locked": {}},
        {"appliance_locked": {"nodes": {"n2": LOCKED["nodes"]["n2"]}}},
        {"appliance_locked": LOCKED, "appliance_rules_ignore": [{"id": "LLM594", "reason": "updates at night"}]},
    ],
)
def test_without_a_lock_or_where_it_is_silenced_any_version_will_do(asked, known):
    assert "locked" not in asked(known, {}, owner="docker", names=["docker.io"])[0]


def test_a_removal_asks_nothing_of_the_lock(asked):
    assert "locked" not in asked({"appliance_locked": LOCKED}, {}, owner="docker", state="absent")[0]


def test_versions_are_kept_for_the_lock(asked):
    _args, told = asked({}, {"versions": {"docker.io": "20"}}, owner="docker")
    assert told["ansible_facts"] == {"yitiji_packages_there_docker": {"docker.io": "20"}}
    assert "ansible_facts" not in asked({}, {"versions": {}, "failed": True}, owner="docker")[1]


def test_what_was_there_for_a_part_of_the_run_is_not_kept(asked):
    """nginx, which served weights to the other nodes: the second run would find a node without it changed."""
    _args, told = asked({}, {"removed": ["nginx"]}, owner="weights", state="absent")
    assert told["ansible_facts"] == {"yitiji_packages_there_weights": {"nginx": ""}}
