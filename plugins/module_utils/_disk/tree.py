# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh Debian tree with kernel and boot parts. The unpacked packages are kept, so a second one takes seconds."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import Callable, Dict, List, NamedTuple, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import delete
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import Failed, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

RECIPE = "1"  # raise this when `_base` makes another tree from the same arguments
# Debian's manuals and most translations stay out
UNREAD = [
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/zh*",
]


class Tree(NamedTuple):
    path: str
    cache: str
    suite: str
    packages: List[str]
    sources: List[str]
    epoch: int
    options: Sequence[str] = ()


def key(tree: Tree) -> str:
    said = json.dumps([RECIPE, UNREAD, tree.suite, sorted(tree.packages), tree.sources, tree.epoch, list(tree.options)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def machine_sources(suite: str) -> List[str]:
    """The build machine's own mirrors, for the release that the disk image gets."""
    said = run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(CODENAME)|$(CREATED_BY)"])
    rows = [line.split("|") for line in said.splitlines() if line.endswith("|Packages")]
    plain = sorted({uri for uri, name, _by in rows if "security" not in uri + name})
    security = sorted({uri for uri, name, _by in rows if "security" in uri + name})
    if not plain:
        raise Failed("apt on this machine knows no mirror: set disk_image_sources")
    parts = "main contrib non-free non-free-firmware"
    lines = [f"deb {plain[0]} {suite} {parts}"]
    return lines + [f"deb {uri} {suite}-security {parts}" for uri in security[:1]]


def state(tree: Tree) -> Dict[str, str]:
    """What is known of the existing tree: {key, stage}; empty where there is none."""
    return _known(tree.path) if os.path.isdir(tree.path) else {}


def seal(path: str, write: bool = True) -> bool:
    """Whether that is new. A bake continues with a tree at the stage `made`; after `sealed` it begins again."""
    known = _known(path)
    if known.get("stage") == "sealed":
        return False
    if write:
        _keep(path, {**known, "stage": "sealed"})
    return True


def _known(path: str) -> Dict[str, str]:
    return dict(json.loads(read_text(_mark(path)) or "{}"))


def _keep(path: str, known: Dict[str, str]) -> None:
    write_atomic(_mark(path), json.dumps(known) + "\n", 0o644)


def _mark(path: str) -> str:
    return path.rstrip("/") + ".json"


def stands(tree: Tree) -> bool:
    return state(tree) == {"key": key(tree), "stage": "made"}


def make(tree: Tree, tell: Callable[[str], None]) -> str:
    """Where the tree came from: `kept` where it existed, `cache` or `mirror`."""
    if stands(tree):
        return "kept"
    base = os.path.join(tree.cache, f"{tree.suite}-{key(tree)}.tar")
    came = "cache" if os.path.exists(base) else "mirror"
    if came == "mirror":
        os.makedirs(tree.cache, exist_ok=True)
        tell("packages of Debian " + tree.suite)
        _base(tree, base)
    tell("unpacking")
    fresh = tree.path + ".new"
    for old in (_mark(tree.path), tree.path, fresh):
        if os.path.lexists(old):
            delete(old)
    os.makedirs(fresh)
    run(["tar", "-C", fresh, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", base])
    os.rename(fresh, tree.path)
    _keep(tree.path, {"key": key(tree), "stage": "made"})
    return came


def _base(tree: Tree, target: str) -> None:
    part = target + ".part"
    command = ["mmdebstrap", "--variant=minbase", "--format=tar", f"--include={','.join(sorted(tree.packages))}"]
    command += [f"--dpkgopt={line}" for line in UNREAD] + list(tree.options)
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(tree.epoch), "LC_ALL": "C.UTF-8"}
    log = os.path.join(tree.cache, "mmdebstrap.log")
    with open(log, "wb") as said:
        done = subprocess.run(
            [*command, tree.suite, part, *tree.sources], stdout=said, stderr=said, env=env, check=False
        )
    if done.returncode:
        raise Failed(f"mmdebstrap: {read_text(log).strip()[-800:]}")
    os.replace(part, target)
