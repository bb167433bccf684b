# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bake that was interrupted continues, until the tree is sealed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.tree import Tree, key, make, seal, stands

ROOT = Path(__file__).resolve().parents[4]


def standing(folder: Path) -> Tree:
    """A tree as `make` leaves it."""
    tree = Tree(str(folder / "tree"), str(folder), "trixie", ["a"], ["deb x"], 1)
    assert not stands(tree)
    (folder / "tree").mkdir()
    (folder / "tree.json").write_text(json.dumps({"key": key(tree), "stage": "made"}))
    return tree


def test_a_bake_goes_on_until_it_is_sealed(tmp_path):
    tree = standing(tmp_path)
    assert stands(tree) and not stands(tree._replace(packages=["b"]))
    assert make(tree, print) == "kept"
    assert seal(tree.path, write=False) and stands(tree)
    assert seal(tree.path) and not stands(tree)
    assert not seal(tree.path)


def test_the_role_seals_it_the_same_way(tmp_path):
    tree = standing(tmp_path)
    tasks = ROOT / "roles/disk_image/tasks/seal.yml"
    play = [{"name": "Seal", "hosts": "localhost", "gather_facts": False, "vars": {"__disk_image_tree": tree.path},
             "tasks": [{"name": "As the role does", "ansible.builtin.import_tasks": str(tasks)}]}]  # fmt: skip
    (tmp_path / "play.yml").write_text(json.dumps(play))
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local"]
    command += [tmp_path / "play.yml", "--start-at-task", "Remember that the tree is sealed"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert not stands(tree)
    assert json.loads((tmp_path / "tree.json").read_text()) == {"key": key(tree), "stage": "sealed"}
