# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a described machine into a capture that the readers read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node

NODES = Path(__file__).resolve().parents[2] / "fixtures" / "nodes"
NAMES = sorted(path.stem for path in NODES.glob("*.yml"))


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((NODES / f"{name}.yml").read_text(encoding="utf-8"))


def card_xml(card: dict[str, Any]) -> str:
    """One card. What its row does not hold was not seen on such a machine, and is not there."""

    def part(frame: str, *values: Any) -> str:
        return "" if None in values else frame.format(*values)

    slices = "".join(
        f"<mig_device><index>{number}</index><fb_memory_usage><total>{size} MiB</total></fb_memory_usage></mig_device>"
        for number, size in enumerate(card.get("slices", []))
    )
    total, used = card["total"], card.get("used")
    free = None if used is None else total - used - card.get("reserved", 0)
    fabric, ecc = card.get("fabric", [None]), card.get("ecc")
    old = "architecture" not in card  # drivers before 495 tell no architecture, and errors under other names
    new_name = "dram_uncorrectable>{}</dram_uncorrectable"
    name = "double_bit><device_memory>{}</device_memory></double_bit" if old else new_name
    return f"""
  <gpu id="00000000:{card["bus"].upper()}">
    <product_name>{card["name"]}</product_name>
    {part("<product_architecture>{}</product_architecture>", card.get("architecture"))}
    {part("<mig_mode><current_mig>{0}</current_mig><pending_mig>{0}</pending_mig></mig_mode>", card.get("mig"))}
    <mig_devices>{slices or "None"}</mig_devices>
    <uuid>{uuid(card)}</uuid>
    <pci><pci_bus_id>00000000:{card["bus"].upper()}</pci_bus_id>
      <pci_device_id>{card["device"].upper()}10DE</pci_device_id></pci>
    <fb_memory_usage><total>{total} MiB</total>
      {part("<reserved>{} MiB</reserved>", card.get("reserved"))}
      {part("<used>{} MiB</used><free>{} MiB</free>", used, free)}</fb_memory_usage>
    {part("<bar1_memory_usage><total>{} MiB</total></bar1_memory_usage>", card.get("bar1"))}
    {part("<ecc_errors><volatile><" + name + "></volatile></ecc_errors>", ecc)}
    {part("<fabric><state>{}</state><status>{}</status></fabric>", fabric[0], fabric[-1])}
  </gpu>"""


def uuid(card: dict[str, Any]) -> str:
    return "GPU-" + card["bus"].replace(":", "-").replace(".", "-")


def smi_xml(smi: dict[str, Any]) -> str:
    return (
        '<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">\n<nvidia_smi_log>'
        f"<driver_version>{smi['driver']}</driver_version><cuda_version>{smi['cuda']}</cuda_version>"
        f"<attached_gpus>{len(smi['cards'])}</attached_gpus>"
        + "".join(card_xml(card) for card in smi["cards"])
        + "\n</nvidia_smi_log>\n"
    )


def expand(data: dict[str, Any]) -> dict[str, Any]:
    """A capture out of the short form."""
    files = dict(data.get("files", {}))
    commands = dict(data.get("commands", {}))
    smi = data.get("smi")
    rows = [row.split() for row in data.get("pci", [])]
    if smi:
        commands["nvidia-smi -q -x"] = smi_xml(smi)
        if all("capability" in card for card in smi["cards"]):
            commands["nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader"] = "".join(
                f"{uuid(card)}, {card['capability']}\n" for card in smi["cards"]
            )
        commands["nvidia-smi nvlink --status"] = "".join(
            f"GPU {number}: {card['name']} (UUID: {uuid(card)})\n" + "\t Link 0: 26.562 GB/s\n" * card.get("links", 0)
            for number, card in enumerate(smi["cards"])
        )
        rows += [[f"0000:{card['bus']}", "10de", card["device"], card.get("class", "030000")] for card in smi["cards"]]
    for bus, vendor, device, kind in rows:
        base = f"/sys/bus/pci/devices/{bus}/"
        for key, value in (("vendor", vendor), ("device", device), ("class", kind)):
            files[base + key] = f"0x{value}\n"
    return {
        "files": files,
        "commands": commands,
        "links": data.get("links", {}),
        "spaces": data.get("spaces", {}),
        "directories": data.get("directories", []),
    }


def read(name: str) -> dict[str, Any]:
    """The node as `node_info` would return it on this machine."""
    return read_node(Capture(expand(load(name))), epoch=0.0)
