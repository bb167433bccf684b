# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback that keeps packed modules: a second run takes them from the first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAY = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {"name": "Look", "ansible.builtin.stat": {"path": "/"}},
            {"name": "Name", "ansible.builtin.debug": {"msg": "{{ 'yitiji' | yitiji.deepseek.bridge_name }}"}},
        ],
    }
]


def run(home: Path) -> subprocess.CompletedProcess[str]:
    play = home / "play.yml"
    play.write_text(yaml.safe_dump(PLAY), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", play]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    env = {**os.environ, "HOME": str(home)}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_second_run_uses_what_the_first_one_packed(tmp_path):
    first = run(tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    (packed,) = (tmp_path / ".cache/yitiji/modules").glob("*/*")
    assert packed.name.startswith("ansible.") and "stat" in packed.name
    second = run(tmp_path)
    assert second.returncode == 0 and second.stdout == first.stdout
    packed.write_bytes(b"not what Ansible packs")
    assert run(tmp_path).returncode != 0, "it is not used"
