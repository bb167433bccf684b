# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit and a level of compliance have their readers in one group, which the last of the two takes away.

The roles' own tasks are run here with other files and, so that this machine keeps its groups, without removing one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any, Iterator

import pytest
import yaml

from tests.sizing.common import ROOT

FILES = {"audit": "roles/gateway/tasks/beside.yml", "compliance": "roles/compliance/tasks/uninstall.yml"}
OWN = {"audit": "__gateway_audit_config", "compliance": "__compliance_sudoers"}


def every(rows: Any) -> Iterator[dict]:
    for row in rows:
        yield row
        yield from every(row.get("block", []))
        yield from every(row.get("yitiji.deepseek.together", {}).get("steps", []))


def leaving(role: str) -> list[dict]:
    """What the role does about the group when it goes, and then the file by which it is known is gone."""
    tasks = list(every(yaml.safe_load((ROOT / FILES[role]).read_text(encoding="utf-8"))))
    look = [task for task in tasks if "ansible.builtin.stat" in task and "auditors" in json.dumps(task)]
    remove = [task for task in tasks if "audit" in json.dumps(task.get("ansible.builtin.group", ""))]
    assert len(look) == len(remove) == 1
    remove = [{**task, "when": re.sub(r"[{}]", "", str(task["when"])), "check_mode": True} for task in remove]
    gone = {"ansible.builtin.file": {"path": f"{{{{ {OWN[role]} }}}}", "state": "absent"}}
    return [*look, *remove, gone]


def removed(tmp_path, *roles: str) -> list[bool]:
    """Whether the group went, each time that one of these roles left; both were there."""
    auditors = {"group": "daemon", **{role: str(tmp_path / role) for role in FILES}}
    for role in FILES:
        (tmp_path / role).touch()
    own = {name: auditors[role] for role, name in OWN.items()}
    tasks = [task for role in roles for task in leaving(role)]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"__appliance_auditors": auditors, "__gateway_audit_group": auditors["group"], **own}
    play["vars"]["ansible_python_interpreter"] = sys.executable
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", "localhost,", "-c", "local"]
    run = subprocess.run(
        [*command, tmp_path / "play.yml"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    return [
        told == "changed" for told in re.findall(r"^TASK \[Remove the group.*\n(changed|skipping):", run.stdout, re.M)
    ]


@pytest.mark.parametrize("order", [("audit", "compliance"), ("compliance", "audit")])
def test_the_last_of_the_two_takes_the_group_away(tmp_path, order):
    assert removed(tmp_path, *order) == [False, True]


@pytest.mark.parametrize("role", sorted(FILES))
def test_one_that_goes_twice_leaves_it_to_the_other(tmp_path, role):
    assert removed(tmp_path, role, role) == [False, False]
