# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second bake of the same input, killed half-way and continued: it differs only in what is listed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import clones
import labctl
import pytest
import sitectl
from conftest import PLAYBOOK, ROOT

COMPARE = ROOT / "tests/disk/compare"


def bake(folder: Path, kill_at: str = "") -> tuple[int, str]:
    """Its status and output; with `kill_at` the controller and its workers die as this task begins."""
    child = subprocess.Popen(
        [PLAYBOOK, "playbooks/bake.yml", "-i", ROOT / "inventories/lab-disk"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "YITIJI_IMAGES": str(folder)},
    )  # fmt: skip
    told = ""
    for line in child.stdout or ():
        told += line
        if kill_at and kill_at in line:
            sitectl.kill_controller()
            kill_at = ""
    return child.wait(timeout=60), told


@pytest.fixture(scope="module")
def again(baked: Any) -> Any:
    """Beside the first one; the packages that were unpacked for that serve this one too."""
    folder = labctl.CACHE / "baked" / f"{os.environ['YITIJI_LAB']}-again"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / "cache").symlink_to(baked.raw.parent / "cache")
    yield folder
    # a bake that failed leaves its machine running
    tree = folder / "demo/tree"
    stop = [ROOT / "lab/python", "-c", clones.RUN, ROOT / ".collections", tree, "yitiji-bake-demo", "stop"]
    subprocess.run([str(word) for word in stop], check=False, timeout=180)
    shutil.rmtree(folder, ignore_errors=True)


def test_killed_in_the_middle(again):
    status, told = bake(again, kill_at="Install Docker")
    assert status == -signal.SIGKILL, told[-2000:]
    assert not (again / "demo.raw").exists()


def test_goes_on(again):
    status, told = bake(again)
    assert status == 0, told[-4000:]
    assert "packages of Debian" not in told, "the tree was made anew"
    assert (again / "demo.raw").exists()


def test_two_bakes_differ_in_what_is_listed(baked, again):
    manifests = [baked.raw.with_name("demo.manifest"), again / "demo.manifest"]
    done = subprocess.run([COMPARE, *manifests], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
