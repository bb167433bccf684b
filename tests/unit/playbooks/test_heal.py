# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smaller plan in the middle of a run, through ansible-playbook: no node exists, and none is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.sizing.common import ROOT

SAID = {"kind": "graphs", "tried_gib": 2.0, "free_gib": 0.2, "total_gib": 95.2, "line": "CUDA out of memory"}
# What role engine finds after its wait; the modules themselves need a node.
ENDED = {
    "status": "ended",
    "refusal": {"rule": "LLM312", "host": "n1", **{key: {"en": "ended", "zh": "退出"} for key in ("reason", "remedy")}},
    "evidence": ["the last line"],
}


def play(folder: Path, inventory: str, tasks: list, **variables) -> subprocess.CompletedProcess:
    book = folder / "book.yml"
    book.write_text(yaml.safe_dump([{"hosts": "appliances", "gather_facts": False, "tasks": tasks}]))
    playbook = Path(sys.executable).with_name("ansible-playbook")
    extra = json.dumps({"appliance_plan_dir": str(folder / "plans"), **variables})
    return subprocess.run(
        [playbook, book, "-i", f"inventories/{inventory}", "-e", extra],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip


def role(name: str, entry: str, **variables) -> dict:
    task = {"name": entry, "ansible.builtin.include_role": {"name": f"yitiji.deepseek.{name}", "tasks_from": entry}}
    return {**task, "vars": variables} if variables else task


@pytest.fixture
def hosts() -> list[str]:
    found = yaml.safe_load((ROOT / "inventories/flagship/hosts.yml").read_text())
    names: list[str] = []

    def look(part):
        for key, value in (part or {}).items():
            names.extend(value or {}) if key == "hosts" else look(value) if isinstance(value, dict) else None

    look(found)
    return [name for name in names if name != "localhost"]


def test_the_smaller_plan_is_kept_and_made_again(tmp_path, hosts):
    head, other = hosts[:2]
    said = {head: {}, other: {"yitiji-vllm": SAID}}
    offline, heal = role("appliance", "offline"), role("appliance", "heal", appliance_ended=said)
    done = play(tmp_path, "flagship", [offline, heal])
    assert done.returncode == 0, done.stdout
    assert "LLM580" in done.stdout and "上次启动" in done.stdout and "an earlier start" in done.stdout
    (path,) = (tmp_path / "plans").glob("*/plan.json")
    plan, rows = json.loads(path.read_text()), json.loads((tmp_path / "plans/calibration.json").read_text())
    assert [row["kind"] for row in rows] == ["ended"] and rows[0]["said"] == SAID
    shares = {unit["args"][unit["args"].index("--gpu-memory-utilization") + 1]
              for node in plan["nodes"].values() for unit in node["units"]}  # fmt: skip
    assert len(plan["nodes"]) == 2 and shares == {"0.9"}, "both nodes get the new plan"
    again = play(tmp_path, "flagship", [offline])
    assert again.returncode == 0 and "LLM580" in again.stdout
    assert "changed=0" in again.stdout.partition("PLAY RECAP")[2].splitlines()[1]


def test_a_refusal_keeps_the_plan_and_learns_nothing(tmp_path, hosts):
    said = {hosts[0]: {"yitiji-vllm": {**SAID, "kind": "load"}}}
    done = play(tmp_path, "flagship", [role("appliance", "offline"), role("appliance", "heal", appliance_ended=said)])
    assert done.returncode != 0 and "LLM581" in done.stdout and "97" in done.stdout
    (path,) = (tmp_path / "plans").glob("*/plan.json")
    assert "LLM580" not in path.read_text() and not (tmp_path / "plans/calibration.json").exists()


@pytest.mark.parametrize(
    ("waited", "ends", "expected"),
    [
        ([ENDED], {"yitiji-vllm": SAID}, "ended 1 short True"),
        ([ENDED], {}, "ended 1 short False"),
        ([{"status": "ready"}], {}, "ended 0 short False"),
        ([{"status": "skipped"}], {}, "ended 0 short False"),
        ([], {}, "ended 0 short False"),
    ],
    ids=str,
)
def test_what_role_engine_makes_of_it(tmp_path, hosts, waited, ends, expected):
    """The head alone waits; what it waited for is known to all, and so is what any rank said."""
    head, other = hosts[:2]
    facts = [
        {
            "ansible.builtin.set_fact": {"__engine_waited": {"results": waited}},
            "when": f"inventory_hostname == '{head}'",
        },
        {"ansible.builtin.set_fact": {"__engine_ends": {"ended": ends}}, "when": f"inventory_hostname == '{other}'"},
        {"ansible.builtin.set_fact": {"__engine_ends": {"ended": {}}}, "when": f"inventory_hostname != '{other}'"},
    ]
    shown = "ended {{ __engine_ended | length }} short {{ __engine_short }} heals {{ __engine_heals }}"
    look = [
        {"ansible.builtin.include_vars": str(ROOT / "roles/engine/vars/main.yml")},
        {"ansible.builtin.debug": {"msg": shown}, "vars": {"engine_plan": "{{ appliance_plan }}", "engine_heal": True}},
    ]
    done = play(tmp_path, "flagship", [role("appliance", "offline"), *facts, *look])
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(f"{expected} heals True") == len(hosts), done.stdout[-1500:]
