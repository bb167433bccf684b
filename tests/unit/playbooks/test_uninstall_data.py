# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data goes with the appliance only where each node was named a second time; until then no node is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml

from tests.sizing.common import ROOT

WANTED = "appliance_deployment=appliances\nappliance_profile=lab\n"


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("uninstall_data=true", ["gpu01", "gpu02"]),
        ("uninstall_data=true uninstall_confirm=gpu01", ["gpu02"]),
        ("uninstall_data=true uninstall_confirm=gpu01,gpu02", []),
        ("uninstall_weights=true", []),
    ],
)
def test_data_is_removed_only_where_it_was_confirmed(tmp_path, given, refused):
    inventory = tmp_path / "hosts"
    inventory.write_text("[appliances]\ngpu01\ngpu02\n[all:vars]\nansible_host=127.0.0.1\nansible_port=9\n" + WANTED)
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(inventory)]
    command += ["playbooks/uninstall.yml", "-e", given]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    told = [name for name in ("gpu01", "gpu02") if f"[LLM195] {name}: " in run.stdout + run.stderr]
    assert told == refused and run.returncode == (2 if refused else 4), run.stdout[-3000:] + run.stderr[-1000:]
    assert ("UNREACHABLE" in run.stdout) is not bool(refused)


PLAN = {"model": {"id": "o/m", "path": "/m"}, "nodes": {"gpu01": {"head": True}}}


@pytest.mark.parametrize("given", ["uninstall_data", "uninstall_weights"])
@pytest.mark.parametrize(("limit", "kept", "planned", "removed"), [
    ("gpu01,gpu02", False, ["gpu01", "gpu02"], ["gpu01", "gpu02"]),
    ("gpu02", True, [], ["gpu02"]),  # by the plan of the last run
    ("gpu02", False, [], []),  # nobody knows here which they are; what stays is told at the end
])  # fmt: skip
def test_the_weights_go_with_the_data_also_without_the_head(tmp_path, given, limit, kept, planned, removed):
    """The playbook's own conditions, with its roles replaced by words."""
    play = yaml.safe_load((ROOT / "playbooks/uninstall.yml").read_text(encoding="utf-8"))[1]
    tasks = []
    for task in play["tasks"]:
        if task["name"] in ("Make the plan", "Remove the weights"):
            shown = {"ansible.builtin.debug": {"msg": task["name"] + " of {{ inventory_hostname }}"}}
            tasks.append({"name": task["name"], "when": task["when"], **shown})
            if task["name"] == "Make the plan":
                tasks.append({"name": "It", "ansible.builtin.set_fact": {"appliance_plan": PLAN}, "when": task["when"]})
        elif task["name"].startswith("Take the plan of the last run"):
            tasks.append(task)
    told = {
        "appliance_plan": {},
        "appliance_plan_dir": str(tmp_path),
        "appliance_deployment": "appliances",
        given: True,
    }
    whole = [{"hosts": "appliances", "gather_facts": False, "vars": told, "tasks": tasks}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(whole, sort_keys=False))
    (tmp_path / "hosts").write_text("[appliances]\ngpu01 ansible_connection=local\ngpu02 ansible_connection=local\n")
    if kept:
        (tmp_path / "appliances").mkdir()
        (tmp_path / "appliances/plan.json").write_text(json.dumps(PLAN))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    command = [program, "-i", str(tmp_path / "hosts"), str(tmp_path / "play.yml"), "--limit", limit]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    both = ("gpu01", "gpu02")
    assert [name for name in both if f"Make the plan of {name}" in said] == planned
    assert [name for name in both if f"Remove the weights of {name}" in said] == removed
