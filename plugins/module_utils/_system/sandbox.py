# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a unit that take away everything its service does not need."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

# What a service gets back by name: each word lifts the lines beside it.
LIFTS: Dict[str, Sequence[str]] = {
    "network": ["PrivateNetwork"],
    # ProtectClock implies a list of devices, and whatever is not on it is closed: a card would be hidden.
    "devices": ["PrivateDevices", "DevicePolicy", "ProtectClock"],
    "proc": ["ProtectProc", "ProcSubset"],
    "kernel_figures": ["ProcSubset"],
    "tmp": ["PrivateTmp"],
    "tunables": ["ProtectKernelTunables", "ProcSubset"],
    "modules": ["ProtectKernelModules"],
    "logs": ["ProtectKernelLogs"],
    "cgroups": ["ProtectControlGroups"],
    "clock": ["ProtectClock"],
    "hostname": ["ProtectHostname"],
    "machine_code": ["MemoryDenyWriteExecute"],
}
STRICT: Dict[str, str] = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "read-only",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "DevicePolicy": "closed",
    "PrivateNetwork": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RemoveIPC": "yes",
}
CALLS = ["@system-service"]
NO_CALLS = ["@privileged", "@resources"]
LOCAL = ["AF_UNIX"]
NETWORK = ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"]


def sandbox(
    lifted: Iterable[str] = (),
    write: Iterable[str] = (),
    capabilities: Iterable[str] = (),
    calls: Iterable[str] = (),
    limits: Optional[Mapping[str, Any]] = None,
    umask: str = "0077",
) -> str:
    """Lines for [Service].

    lifted: words of LIFTS; write: paths that stay writable; capabilities: the only ones it keeps; calls: groups of
    system calls that it needs beside the common ones, for example `@privileged` of a service that changes its user;
    limits: {memory, tasks, cpus}, each only where it is set.
    """
    words, more = list(lifted), list(calls)
    unknown = set(words) - set(LIFTS)
    if unknown:
        raise ValueError("no such part of the sandbox: " + ", ".join(sorted(unknown)))
    gone = {name for word in words for name in LIFTS[word]}
    lines = [f"{name}={value}" for name, value in STRICT.items() if name not in gone]
    lines += ["UMask=" + umask, "CapabilityBoundingSet=" + " ".join(capabilities)]
    lines.append("RestrictAddressFamilies=" + " ".join(NETWORK if "network" in words else LOCAL))
    lines += ["SystemCallArchitectures=native", "SystemCallErrorNumber=EPERM"]
    lines.append("SystemCallFilter=" + " ".join([*CALLS, *more]))
    less = [name for name in NO_CALLS if name not in more]
    if less:
        lines.append("SystemCallFilter=~" + " ".join(less))
    paths = " ".join(write)
    if paths:
        lines.append("ReadWritePaths=" + paths)
    return "\n".join([*lines, *_limits(limits or {})])


def _limits(given: Mapping[str, Any]) -> List[str]:
    lines = []
    if given.get("memory"):
        lines.append("MemoryMax={}".format(given["memory"]))
    if given.get("tasks"):
        lines.append("TasksMax={}".format(given["tasks"]))
    if given.get("cpus"):
        lines.append("CPUQuota={:.0f}%".format(float(given["cpus"]) * 100))
    return lines
