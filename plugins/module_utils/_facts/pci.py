# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of the PCI bus: accelerators of every vendor, also those without a driver."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line, number

VENDORS = {"10de": "nvidia", "19e5": "huawei", "1d94": "hygon", "1002": "amd"}
GRAPHICS = ("0300", "0302", "0380")
COMPUTE = ("1200", "0b40")
# Huawei's cards by PCI id; their class is that of a plain accelerator, shared with other Huawei devices.
ASCEND = {
    "d100": "Ascend 310",
    "d500": "Ascend 310P",
    "d801": "Ascend 910",
    "d802": "Ascend 910B",
    "d803": "Ascend 910_93",
}
# Hygon's, by PCI id: their class differs between firmwares.
HYGON = {"55b7": "Z100L", "62b7": "K100", "6210": "K100_AI"}


def devices(host: Host) -> List[Dict[str, Any]]:
    """{bus, vendor, device, class, numa} of every PCI device, ids as four hex digits."""
    found = []
    base = "/sys/bus/pci/devices"
    for bus in host.names(base):
        path = base + "/" + bus + "/"
        vendor, device = _hex(host.read(path + "vendor"), 4), _hex(host.read(path + "device"), 4)
        if vendor is None or device is None:
            continue
        found.append(
            {
                "bus": bus.lower(),
                "vendor": vendor,
                "device": device,
                "class": _hex(host.read(path + "class"), 6) or "",
                "numa": number(host.read(path + "numa_node")),
            }
        )
    return found


def _hex(text: Optional[str], digits: int) -> Optional[str]:
    word = (first_line(text) or "").lower().replace("0x", "")
    return word.zfill(digits) if re.match(r"[0-9a-f]+$", word) else None


def accelerators(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The devices that can compute, in the order of the bus, each with its `maker`."""
    cards = []
    for item in found:
        vendor = VENDORS.get(item["vendor"])
        kind = item["class"][:4]
        if vendor == "huawei" and item["device"] not in ASCEND:
            continue
        if vendor == "hygon" and item["device"] not in HYGON and kind not in COMPUTE + GRAPHICS:
            continue
        if vendor in ("nvidia", "amd") and kind not in GRAPHICS + COMPUTE:
            continue
        if vendor:
            cards.append(dict(item, maker=vendor))
    return cards


def blank_gpu(host: Host, card: Dict[str, Any], index: int) -> Dict[str, Any]:
    """A card that is known from the bus only, as when its driver is missing or broken."""
    name = {"huawei": ASCEND, "hygon": HYGON}.get(card["maker"], {}).get(card["device"])
    memory: Optional[int] = None
    uuid = None
    base = "/sys/bus/pci/devices/" + card["bus"] + "/"
    if card["maker"] == "nvidia":
        text = host.read("/proc/driver/nvidia/gpus/" + card["bus"] + "/information") or ""
        pairs = dict(line.partition(":")[::2] for line in text.splitlines())
        name = pairs.get("Model", "").strip() or None
        uuid = pairs.get("GPU UUID", "").strip() or None
    elif card["maker"] in ("amd", "hygon"):
        memory = number(host.read(base + "mem_info_vram_total"))
    used = number(host.read(base + "mem_info_vram_used"))
    driver = host.link(base + "driver")
    return {
        "index": index,
        "name": name,
        "vendor": card["maker"],
        "memory_bytes": memory,
        "free_bytes": None if memory is None or used is None else memory - used,
        "compute_capability": None,
        "pci_id": card["vendor"] + ":" + card["device"],
        "bus": card["bus"],
        "uuid": uuid,
        "nvlink": None,
        "driver": driver.rsplit("/", 1)[-1] if driver else None,
    }


def gpus(host: Host, found: List[Dict[str, Any]], smi: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The cards that the driver reports, then those that only the bus shows."""
    known = {gpu["bus"] for gpu in smi}
    result = list(smi)
    for card in accelerators(found):
        if card["bus"][-12:] not in known:
            result.append(blank_gpu(host, card, len(result)))
    return result


def acs_redirects(host: Host, buses: List[str]) -> Optional[List[str]]:
    """Ports of PCIe switches above these cards that send peer traffic upwards.

    None when no port's configuration can be read.
    """
    found: Dict[str, bool] = {}
    for bus in buses:
        way = host.resolve("/sys/bus/pci/devices/" + bus).split("/")[:-1]
        for bridge in way:
            if re.match(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$", bridge):
                redirect = redirects(host.read_bytes(f"/sys/bus/pci/devices/{bridge}/config") or b"")
                if redirect is not None:
                    found[bridge] = redirect
    return sorted(bridge for bridge, bad in found.items() if bad) if found else None


def redirects(config: bytes) -> Optional[bool]:
    """Whether a port's ACS control redirects requests or completions; None when its configuration can't be read.

    Only downstream ports of a switch count: what passes a root port goes through the processor anyway.
    """
    if len(config) < 0x104:
        return None
    place, kind = config[0x34] & 0xFC, None
    for _step in range(48):
        if place < 0x40:
            break
        if config[place] == 0x10:  # PCI Express
            kind = config[place + 2] >> 4
        place = config[place + 1] & 0xFC
    if kind != 6:
        return False
    place = 0x100
    for _step in range(96):
        head = int.from_bytes(config[place : place + 4], "little")
        if head & 0xFFFF == 0x0D:  # Access Control Services
            return bool(int.from_bytes(config[place + 6 : place + 8], "little") & 0x0C)
        place = head >> 20
        if place < 0x100:
            break
    return False
