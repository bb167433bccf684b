# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes of one deployment go back together: the tasks of `playbooks/tasks/back.yml` that change a node, on two
bare ones with generations that are written here. No engine runs; what is shown is who goes where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import labctl
import pytest
import yaml

NODES = {"pair1": "71", "pair2": "72"}
KEPT = "/var/lib/yitiji/generations"


def plan(model: str, page: str = "1") -> dict[str, Any]:
    nodes = {name: {"head": name == "pair1", "units": []} for name in NODES}
    return {"deployment": "pair", "engine": {"name": "vllm", "version": "0.32.0"}, "chat": {"image": page},
            "model": {"served_name": model, "stamp": "/"}, "models_beside": [], "nodes": nodes}  # fmt: skip


def keeps(node: str, *made: tuple[str, str]) -> None:
    """Generations of these models and pages, the newest last."""
    labctl.node(f"rm -rf {KEPT}; mkdir -p -m 0700 {KEPT}", node)
    files = {}
    for number, (model, page) in enumerate(made, 1):
        state = {"collection": "1", "engine": "vllm 0.32.0", "images": {}, "models": {}, "nodes": {}}
        row = {"number": number, "of": number, "at": number, "by": "a", "verdict": "converged", "digest": model + page,
               "files": {}, "images": {}, "state": state, "plan": plan(model, page)}  # fmt: skip
        files[f"{number}.json"] = json.dumps(row).encode()
    labctl.put(node, "root", files)
    labctl.node(f"mv /root/*.json {KEPT}/", node)


def newest(node: str) -> tuple[int, str, str, str]:
    """Its number, model, page and verdict."""
    row = json.loads(labctl.node(f"cat {KEPT}/$(ls {KEPT} | grep json | sort -n | tail -1)", node))
    return row["number"], row["plan"]["model"]["served_name"], row["plan"]["chat"]["image"], row["verdict"]


@pytest.fixture(scope="module")
def back(tmp_path_factory):
    """Runs it; with `over` also what says that everything was asked."""
    for name, octet in NODES.items():
        labctl.clean_node(name, octet, "trixie")
    folder = tmp_path_factory.mktemp("pair")
    hosts = {name: {"ansible_host": f"10.77.0.{octet}"} for name, octet in NODES.items()}
    inventory = {"all": {"children": {"appliances": {"children": {"pair": {"hosts": hosts}}}}}}
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
    (folder / "group_vars").symlink_to(labctl.ROOT / "inventories/lab/group_vars")
    tasks = yaml.safe_load((labctl.ROOT / "playbooks/tasks/back.yml").read_text(encoding="utf-8"))
    ours = [task for task in tasks if "yitiji.deepseek.appliance_upgrade" in task]
    assert [task["yitiji.deepseek.appliance_upgrade"]["state"] for task in ours] == ["target", "back", "back", "done"]

    def run(over: bool = True) -> tuple[int, str]:
        play = {
            "hosts": "appliances", "gather_facts": False, "any_errors_fatal": True,
            "roles": [{"role": "yitiji.deepseek.shared_variables"}], "tasks": ours if over else ours[:-1],
            "vars": {"__back_failed": {}, "backup_dir": "/srv/backups", "open_webui_admin_email": "a@example.org"},
        }  # fmt: skip
        path = folder / "back.yml"
        path.write_text(yaml.safe_dump([play], sort_keys=False))
        program = Path(sys.executable).with_name("ansible-playbook")
        done = subprocess.run(
            [program, path, "-i", folder / "hosts.yml"], cwd=labctl.ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "ANSIBLE_CONFIG": str(labctl.ROOT / "ansible.cfg")}, timeout=300,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    yield run
    for name in NODES:
        labctl.lab("down", name)


def test_both_go_to_the_same(back):
    for name in NODES:
        keeps(name, ("a", "1"), ("b", "1"))
    rc, said = back()
    assert rc == 0, said
    assert [newest(name) for name in NODES] == [(3, "a", "1", "rolled back")] * 2


def test_a_page_of_the_head_alone_takes_no_other_back(back):
    keeps("pair1", ("a", "1"), ("b", "1"), ("b", "2"))
    keeps("pair2", ("a", "1"), ("b", "1"))
    rc, said = back()
    assert rc == 0, said
    assert newest("pair1") == (4, "b", "1", "rolled back") and newest("pair2") == (2, "b", "1", "converged")


def test_repeated_before_it_was_asked_it_goes_no_further(back):
    for name in NODES:
        keeps(name, ("a", "1"), ("b", "1"))
        labctl.node(f"echo 2 >{KEPT}/unfinished", name)
    for over in (False, False, True):
        rc, said = back(over)
        assert rc == 0, said
        assert [newest(name) for name in NODES] == [(3, "b", "1", "rolled back")] * 2
    assert labctl.node(f"ls {KEPT}/unfinished || true", "pair1").strip() == ""


def test_who_did_not_arrive_is_brought_back_alone(back):
    keeps("pair1", ("a", "1"), ("b", "1"))
    keeps("pair2", ("a", "1"), ("b", "1"))
    labctl.node(f"echo 2 >{KEPT}/unfinished", "pair2")
    rc, said = back()
    assert rc == 0, said
    assert newest("pair1") == (2, "b", "1", "converged") and newest("pair2") == (3, "b", "1", "rolled back")


def test_where_one_can_t_none_does(back):
    keeps("pair1", ("a", "1"), ("b", "1"))
    keeps("pair2", ("b", "1"))
    rc, said = back()
    assert rc and "LLM583" in said, said
    assert newest("pair1") == (2, "b", "1", "converged") and newest("pair2") == (1, "b", "1", "converged")
    assert labctl.node(f"ls {KEPT}/unfinished || true", "pair1").strip() == ""
