# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything known of a node, in one dict. What can't be read is null; nothing raises."""

from __future__ import annotations

import os
import platform
import time
from typing import Any, Callable, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.containers import container_of, containers
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.kernel import (
    architecture,
    enrolled_keys,
    fabric_manager,
    initramfs,
    iommu_types,
    kernel_log,
    nouveau,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.network import listeners, network
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.nvidia import (
    CAPABILITY,
    dkms,
    driver,
    nvswitch,
    read_smi,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.pci import acs_redirects, devices, gpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.system import (
    UNITS,
    boot,
    clock,
    cpu,
    disks,
    foundation,
    kernels,
    memory,
    modules,
    mounts,
    os_release,
    own_units,
    packages,
    services,
)

SCHEMA = 1


class _Reader:
    """Runs the readers; one that fails on odd hardware leaves its default and a line in `problems`."""

    def __init__(self) -> None:
        self.problems: List[str] = []

    def get(self, name: str, read: Callable[[], Any], default: Any) -> Any:
        try:
            return read()
        except Exception as error:  # odd hardware must never fail the run
            self.problems.append(f"{name}: {type(error).__name__}: {error}")
            return default


def read_node(host: Optional[Host] = None, epoch: Optional[float] = None) -> Dict[str, Any]:
    """The node as `node_info` returns it (its RETURN describes the fields).

    `epoch`: the time of reading, in seconds.
    """
    host = host or Host()
    get = _Reader()
    kernel = first_line(host.read("/proc/sys/kernel/osrelease")) or platform.release()
    hostname = first_line(host.read("/proc/sys/kernel/hostname")) or platform.node()
    bus = get.get("pci", lambda: devices(host), [])
    smi = get.get("nvidia-smi", lambda: read_smi(host), {
        "present": False, "gpus": [], "driver_version": None, "cuda_version": None, "error": None})  # fmt: skip
    engines = get.get("containers", lambda: containers(host), {"docker": None})
    running = (engines.get("docker") or {}).get("containers") or []
    sockets = get.get("listeners", lambda: listeners(host), [])
    for item in sockets:
        item["container"] = container_of(item, running)
    release = {**get.get("os", lambda: os_release(host), {}), **get.get("libc", lambda: foundation(host), {})}
    node: Dict[str, Any] = {
        "schema": SCHEMA,
        "hostname": hostname,
        "os": dict(release, arch=first_line(host.read("/proc/sys/kernel/arch")) or platform.machine()),
        "python": {"version": platform.python_version()},
        "kernel": kernel,
        "kernels": get.get("kernels", lambda: kernels(host), []),
        "boot": get.get("boot", lambda: boot(host), {}),
        "modules": get.get("modules", lambda: modules(host), []),
        "cpu": get.get("cpu", lambda: cpu(host), {}),
        "memory": get.get("memory", lambda: memory(host), {}),
        "gpus": get.get("gpus", lambda: gpus(host, bus, smi["gpus"]), smi["gpus"]),
        "nvidia": get.get("nvidia", lambda: driver(host, smi), None),
        "nvswitch": get.get("nvswitch", lambda: nvswitch(host, bus), None) if bus else None,
        "dkms": get.get("dkms", lambda: dkms(host), None),
        "network": get.get("network", lambda: network(host, hostname), {"interfaces": []}),
        "mounts": get.get("mounts", lambda: mounts(host), []),
        "disks": get.get("disks", lambda: disks(host), []),
        "listeners": sockets,
        "containers": engines,
        "services": get.get("services", lambda: services(host, UNITS + own_units(host)), {}),
        "packages": get.get("packages", lambda: packages(host), None),
        "uid": os.geteuid(),
    }
    node["nouveau"] = get.get("nouveau", lambda: nouveau(host, node["modules"]), {})
    node["boot"]["enrolled_keys"] = get.get("keys", lambda: enrolled_keys(host), None)
    node["kernel_log"] = get.get("kernel log", lambda: kernel_log(host), None)
    cards = [str(gpu["bus"]) for gpu in node["gpus"] if gpu.get("bus")]
    node["boot"]["iommu"] = get.get("iommu", lambda: iommu_types(host, cards), [])
    node["boot"]["acs"] = get.get("acs", lambda: acs_redirects(host, cards), None)
    if any(gpu["vendor"] == "nvidia" for gpu in node["gpus"]):  # it takes a second to list one
        node["nouveau"]["initramfs"] = get.get("initramfs", lambda: initramfs(host, node["kernels"]), None)
    for gpu in node["gpus"]:
        gpu["architecture"] = gpu.get("architecture") or architecture(gpu.get("pci_id"))
        gpu["compute_capability"] = gpu.get("compute_capability") or CAPABILITY.get(gpu["architecture"] or "")
    if node["nvidia"]:
        node["nvidia"]["fabric_manager"] = get.get("fabric manager", lambda: fabric_manager(host), None)
    # Last, so that it is as fresh as can be when the controller compares clocks.
    node["clock"] = get.get("clock", lambda: clock(host, time.time() if epoch is None else epoch), {})
    node["clock"].setdefault("epoch", time.time() if epoch is None else epoch)
    node["problems"] = get.problems
    return node
