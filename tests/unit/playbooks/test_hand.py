# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's image comes from outside once per deployment: the real tasks of role engine through ansible-playbook.

No node exists: a module of this test stands in for container_image, and what would share only writes a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sizing.common import ROOT

TASKS = ROOT / "roles/engine/tasks"
ID, REF = "sha256:" + "a" * 64, "r.example/x:1"
NODES = {f"n{number}": {"head": number == 1, "address": f"10.0.0.{number}"} for number in (1, 2, 3)}
PLAN = {"deployment": "three", "provision": {"role": "engine"}, "image": {"ref": REF, "id": "sha256:planned"}}
IMAGE = """
import json, os
from ansible.module_utils.basic import AnsibleModule
names = ("ref", "id", "digest", "archives", "timeout", "save", "neighbour")
module = AnsibleModule({name: {"type": "raw"} for name in names}, supports_check_mode=True)
asked, folder = module.params, os.environ["STAND_IN"]
who = "head" if asked["save"] else "other"
told = {"image": who, "of": asked["ref"], "within": asked["timeout"], "from": asked["neighbour"]}
with open(folder + "/log", "a") as log:
    log.write(json.dumps(told) + "\\n")
if os.path.exists(folder + "/fails-" + who):
    module.fail_json(msg="no image")
saved = bool(asked["save"]) and not os.path.exists(folder + "/full")
module.exit_json(changed=True, id=os.environ["STAND_IN_ID"], saved=saved)
"""
LINE = """
- name: Write a line
  ansible.builtin.shell: "echo '{{ told | to_json }}' >> {{ folder }}/log"
  vars:
    told:
      HOW: "{{ inventory_hostname }}"
      serves: "{{ __weights_share_serves | default('') }}"
      folder: "{{ weights_dest | default('') }}"
      allow: "{{ (__weights_share | default({})).allow | default([]) }}"
"""
SHOWN = """
- name: Show
  ansible.builtin.debug: {msg: "{{ inventory_hostname }} runs {{ __engine_image.id | default('none') }}"}
"""


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "library").mkdir()
        (folder / "library/stand_in.py").write_text(IMAGE)
        for name in ("share", "unshare", "left"):
            (folder / f"{name}.yml").write_text(LINE.replace("HOW", name))
        hand = (TASKS / "hand.yml").read_text().replace("yitiji.deepseek.container_image", "stand_in")
        for name in ("share", "unshare"):
            role = f"include_role: {{name: yitiji.deepseek.weights, tasks_from: {name}}}"
            assert hand.count(role) == 1
            hand = hand.replace(role, f"include_tasks: {name}.yml")
        assert hand.count("yitiji.deepseek.managed_files:") == 1
        hand = hand.replace("yitiji.deepseek.managed_files:", "ansible.builtin.debug:").replace("absent:", "msg:")
        (folder / "hand.yml").write_text(hand)

    def run(self, looks: dict[str, str], *flags: str, **given: Any) -> subprocess.CompletedProcess[str]:
        """As role engine does after the checks, with where each node would bring the image from."""
        (self.folder / "log").write_text("")
        prepare = yaml.safe_load((TASKS / "prepare.yml").read_text())
        clears, hands, whole = prepare[-3:]
        role = {"name": "yitiji.deepseek.weights", "tasks_from": "left"}
        assert clears.pop("ansible.builtin.include_role") == role
        clears["ansible.builtin.include_tasks"] = "left.yml"
        assert hands["ansible.builtin.include_tasks"] == "hand.yml" and whole["yitiji.deepseek.require"]
        (alone,) = (step for step in prepare[0]["yitiji.deepseek.together"]["steps"] if step.get("register") == "image")
        steps = [
            {"ansible.builtin.include_vars": str(ROOT / "roles/engine/vars/main.yml")},
            {"ansible.builtin.set_fact": {"__engine_look": {"source": "{{ looks[inventory_hostname] }}"}}},
            {"stand_in": "{{ __engine_wanted }}", "when": alone["when"].strip("{} "), "register": "alone"},
            clears,
            *([hands, whole] if not given.get("again") else [hands, hands, whole]),
            *yaml.safe_load(SHOWN),
        ]
        (self.folder / "book.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": steps}]))
        hosts = {name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable} for name in looks}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        variables = {
            "engine_plan": {**PLAN, "nodes": {name: NODES[name] for name in looks}}, "engine_image_archives": [],
            "engine_image_timeout": 77, "engine_cache_dir": "/var/cache/x", "weights_share": True,
            "weights_share_port": 8810, "looks": looks, "folder": str(self.folder), **given,
        }  # fmt: skip
        playbook = Path(sys.executable).with_name("ansible-playbook")
        return subprocess.run(
            [playbook, "book.yml", "-i", "hosts.yml", "-e", json.dumps(variables), *flags],
            cwd=self.folder, capture_output=True, text=True, timeout=240, check=False,
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
                 "STAND_IN": str(self.folder), "STAND_IN_ID": ID},
        )  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def brought(self) -> list[str]:
        """By whom, and from where."""
        rows = [row for row in self.lines() if "image" in row]
        return [row["image"] + (" from a neighbour" if row["from"] else "") for row in rows]

    def shared(self, how: str) -> list[str]:
        return sorted(row[how] for row in self.lines() if how in row)


def test_an_upgrade_opens_no_firewall_while_the_old_one_serves():
    """Before the block that goes back, the firewall is not the new plan's."""
    prepare = yaml.safe_load((ROOT / "playbooks/tasks/prepare.yml").read_text())
    includes = {task["ansible.builtin.include_role"]["name"]: task for task in prepare if not task.get("when")
                and "ansible.builtin.include_role" in task}  # fmt: skip
    assert {name.rpartition(".")[2] for name in includes} == {"weights", "engine"}
    assert all(task["vars"] == {"__weights_share_opens": False} for task in includes.values())
    opens = yaml.safe_load((ROOT / "roles/weights/tasks/share.yml").read_text())[0]
    assert opens["ansible.builtin.include_role"]["name"] == "yitiji.deepseek.firewall"
    assert "__weights_share_opens | bool" in opens["when"].split(" and ")
    assert yaml.safe_load((ROOT / "roles/weights/vars/main.yml").read_text())["__weights_share_opens"] is True


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_the_head_brings_it_and_the_others_take_it(site):
    done = site.run({"n1": REF, "n2": REF, "n3": REF})
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.brought() == ["head", "other from a neighbour", "other from a neighbour"]
    rows = site.lines()
    keys = yaml.safe_load((ROOT / "roles/weights/vars/main.yml").read_text())["__weights_share_keys"]
    assert rows[-3]["unshare"] and [row["from"] for row in rows if row.get("from")] == [
        {"url": "https://10.0.0.1:8810/image.tar", "id": ID, "identity": f"{keys}/identity.pem",
         "peers": f"{keys}/peers.pem"}
    ] * 2  # fmt: skip
    assert {(row["of"], int(row["within"])) for row in rows if "image" in row} == {(REF, 77)}
    shares = {row["share"]: row for row in rows if "share" in row}
    assert {name: row["serves"] for name, row in shares.items()} == {"n1": True, "n2": False, "n3": False}
    assert shares["n1"]["allow"] == ["10.0.0.2", "10.0.0.3"] and shares["n1"]["folder"] == "/var/cache/x/handed"
    assert site.shared("unshare") == ["n1", "n2", "n3"]
    assert all(f"{name} runs {ID}" in done.stdout for name in NODES)


@pytest.mark.parametrize(
    ("standing", "left"),
    [({"share": {"stat": {"exists": True}}}, True), ({"share": {"stat": {"exists": False}}}, False), (None, False)],
)
def test_a_killed_hand_over_is_cleaned_up_without_role_weights(site, standing, left):
    given = {"__weights_standing": standing} if standing else {}
    done = site.run({"n1": "node", "n2": "node"}, **given)
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.shared("left") == (["n1", "n2"] if left else [])
    if left:
        done = site.run({"n1": REF, "n2": REF}, **given)
        assert done.returncode == 0 and site.shared("left") == [], done.stdout[-3000:]


def test_a_node_that_has_it_takes_no_part(site):
    done = site.run({"n1": "node", "n2": "node", "n3": REF}, again=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert sorted(site.brought()) == ["head", "other", "other from a neighbour"], "once, though it is asked for twice"
    assert site.shared("share") == site.shared("unshare") == ["n1", "n3"]


@pytest.mark.parametrize(
    ("looks", "given"),
    [
        ({"n1": "node", "n2": "node", "n3": "node"}, {}),
        ({"n1": REF, "n2": "node"}, {}),
        ({"n1": REF}, {}),
        ({"n1": REF, "n2": REF}, {"weights_share": False}),
        ({"n1": REF, "n2": REF}, {"engine_plan": {**PLAN, "provision": {"role": "ollama"}, "nodes": NODES}}),
    ],
    ids=["everywhere", "the head alone lacks it", "one node", "switched off", "no container"],
)
def test_nothing_is_shared(site, looks, given):
    done = site.run(looks, **given)
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.shared("share") == site.shared("unshare") == []
    assert site.brought() == ([] if "engine_plan" in given else ["other"] * len(looks)), (
        "each by itself, as it always was"
    )


def test_without_room_on_the_head_each_brings_it_by_itself(site):
    (site.folder / "full").touch()
    done = site.run({"n1": REF, "n2": REF})
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.brought() == ["head", "other"] and site.shared("share") == site.shared("unshare") == []


def test_check_mode_says_from_where_and_shares_nothing(site):
    done = site.run({"n1": REF, "n2": REF}, "--check")
    assert done.returncode == 0, done.stdout[-3000:]
    assert site.brought() == ["head", "other from a neighbour"] and site.shared("share") == site.shared("unshare") == []


def test_without_the_heads_image_the_others_do_not_go_outside(site):
    (site.folder / "fails-head").touch()
    done = site.run({"n1": REF, "n2": REF})
    assert done.returncode != 0 and site.brought() == ["head"] and site.shared("share") == []
    assert "LLM599" in done.stdout and "n2 runs" not in done.stdout


def test_sharing_ends_where_a_node_fails(site):
    (site.folder / "fails-other").touch()
    done = site.run({"n1": REF, "n2": REF})
    assert done.returncode != 0 and site.shared("unshare") == ["n1", "n2"]
    assert "LLM599" in done.stdout and "n1 runs" not in done.stdout
