# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry says about an image before it is pulled: its size, and which driver it needs."""

from __future__ import annotations

import platform
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import Place, Reference, Session

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
Version = Tuple[int, ...]


class Description(NamedTuple):
    """`bytes` are compressed; on the disk the image takes two to three times as much."""

    bytes: int
    env: Dict[str, str]
    id: str = ""  # the digest of its configuration, for this machine


def choose_platform(index: Dict[str, Any], machine: str) -> str:
    """The digest of the manifest for this machine in a list of several; empty when there is none."""
    wanted = MACHINES.get(machine, machine)
    for entry in index.get("manifests") or []:
        found = entry.get("platform") or {}
        if found.get("os") == "linux" and found.get("architecture") == wanted:
            return str(entry.get("digest") or "")
    return ""


def describe(place: Place, ref: Reference, digest: str) -> Optional[Description]:
    """What the registry says; None where it says nothing, which is no reason not to pull."""
    session = Session(place)
    try:
        manifest = session.json(f"{ref.repository}/manifests/{digest or ref.tag}")
        if "manifests" in manifest:
            chosen = choose_platform(manifest, platform.machine())
            if not chosen:
                return None
            manifest = session.json(f"{ref.repository}/manifests/{chosen}")
        layers = sum(int(layer.get("size") or 0) for layer in manifest.get("layers") or [])
        identity = str(manifest["config"]["digest"])
        config = session.json(f"{ref.repository}/blobs/{identity}")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    lines: List[str] = (config.get("config") or {}).get("Env") or []
    return Description(layers, dict(line.split("=", 1) for line in lines if "=" in line), identity)


def numbers(text: str) -> Version:
    """`12.8.1` as numbers; anything else ends it."""
    found = re.match(r"\d+(\.\d+)*", text.strip())
    return tuple(int(part) for part in found.group(0).split(".")) if found else ()


def _holds(term: str, have: Dict[str, str]) -> bool:
    match = re.match(r"^(\w+)(>=|<=|!=|=|<|>)(.+)$", term)
    if not match:
        return True
    name, sign, text = match.groups()
    known = have.get(name, "")
    if not known:
        return True  # not known of this machine: NVIDIA's own check decides when the container starts
    size = max(len(numbers(text)), len(numbers(known)))
    left, right = (value + (0,) * (size - len(value)) for value in (numbers(known), numbers(text)))
    return {
        ">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right,
        "=": left == right, "!=": left != right,
    }[sign]  # fmt: skip


def driver_problem(env: Dict[str, str], cuda: Optional[str], driver: Optional[str]) -> str:
    """What the image needs and this driver lacks; empty where it may run, or nothing is known.

    `NVIDIA_REQUIRE_CUDA` is what NVIDIA's runtime checks when a container starts: words are alternatives, the terms
    in a word (joined by commas) must all hold. Without it only another major version of CUDA is a reason, since
    minor versions run on the drivers of their major version.
    """
    if not cuda or env.get("NVIDIA_DISABLE_REQUIRE", "").lower() in ("1", "true"):
        return ""
    have = {"cuda": cuda, "driver": driver or ""}
    wanted = env.get("NVIDIA_REQUIRE_CUDA", "")
    if wanted:
        met = any(all(_holds(term, have) for term in word.split(",")) for word in wanted.split())
        return "" if met else wanted.split()[0]
    needed = numbers(env.get("CUDA_VERSION", ""))
    return f"cuda>={needed[0]}" if needed and needed[0] > numbers(cuda)[0] else ""
