# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of NVIDIA cards and their driver: nvidia-smi's XML, /proc, modinfo, dkms."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple
from xml.etree import ElementTree

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line, number

MIB = 1024 * 1024
# Only the architectures that mean one compute capability; the others are asked from the driver.
CAPABILITY = {"Volta": "7.0", "Turing": "7.5", "Ada Lovelace": "8.9", "Hopper": "9.0"}
# Uncorrectable errors of the memory since the driver was loaded: drivers since 450, then older ones (Volta).
ECC = ("ecc_errors/volatile/dram_uncorrectable", "ecc_errors/volatile/double_bit/device_memory")
POWER = ("instant_power_draw", "power_draw", "average_power_draw")  # of drivers since 535, then older ones
LIBRARY_DIRS = (
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/nvidia/lib64",  # where a host lends the driver to what runs on it
)


def read_smi(host: Host) -> Dict[str, Any]:
    """{gpus, driver_version, cuda_version, error}; error is nvidia-smi's own line when it failed."""
    if host.which("nvidia-smi") is None:
        return {"present": False, "gpus": [], "driver_version": None, "cuda_version": None, "error": None}
    answer = host.run(["nvidia-smi", "-q", "-x"], timeout=30)
    if answer is None:
        return {
            "present": True,
            "gpus": [],
            "driver_version": None,
            "cuda_version": None,
            "error": "nvidia-smi did not answer within 30 s",
        }
    found = parse_smi(answer.out)
    if found is None:
        text = first_line(answer.out) or first_line(answer.err) or f"nvidia-smi ended with {answer.rc}"
        found = {"gpus": [], "driver_version": None, "cuda_version": None, "error": text[:500]}
    found["present"] = True
    if found["gpus"]:
        _add_capabilities(host, found["gpus"])
        _add_links(host, found["gpus"])
    return found


def parse_smi(text: str) -> Optional[Dict[str, Any]]:
    """The XML of `nvidia-smi -q -x` as {gpus, driver_version, cuda_version, error}; None when it is not that XML."""
    root = _root(text)
    if root is None:
        return None
    gpus = [_gpu(node, index) for index, node in enumerate(root.findall("gpu"))]
    return {
        "gpus": gpus,
        "driver_version": _text(root, "driver_version"),
        "cuda_version": _text(root, "cuda_version"),
        "error": None,
    }


def _root(text: str) -> Optional[ElementTree.Element]:
    start = text.find("<nvidia_smi_log")
    end = text.find("</nvidia_smi_log>")
    if start < 0 or end < 0:
        return None
    try:
        return ElementTree.fromstring(text[start : end + len("</nvidia_smi_log>")])  # noqa: S314 from the local driver
    except ElementTree.ParseError:
        return None


def parse_state(text: str) -> List[Dict[str, Any]]:
    """What changes while cards work, from the same XML: degrees, W, MHz, why they slow down, errors, link.

    A value that a card does not tell is None.
    """
    root = _root(text)
    return [] if root is None else [_state(node, index) for index, node in enumerate(root.findall("gpu"))]


def _state(node: ElementTree.Element, index: int) -> Dict[str, Any]:
    power = [f"{group}/{name}" for group in ("gpu_power_readings", "power_readings") for name in POWER]
    link = "pci/pci_gpu_link_info/"
    return {
        "index": index,
        "name": _text(node, "product_name"),
        "degrees": number(_text(node, "temperature/gpu_temp")),
        "watts": _first_number(node, tuple(power)),
        "mhz": number(_text(node, "clocks/sm_clock")),
        "mhz_max": number(_text(node, "max_clocks/sm_clock")),
        "busy_percent": number(_text(node, "utilization/gpu_util")),
        "slowed": sorted(
            each.tag.partition("_reason_")[2]
            for group in ("clocks_event_reasons", "clocks_throttle_reasons")
            for each in node.findall(f"{group}/*")
            if (each.text or "").strip() == "Active"
        ),
        "uncorrected": _sum(node, "ecc_errors/volatile", "uncorrectable"),
        "corrected": _sum(node, "ecc_errors/volatile", "_correctable"),
        "link_width": number((_text(node, link + "link_widths/current_link_width") or "").rstrip("x")),
        "link_width_max": number((_text(node, link + "link_widths/max_link_width") or "").rstrip("x")),
        "link_gen": number(_text(node, link + "pcie_gen/current_link_gen")),
        "link_gen_max": number(_text(node, link + "pcie_gen/max_link_gen")),
        "replays": number(_text(node, "pci/replay_counter")),
    }


def _sum(node: ElementTree.Element, group: str, part: str) -> Optional[int]:
    """Of the counters below a group whose names hold `part`; None where the card counts nothing."""
    values = [number((each.text or "").strip()) for each in node.findall(group + "/*") if part in each.tag]
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _text(node: ElementTree.Element, path: str) -> Optional[str]:
    value = (node.findtext(path) or "").strip()
    return (
        None if value in ("", "N/A", "[N/A]", "Unknown Error", "Requested functionality has been deprecated") else value
    )


def _mib(node: ElementTree.Element, path: str) -> Optional[int]:
    found = number(_text(node, path))
    return None if found is None else found * MIB


def _usable(node: ElementTree.Element) -> Optional[int]:
    """Bytes of memory that programs can use: the driver counts what it reserves for itself as part of the total."""
    total = _mib(node, "fb_memory_usage/total")
    return None if total is None else total - (_mib(node, "fb_memory_usage/reserved") or 0)


def _gpu(node: ElementTree.Element, index: int) -> Dict[str, Any]:
    bus = (node.get("id") or _text(node, "pci/pci_bus_id") or "").lower()
    device = number("0x" + (_text(node, "pci/pci_device_id") or "").replace("0x", ""))
    architecture = _text(node, "product_architecture")
    mig = _text(node, "mig_mode/current_mig")
    processes = node.findall("processes/process_info")
    return {
        "index": index,
        "name": _text(node, "product_name"),
        "vendor": "nvidia",
        "memory_bytes": _usable(node),
        "free_bytes": _mib(node, "fb_memory_usage/free"),
        "compute_capability": CAPABILITY.get(architecture or ""),
        "pci_id": None if device is None else f"{device & 0xFFFF:04x}:{device >> 16:04x}",
        "bus": bus[-12:] or None,
        "uuid": _text(node, "uuid"),
        "vbios": _text(node, "vbios_version"),
        "nvlink": None,
        "architecture": architecture,
        "mig": None if mig is None else mig == "Enabled",
        "bar1_bytes": _mib(node, "bar1_memory_usage/total"),
        "fabric": _fabric(node),
        "ecc_errors": _first_number(node, ECC),
        "link_width": number((_text(node, "pci/pci_gpu_link_info/link_widths/current_link_width") or "").rstrip("x")),
        "link_width_max": number((_text(node, "pci/pci_gpu_link_info/link_widths/max_link_width") or "").rstrip("x")),
        "persistence": _text(node, "persistence_mode"),
        "processes": [
            {"pid": number(_text(p, "pid")), "name": _text(p, "process_name"), "used_bytes": _mib(p, "used_memory")}
            for p in processes
        ],
    }


def _first_number(node: ElementTree.Element, paths: Tuple[str, ...]) -> Optional[int]:
    values = (number(_text(node, path)) for path in paths)
    return next((value for value in values if value is not None), None)


def _fabric(node: ElementTree.Element) -> Optional[Dict[str, Optional[str]]]:
    state = _text(node, "fabric/state")
    return None if state is None else {"state": state, "status": _text(node, "fabric/status")}


def _add_capabilities(host: Host, gpus: List[Dict[str, Any]]) -> None:
    answer = host.run(["nvidia-smi", "--query-gpu=uuid,compute_cap", "--format=csv,noheader"], timeout=30)
    if not answer or answer.rc != 0:
        return
    values = {}
    for line in answer.out.splitlines():
        uuid, sign, value = line.partition(",")
        if sign and re.match(r"\d+\.\d+$", value.strip()):
            values[uuid.strip()] = value.strip()
    for gpu in gpus:
        gpu["compute_capability"] = values.get(gpu["uuid"] or "", gpu["compute_capability"])


def _add_links(host: Host, gpus: List[Dict[str, Any]]) -> None:
    answer = host.run(["nvidia-smi", "nvlink", "--status"], timeout=30)
    if not answer or answer.rc != 0:
        return
    current: Optional[int] = None
    active = {index: 0 for index in range(len(gpus))}
    for line in answer.out.splitlines():
        head = re.match(r"GPU (\d+):", line)
        if head:
            current = int(head.group(1))
        elif current in active and re.match(r"\s+Link \d+: [\d.]+ GB/s", line):
            active[int(current or 0)] += 1
    for gpu in gpus:
        gpu["nvlink"] = active[gpu["index"]] > 0


def driver(host: Host, smi: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """What is known of the driver: loaded module, installed module, library, tool.

    None when there is no trace of it.
    """
    proc = host.read("/proc/driver/nvidia/version") or ""
    line = first_line(proc) or ""
    match = re.search(r"(?:Kernel Module|for \w+)\s+(\d+\.\d+[\d.]*)", line)
    loaded = match.group(1) if match else first_line(host.read("/sys/module/nvidia/version"))
    info = _modinfo(host)
    library = _library(host)
    if not (smi["present"] or loaded or info or library):
        return None
    licence = (info.get("license") or "").lower()
    flavour = None
    if "open kernel module" in line.lower() or "gpl" in licence:
        flavour = "open"
    elif line or licence:
        flavour = "proprietary"
    return {
        "driver_version": smi["driver_version"] or loaded,
        "cuda_version": smi["cuda_version"],
        "module_version": loaded,
        "installed_version": info.get("version"),
        "library_version": library,
        "flavour": flavour,
        "signer": info.get("signer"),
        "smi_error": smi["error"],
        "devices": [
            name
            for name in ("nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "nvidia-nvswitchctl")
            if host.exists("/dev/" + name)
        ],
        "unlinked": unlinked(host),
    }


def _modinfo(host: Host) -> Dict[str, str]:
    for name in ("nvidia", "nvidia-current"):
        answer = host.run(["modinfo", name], timeout=5)
        if answer and answer.rc == 0:
            pairs = [line.partition(":")[::2] for line in answer.out.splitlines()]
            return {
                key.strip(): value.strip() for key, value in pairs if key.strip() in ("version", "license", "signer")
            }
    return {}


def _library(host: Host) -> Optional[str]:
    for folder in LIBRARY_DIRS:
        for name in host.names(folder):
            match = re.match(r"libnvidia-ml\.so\.(\d+\.\d+[\d.]*)$", name)
            if match:
                return match.group(1)
    return None


def unlinked(host: Host) -> Optional[List[str]]:
    """Device files of cards without a link in /dev/char, which a daemon-reload takes from containers.

    None without any card.
    """
    names = [name for name in host.names("/dev") if re.match(r"nvidia(\d+|ctl|-uvm|-uvm-tools|-modeset)$", name)]
    numbers = {name: host.device("/dev/" + name) for name in names}
    known = {name: number for name, number in numbers.items() if number}
    return [name for name, number in known.items() if not host.exists("/dev/char/" + number)] if known else None


def nvswitch(host: Host, devices: List[Dict[str, Any]]) -> bool:
    """Whether there is an NVSwitch: an NVIDIA bridge on the PCI bus, or its device files."""
    if any(found["vendor"] == "10de" and found["class"].startswith("0680") for found in devices):
        return True
    return any(re.match(r"nvidia-nvswitch\d+$", name) for name in host.names("/dev"))


def dkms(host: Host) -> Optional[List[Dict[str, str]]]:
    """Rows of `dkms status`; None when there is no dkms."""
    answer = host.run(["dkms", "status"], timeout=15)
    if not answer or answer.rc != 0:
        return None
    rows = []
    for line in answer.out.splitlines():
        match = re.match(r"([^,/\s]+)[,/]\s*([^,:\s]+)(?:,\s*([^,]+),\s*([^:]+))?:\s*(\S+)", line)
        if match:
            name, version, kernel, arch, state = match.groups()
            rows.append(
                {
                    "module": name,
                    "version": version,
                    "kernel": kernel or "",
                    "arch": arch or "",
                    "state": state.rstrip("!"),
                }
            )
    return rows
