# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything known of a node, in one dict. What can't be read is null; nothing raises."""

from __future__ import annotations

import os
import platform
import time
from typing import Any, Callable, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils import (
    _node_containers,
    _node_network,
    _node_nvidia,
    _node_pci,
    _node_system,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._node_host import Host, first_line

SCHEMA = 1


class _Reader:
    """Runs readers; one that trips over odd hardware leaves its default and a line in `problems`."""

    def __init__(self) -> None:
        self.problems: List[str] = []

    def get(self, name: str, read: Callable[[], Any], default: Any) -> Any:
        try:
            return read()
        except Exception as error:  # odd hardware must never fail the run
            self.problems.append(f"{name}: {type(error).__name__}: {error}")
            return default


def read_node(host: Optional[Host] = None, epoch: Optional[float] = None) -> Dict[str, Any]:
    """The node as `node_info` returns it."""
    host = host or Host()
    get = _Reader()
    kernel = first_line(host.read("/proc/sys/kernel/osrelease")) or platform.release()
    hostname = first_line(host.read("/proc/sys/kernel/hostname")) or platform.node()
    bus = get.get("pci", lambda: _node_pci.devices(host), [])
    smi = get.get("nvidia-smi", lambda: _node_nvidia.read_smi(host), {
        "present": False, "gpus": [], "driver_version": None, "cuda_version": None, "error": None})  # fmt: skip
    engines = get.get("containers", lambda: _node_containers.containers(host), {"docker": None})
    running = (engines.get("docker") or {}).get("containers") or []
    sockets = get.get("listeners", lambda: _node_network.listeners(host), [])
    for item in sockets:
        item["container"] = _node_containers.container_of(item, running)
    release = get.get("os", lambda: _node_system.os_release(host), {})
    node: Dict[str, Any] = {
        "schema": SCHEMA,
        "hostname": hostname,
        "os": dict(release, arch=first_line(host.read("/proc/sys/kernel/arch")) or platform.machine()),
        "python": {"version": platform.python_version()},
        "kernel": kernel,
        "kernels": get.get("kernels", lambda: _node_system.kernels(host), []),
        "boot": get.get("boot", lambda: _node_system.boot(host), {}),
        "modules": get.get("modules", lambda: _node_system.modules(host), []),
        "cpu": get.get("cpu", lambda: _node_system.cpu(host), {}),
        "memory": get.get("memory", lambda: _node_system.memory(host), {}),
        "gpus": get.get("gpus", lambda: _node_pci.gpus(host, bus, smi["gpus"]), smi["gpus"]),
        "nvidia": get.get("nvidia", lambda: _node_nvidia.driver(host, smi), None),
        "nvswitch": get.get("nvswitch", lambda: _node_nvidia.nvswitch(host, bus), None) if bus else None,
        "dkms": get.get("dkms", lambda: _node_nvidia.dkms(host), None),
        "network": get.get("network", lambda: _node_network.network(host, hostname), {"interfaces": []}),
        "mounts": get.get("mounts", lambda: _node_system.mounts(host), []),
        "disks": get.get("disks", lambda: _node_system.disks(host), []),
        "listeners": sockets,
        "containers": engines,
        "services": get.get(
            "services", lambda: _node_system.services(host, _node_system.UNITS + _node_system.own_units(host)), {}
        ),
        "packages": get.get("packages", lambda: _node_system.packages(host), None),
        "uid": os.geteuid(),
    }
    # Last, so that it is as fresh as can be when the controller compares clocks.
    node["clock"] = get.get("clock", lambda: _node_system.clock(host, time.time() if epoch is None else epoch), {})
    node["clock"].setdefault("epoch", time.time() if epoch is None else epoch)
    node["problems"] = get.problems
    return node
