# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that mean the same image.

An image is pinned by its configuration's digest or by its manifest's. Docker's own store finds it by the first,
containerd's by the second; so what an archive told is remembered, and containerd's store is read.
"""

from __future__ import annotations

import hashlib
import json
import platform
from typing import Any, Callable, Dict, List, Optional, Sequence

PATH = "/var/lib/yitiji/images.json"
CONTENT = "io.containerd.content.v1.content/blobs"
CONTAINERD = "/var/lib/containerd"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
Groups = List[List[str]]
Read = Callable[[str], Optional[str]]


def groups(text: str) -> Groups:
    """Remembered groups of digests; a file that can't be read remembers nothing."""
    try:
        rows = json.loads(text or "[]")
        return [[str(name) for name in row] for row in rows if isinstance(row, list)]
    except (ValueError, TypeError):
        return []


def others(known: Groups, *names: str) -> List[str]:
    """The other digests of the image that has one of these."""
    found: List[str] = []
    for group in known:
        if set(names) & set(group):
            found += [name for name in group if name not in names and name not in found]
    return found


def joined(known: Groups, digests: Sequence[str]) -> str:
    """The file's new text, with these digests as one image's."""
    rows = [group for group in known if not set(group) & set(digests)]
    return json.dumps(sorted([*rows, [*digests, *others(known, *digests)]]), indent=1) + "\n"


def configurations(target: str, data_root: str, read: Read, depth: int = 0) -> List[str]:
    """Digests of the configurations below a manifest or an index in containerd's store, for this machine.

    [] where there is no such store.
    """
    kind, _colon, digest = target.partition(":")
    texts = (read(f"{root}/{CONTENT}/{kind}/{digest}") for root in (f"{data_root}/containerd/daemon", CONTAINERD))
    text = next((each for each in texts if each is not None), None)
    if kind != "sha256" or text is None or depth > 3 or hashlib.sha256(text.encode()).hexdigest() != digest:
        return []
    try:
        inside: Dict[str, Any] = json.loads(text)
        if "config" in inside and "layers" in inside:
            return [str(inside["config"]["digest"])]
        entries = [row for row in inside.get("manifests") or [] if _runs_here(row.get("platform") or {})]
        return [one for row in entries for one in configurations(str(row["digest"]), data_root, read, depth + 1)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _runs_here(wanted: Dict[str, Any]) -> bool:
    machine = platform.machine()
    return not wanted or wanted.get("architecture") == MACHINES.get(machine, machine)
