# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With callback `once` a template sees what it saw before, and what it adds is seen by nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLAY = """
- hosts: all
  gather_facts: false
  vars: {given: {list: [1, 2]}, nested: "{{ given.list | length }}"}
  tasks:
    - name: Render
      ansible.builtin.copy:
        content: "{{ lookup('ansible.builtin.template', 'x.j2', template_vars={'more': 3}) }} {{ more | default('-') }}"
        dest: "{{ playbook_dir }}/made"
        mode: "0644"
"""
SHALLOW = """
import sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[1]])
from ansible_collections.yitiji.deepseek.plugins.callback import once
once.load_filters()
once.copy_shallow()
copied = once.lookup_loader.get("ansible.builtin.template", class_only=True)
copy = sys.modules[copied.__module__].deepcopy
inner = {"a": []}
assert copy({"x": inner})["x"] is inner and copy({"x": inner}) is not copy({"x": inner})
assert copy([inner])[0] is not inner, "anything else as before"
import gc
read = [[] for _ in range(1000)]
once.CallbackModule().v2_playbook_on_play_start(None)
assert gc.get_freeze_count() > 1000 and not any(part is read for part in gc.get_objects()), "no collection looks at it"
"""


def test_a_template_is_rendered_as_before(tmp_path):
    (tmp_path / "x.j2").write_text("{{ nested }} {{ more }}", encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local"]
    command += [tmp_path / "play.yml", "-e", f"ansible_python_interpreter={sys.executable}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "made").read_text(encoding="utf-8") == "2 3 -"


def test_the_list_alone_is_copied():
    words = [sys.executable, "-c", SHALLOW, ROOT / ".collections"]
    done = subprocess.run(words, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
