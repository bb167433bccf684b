# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that fails or dies while site.yml changes things ends its own deployment; others are finished, verified."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.sizing.common import ROOT

SITE = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
PROVISION, VERIFY = SITE[1], SITE[2]
INVENTORY = {
    "appliances": {
        "children": {
            "east": {
                "hosts": {"east1": {"row": {"head": True}}, "east2": {"row": {"head": False}}},
                "vars": {"appliance_deployment": "east"},
            },
            "west": {
                "hosts": {"west1": {"row": {"head": True}}, "west2": {"row": {"head": False}}},
                "vars": {"appliance_deployment": "west"},
            },
        },
        "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
    }
}


# What a look at a node says of the way to it.
WELL = {"ok": True}
AWAY = {"ok": False, "reason": {"zh": "没有应答", "en": "no answer"}, "remedy": {"zh": "开机", "en": "power it on"}}
LOCK = "appliance"  # the role whose entry writes the lock, after all phases


# Nobody listens there: what a node without power looks like.
DEAD = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}


def phase(name: str, **more: object) -> dict:
    return {"name": name, "ansible.builtin.debug": {"msg": f"{name} on {{{{ inventory_hostname }}}}"}, **more}


def judging(sick: str) -> list[dict]:
    """Role preflight's verify.yml, with a look at the nodes that finds one away."""
    _look, *judge = yaml.safe_load((ROOT / "roles/preflight/tasks/verify.yml").read_text(encoding="utf-8"))
    away = {"measures": {"reach": AWAY}, "node": {}, "plan": {}, "settings": {}}
    look = {"__preflight_seen": away | {"measures": {"reach": WELL}}}
    titles = {
        "preflight_fail": True,
        "preflight_show_all": False,
        "__preflight_titles": {"post": {"zh": "查", "en": "t"}},
    }
    told = {**titles, "appliance_language": "en", "preflight_plan": "{{ appliance_plan }}"}
    return [
        {"name": "Look", "ansible.builtin.set_fact": look},
        {
            "name": "Away",
            "ansible.builtin.set_fact": {"__preflight_seen": away},
            "when": f"inventory_hostname == '{sick}'",
        },
        *({**task, "vars": told} for task in judge),
    ]


@pytest.fixture
def run(tmp_path):
    """With the tasks of site.yml that keep a deployment together, between phases that only say so."""

    def ran(falls: str, *words: str, dies: bool = False, sick: str = "") -> tuple[int, str]:
        where, _at, host = falls.partition("@")
        rows = "groups[appliance_deployment] | map('extract', hostvars, 'row')"
        nodes = f"{{{{ dict(groups[appliance_deployment] | zip({rows})) }}}}"
        tasks = [
            {"name": "Plan", "ansible.builtin.set_fact": {"appliance_plan": {"nodes": nodes}}},
        ]
        for task in [*PROVISION["tasks"], *PROVISION["post_tasks"]]:
            name = task.get("ansible.builtin.import_role", {}).get("name", "").rpartition(".")[2] or task["name"]
            if "ansible.builtin.import_tasks" in task:
                whole = str(ROOT / "playbooks" / task["ansible.builtin.import_tasks"])
                tasks.append({"name": "Whole", "ansible.builtin.import_tasks": whole, "vars": task.get("vars", {})})
            elif name == where:
                end = (
                    {"ansible.builtin.ping": None, "vars": DEAD}
                    if dies
                    else {"ansible.builtin.fail": {"msg": "broken"}}
                )
                tasks.append({"name": name, **end, "when": f"inventory_hostname == '{host}'"})
                tasks.append(phase(name))
            else:
                tasks.append(phase(name))
        head = {key: PROVISION[key] for key in PROVISION if key in ("any_errors_fatal", "strategy", "serial")}
        plays = [{"hosts": "appliances", "gather_facts": False, **head, "tasks": tasks}]
        after = {key: VERIFY[key] for key in VERIFY if key in ("any_errors_fatal", "strategy", "serial")}
        judged = [*judging(sick), phase("verify")]
        plays.append({"hosts": "appliances", "gather_facts": False, **after, "tasks": judged})
        (tmp_path / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
        program = Path(sys.executable).with_name("ansible-playbook")
        done = subprocess.run(
            [program, "-i", tmp_path / "hosts.yml", tmp_path / "play.yml", *words],
            cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120,
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return ran


def reached(said: str, name: str) -> list[str]:
    return [host for host in ("east1", "east2", "west1", "west2") if f"{name} on {host}" in said]


def test_all_go_through_where_none_fails(run):
    code, said = run("nothing@nobody")
    assert code == 0, said
    for name in ("engine", "gateway", LOCK, "verify"):
        assert reached(said, name) == ["east1", "east2", "west1", "west2"], name


@pytest.mark.parametrize("falls", ["host_tuning", "weights"])
def test_before_the_engine(run, falls):
    """Its peer still fetches what it will need, and starts nothing."""
    code, said = run(f"{falls}@east2")
    assert code == 2 and "[LLM599] east1" in said, said
    assert reached(said, "weights") == ["east1", "west1", "west2"]
    for name in ("engine", "gateway", LOCK, "verify"):
        assert reached(said, name) == ["west1", "west2"], name


def test_the_engine_and_what_comes_later(run):
    code, said = run("engine@west1")
    assert code == 2 and "[LLM599] west2" in said, said
    assert reached(said, "gateway") == reached(said, "verify") == ["east1", "east2"]
    code, said = run("open_webui@west1")
    assert code == 2 and reached(said, "doctor") == ["east1", "east2", "west2"], said
    assert reached(said, LOCK) == reached(said, "verify") == ["east1", "east2"]


def test_a_node_that_is_left_out_did_not_fail(run):
    code, said = run("nothing@nobody", "--limit", "east1,west1")
    assert code == 0 and reached(said, "verify") == ["east1", "west1"], said


@pytest.mark.parametrize("falls", ["weights@east2", "engine@east1"])
def test_a_node_that_dies(run, falls):
    """Its deployment ends there; the other one is served, and the run says so by its status."""
    code, said = run(falls, dies=True)
    assert code == 4 and "UNREACHABLE" in said, said
    other = "east1" if falls.endswith("2") else "east2"
    assert f"[LLM599] {other}" in said, said
    for name in ("gateway", LOCK, "verify"):
        assert reached(said, name) == ["west1", "west2"], name


def test_a_dead_node_of_a_fleet_is_left_out_and_nobody_asks_it(run):
    code, said = run("weights@east2", "--limit", "!east2", dies=True)
    assert code == 0 and "UNREACHABLE" not in said, said
    assert reached(said, "verify") == ["east1", "west1", "west2"]


@pytest.mark.parametrize("falls", ["host_tuning@east1", "docker@west1"])
def test_without_the_head_nobody_fetches(run, falls):
    """Each of the others would fetch the whole model for a deployment that ends before the engine."""
    code, said = run(falls)
    own = falls.partition("@")[2][:4]
    other = {"east": "west", "west": "east"}[own]
    assert code == 2 and f"[LLM599] {own}2" in said, said
    assert reached(said, "weights") == reached(said, "verify") == [f"{other}1", f"{other}2"]


def test_a_node_that_is_not_well_at_the_end(run):
    """The others are asked, and what the run left is kept, whichever node comes first in the inventory."""
    code, said = run("nothing@nobody", sick="west2")
    assert code == 2 and "[LLM107] west2" in said, said
    assert reached(said, "verify") == ["east1", "east2"], said
