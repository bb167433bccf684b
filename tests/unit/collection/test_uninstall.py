# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role can be removed without a plan: its `uninstall` takes no default from one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.programs import PROGRAMS

ROOT = Path(__file__).resolve().parents[3]
OF_A_DEPLOYMENT = {"appliance", "weights"}  # what they remove is named in its inventory or its plan
ROLES = sorted({p.parent.parent.name for p in ROOT.glob("roles/*/tasks/uninstall.yml")} - OF_A_DEPLOYMENT)
# Only the check of the arguments bears the tag `always`: with a tag nobody has, nothing else runs.
PLAY = """
- name: Arguments of every uninstall
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Remove
      ansible.builtin.include_role:
        name: "yitiji.deepseek.{{ part }}"
        tasks_from: uninstall
      tags: always
      loop: {{ roles }}
      loop_control: {loop_var: part}
"""


def test_every_uninstall_takes_its_arguments_without_a_plan(tmp_path):
    play = tmp_path / "play.yml"
    play.write_text(PLAY.replace("{{ roles }}", str(ROLES)), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", play]
    command += ["--tags", "nobody_has_this"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert run.stdout.count("Validating arguments against arg spec 'uninstall'") == len(ROLES)


def removals(tasks: Path):
    """Paths that `file` removes, with the role's own variables in place."""
    variables = tasks.parent.parent / "vars/main.yml"
    here = yaml.safe_load(variables.read_text(encoding="utf-8")) if variables.exists() else {}
    for task in yaml.safe_load(tasks.read_text(encoding="utf-8")) or []:
        wanted = task.get("ansible.builtin.file") or {}
        if wanted.get("state") != "absent":
            continue
        for path in [wanted["path"], *(task["loop"] if isinstance(task.get("loop"), list) else [])]:
            name, _, how = path.strip("{} ").partition(" | ")
            value = str(here.get(name, path))
            yield os.path.dirname(value) if how == "dirname" else value


def test_no_role_removes_the_folder_of_others_programs():
    shared = {os.path.dirname(program.path) for program in PROGRAMS.values()}
    found = [
        str(tasks.relative_to(ROOT)) for tasks in ROOT.glob("roles/*/tasks/*.yml") if shared & set(removals(tasks))
    ]
    assert found == []
