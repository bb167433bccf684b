# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What serves is compared with the plan, what breaks is refused, and the way back gives the lock what was locked."""

from __future__ import annotations

from unittest import mock

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.yitiji.deepseek.plugins.action import appliance_upgrade as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.nodes import FIRST
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import complete
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import version

from tests.unit.module_utils._lock.a_state import plan

DEBIAN = {"ids": ["debian"], "versions": ["12"], "architecture": "x86_64"}
NODE = {"ansible_facts": {FIRST: {"nginx": "1"}}, "appliance_distribution": DEBIAN}
SERVES = {"n1": {"system": "debian 12 x86_64", "packages": {"nginx": "1", "redis": "7"}}}


def state(**more):
    return {**complete(plan(), version(), SERVES, {}), **more}


def asked(monkeypatch, args, answer, check=False, seen=None, **known):
    made = core.ActionModule(mock.Mock(args=args, async_val=0, check_mode=check), *(mock.MagicMock() for _ in range(5)))

    def execute(_name, given, **_more):
        if seen is not None:
            seen.update(given)
        return dict(answer)

    monkeypatch.setattr(made, "_execute_module", execute)
    return made.run(None, {"inventory_hostname": "n1", "hostvars": {"n1": NODE}, **known})


def judged(monkeypatch, before, nodes=None, **args):
    told = {"number": 1, "state": before, "nodes": plan()["nodes"] if nodes is None else nodes}
    return asked(monkeypatch, {"state": "judged", "plan": plan(), **args}, told)


def test_the_same_is_no_difference_although_the_checks_asked_for_less(monkeypatch):
    found = judged(monkeypatch, state())
    assert found["differences"] == [] and found["breaking"] == [] and "state" not in found and "nodes" not in found


def test_another_engine_is_told(monkeypatch):
    found = judged(monkeypatch, state(engine="vllm 0.13.0"))
    assert [line for line in found["differences"] if line.startswith("engine: vllm 0.13.0 -> ")]


def test_other_arguments_are_one_too(monkeypatch):
    assert judged(monkeypatch, state(), nodes={})["differences"] == ["plan"]


def test_what_breaks_is_refused_until_it_is_accepted(monkeypatch):
    table = [
        {"id": "x", "of": ["collection"], "since": version(), "what": {"en": "e", "zh": "z"}, "source": "https://s"}
    ]
    monkeypatch.setattr(core, "load_breaking", lambda: table)
    with pytest.raises(AnsibleActionFail, match="LLM586"):
        judged(monkeypatch, state(collection="0.0.1"))
    assert judged(monkeypatch, state(collection="0.0.1"), accept=["x"])["breaking"] == ["x"]


def test_a_package_that_would_be_newer_is_a_difference_and_may_break(monkeypatch):
    """What the checks found that would be installed."""
    serves = {"n1": {**SERVES["n1"], "packages": {"docker.io": "26.1.5+dfsg1-9"}}}
    before = complete(plan(), version(), serves, {})
    monkeypatch.setitem(NODE, "ansible_facts", {FIRST: {"docker.io": "29.1.3+dfsg1-2"}})
    with pytest.raises(AnsibleActionFail, match="docker-29"):
        judged(monkeypatch, before)
    (line,) = judged(monkeypatch, before, accept=["docker-29"])["differences"]
    assert "26.1.5+dfsg1-9 -> 29.1.3+dfsg1-2" in line


def test_a_module_that_refuses_is_passed_on(monkeypatch):
    found = asked(monkeypatch, {"state": "back", "lock": "/none"}, {"failed": True, "msg": "LLM583"})
    assert found["failed"] and found["msg"] == "LLM583"


@pytest.mark.parametrize("check", [False, True])
def test_back_gives_the_lock_what_was_locked(monkeypatch, tmp_path, check):
    path = tmp_path / "lock.yml"
    told = {"number": 1, "state": state(engine="vllm 0.13.0"), "plan": plan()}
    asked(monkeypatch, {"state": "back", "lock": str(path)}, told, check)
    assert path.exists() != check
    if not check:
        kept = yaml.safe_load(path.read_text())["deployments"][plan()["deployment"]]
        assert kept["engine"] == "vllm 0.13.0" and kept["nodes"]["n1"]["packages"]["redis"] == "7" and kept["wheels"]


def test_without_a_lock_none_is_made(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    asked(monkeypatch, {"state": "back", "lock": ""}, {"number": 1, "state": state(), "plan": plan()})
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_where_a_path_with_a_tilde_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    told = {"number": 1, "state": state(engine="vllm 0.13.0"), "plan": plan()}
    asked(monkeypatch, {"state": "back", "lock": "~/lock.yml"}, told)
    assert (tmp_path / "lock.yml").exists()


def fact(name, unfinished):
    nodes = {"n1": {"head": True}, "n2": {"head": False}}
    now, then = ({"deployment": "d", "nodes": nodes, "model": model} for model in ("b", "a"))
    return {"ansible_facts": {core.TARGET: {"unfinished": name == unfinished, "now": now, "plan": then}}}


@pytest.mark.parametrize(
    ("own", "unfinished", "wanted"), [("n1", "", None), ("n2", "", "a"), ("n2", "n2", None), ("n1", "n2", "a")]
)
def test_a_node_is_told_where_the_others_go(monkeypatch, own, unfinished, wanted):
    seen, told = {}, {"number": 1, "state": state(), "plan": plan()}
    known = {name: fact(name, unfinished) for name in ("n1", "n2")}
    more = {"inventory_hostname": own, "hostvars": known, "ansible_play_hosts": ["n1", "n2"]}
    asked(monkeypatch, {"state": "back"}, told, seen=seen, **more)
    assert seen["node"] == own and (seen["wanted"] or {}).get("model") == wanted


def test_a_target_is_kept_for_the_others(monkeypatch):
    told = asked(monkeypatch, {"state": "target"}, {"target": {"unfinished": True}})
    assert told["ansible_facts"] == {core.TARGET: {"unfinished": True}}


def test_who_goes_back_because_of_another_says_so(monkeypatch):
    seen, told = {}, {"number": 1, "state": state(), "plan": plan()}
    hosts = {"n1": {}, "n2": {"ansible_failed_result": {"msg": "LLM730 wrong answer"}}, "n3": {}}
    more = {"hostvars": hosts, "ansible_play_hosts_all": ["n1", "n2", "n3"], "ansible_play_hosts": ["n1", "n2"]}
    asked(monkeypatch, {"state": "back", "failed": {}}, told, seen=seen, **more)
    assert seen["failed"]["msg"].startswith("n2: LLM730 wrong answer; ") and "n3" in seen["failed"]["msg"]
    asked(monkeypatch, {"state": "back", "failed": {"msg": "own"}}, told, seen=seen, **more)
    assert seen["failed"] == {"msg": "own"}


def test_another_driver_is_a_difference(monkeypatch):
    driver = {"installed": ["nvidia-open"], "upgraded": [], "version": "580.95.05"}
    assert judged(monkeypatch, state(), driver=driver)["differences"] == ["driver: - -> 580.95.05"]
    found = judged(monkeypatch, state(), driver=driver, loaded="570.86.15", reboot="allowed")
    assert found["differences"] == ["driver: 570.86.15 -> 580.95.05"]
    with pytest.raises(AnsibleActionFail, match="LLM557"):
        judged(monkeypatch, state(), driver=driver, loaded="570.86.15", reboot="never")
    same = judged(monkeypatch, state(), driver=driver, loaded="580.95.05")
    assert same["differences"] == [], "headers of another kernel came along"
    assert judged(monkeypatch, state(), driver={"skipped": True}, loaded="570.86.15")["differences"] == []
