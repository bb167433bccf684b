# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Docker's state through its command line; no Python package is needed on the node."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

SNAP_ROOTS = ("/snap", "/var/lib/snapd")


def find_docker() -> Optional[str]:
    return shutil.which("docker", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/local/bin:/snap/bin")


def is_snap(path: Optional[str]) -> bool:
    places = (str(path), os.path.realpath(str(path)))
    return bool(path) and any(within(root, place) for root in SNAP_ROOTS for place in places)


def path_mtu(route: str = "/proc/net/route", links: str = "/sys/class/net") -> int:
    """MTU (bytes) of the way out: of the default route's link, else the smallest of the links that are up."""
    sizes: Dict[str, int] = {}
    for link in sorted(Path(links).glob("*")):
        if link.name.startswith(("lo", "docker", "br-", "veth")):
            continue
        try:
            if (link / "operstate").read_text(encoding="utf-8").strip() != "down":
                sizes[link.name] = int((link / "mtu").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    try:
        rows = [line.split() for line in Path(route).read_text(encoding="utf-8").splitlines()[1:]]
    except OSError:
        rows = []
    out = [sizes[row[0]] for row in rows if len(row) > 1 and row[1] == "00000000" and row[0] in sizes]
    return min(out or list(sizes.values()) or [1500])


def summary(info: Dict[str, Any], path: Optional[str]) -> Dict[str, Any]:
    """The few fields of `docker info` that the roles compare."""
    registry = info.get("RegistryConfig") or {}
    return {
        "installed": path is not None,
        "path": path,
        "snap": is_snap(path),
        "rootless": any("rootless" in str(option) for option in info.get("SecurityOptions") or []),
        "running": bool(info.get("ServerVersion")),
        "version": info.get("ServerVersion") or None,
        "storage_driver": info.get("Driver") or None,
        "data_root": info.get("DockerRootDir") or None,
        "cgroup_driver": info.get("CgroupDriver") or None,
        "logging_driver": info.get("LoggingDriver") or None,
        "registry_mirrors": [str(m).rstrip("/") for m in registry.get("Mirrors") or []],
        "runtimes": sorted(info.get("Runtimes") or {}),
        "path_mtu": path_mtu(),
        "proxy": info.get("HttpsProxy") or info.get("HttpProxy") or None,
        "no_proxy": info.get("NoProxy") or None,
        "insecure_registries": insecure(registry),
        # Told by engines that hand devices to containers by CDI (25 and newer, where it is switched on).
        "cdi": bool(info.get("CDISpecDirs")),
    }


def insecure(registry: Dict[str, Any]) -> List[str]:
    """Registries, by name or network, whose identity the engine does not check."""
    named = [name for name, index in (registry.get("IndexConfigs") or {}).items() if not index.get("Secure", True)]
    return sorted(named) + [str(network) for network in registry.get("InsecureRegistryCIDRs") or []]


def read(timeout: float = 20) -> Dict[str, Any]:
    """The state of Docker; one that is missing or silent is an answer, not an error."""
    path = find_docker()
    if path is None:
        return summary({}, None)
    done = run([path, "info", "--format", "{{json .}}"], timeout)
    try:
        info = json.loads(done.stdout or "{}")
    except ValueError:
        info = {}
    return summary(info if isinstance(info, dict) else {}, path)


def check(engine: Dict[str, Any]) -> None:
    """Refuses kinds of Docker that can't run an appliance (LLM301)."""
    kind = "snap" if engine["snap"] else "rootless" if engine["rootless"] else None
    if kind is None:
        return
    raise Refusal("LLM301", kind=kind, path=engine["path"])


def mismatches(engine: Dict[str, Any], wanted: Dict[str, Any]) -> List[str]:
    """Wanted values that the running Docker does not have; empty ones are not compared."""
    return [
        f"{key}: {value} wanted, {engine.get(key)} found"
        for key, value in wanted.items()
        if value not in (None, "", []) and not _same(value, engine.get(key))
    ]


def _same(wanted: Any, have: Any) -> bool:
    if isinstance(wanted, list):
        return all(str(item).rstrip("/") in (have or []) for item in wanted)
    if isinstance(wanted, str) and isinstance(have, str):
        return wanted.rstrip("/") == have.rstrip("/")
    return bool(wanted == have)
