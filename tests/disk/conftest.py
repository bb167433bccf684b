# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bake for all tests; YITIJI_BAKED=1 uses the image that stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
import clones
import labctl

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")


class Baked(NamedTuple):
    raw: Path
    tree: Path
    values: dict[str, str]  # what made the machine itself while it was baked
    output: str


def play(*words: str) -> subprocess.CompletedProcess[str]:
    command = [PLAYBOOK, *words, "-i", ROOT / "inventories/lab-disk"]
    return subprocess.run(
        [str(w) for w in command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=3600
    )


@pytest.fixture(scope="session")
def baked() -> Baked:
    folder = labctl.CACHE / "baked" / os.environ["YITIJI_LAB"]
    raw, work, output = folder / "demo.raw", folder / "demo", ""
    if not (os.environ.get("YITIJI_BAKED") and raw.exists()):
        done = play("playbooks/bake.yml")
        output = done.stdout
        assert done.returncode == 0, output[-4000:] + done.stderr[-1000:]
    return Baked(raw, work / "tree", json.loads((work / "values.json").read_text()), output)


@pytest.fixture(scope="session")
def pair(baked: Baked) -> Any:
    """Two machines of one image, set up by themselves."""
    source = clones.golden(baked.tree)
    found = [clones.Clone(source, name, octet) for name, octet in (("ai01", 81), ("ai02", 82))]
    for clone in found:
        clone.power("start")
    yield found
    for clone in found:
        clone.down()
    clones.forget(source)
