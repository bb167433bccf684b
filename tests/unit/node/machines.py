# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turns a described machine into a capture that the readers read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._node import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._node_host import Capture

NODES = Path(__file__).resolve().parents[2] / "fixtures" / "nodes"
NAMES = sorted(path.stem for path in NODES.glob("*.yml"))


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((NODES / f"{name}.yml").read_text(encoding="utf-8"))


def card_xml(card: dict[str, Any]) -> str:
    fabric = card.get("fabric", ["N/A", "N/A"])
    mig = card.get("mig", "N/A")
    slices = "None"
    if mig == "Enabled":
        slices = (
            "<mig_device><index>0</index><fb_memory_usage><total>19968 MiB</total><used>12 MiB</used>"
            "<free>19955 MiB</free></fb_memory_usage></mig_device>"
        )
    device, vendor = card["device"].upper(), "10DE"
    total, used = card["total"], card.get("used", 1)
    ecc = card.get("ecc", "0" if card.get("datacenter") else "N/A")
    processes = "".join(
        f"<process_info><pid>{pid}</pid><type>C</type><process_name>{name}</process_name>"
        f"<used_memory>{size} MiB</used_memory></process_info>"
        for pid, name, size in card.get("processes", [])
    )
    return f"""
  <gpu id="00000000:{card["bus"].upper()}">
    <product_name>{card["name"]}</product_name>
    <product_architecture>{card["architecture"]}</product_architecture>
    <persistence_mode>Enabled</persistence_mode>
    <mig_mode><current_mig>{mig}</current_mig><pending_mig>{mig}</pending_mig></mig_mode>
    <mig_devices>{slices}</mig_devices>
    <uuid>GPU-{card["bus"].replace(":", "-").replace(".", "-")}</uuid>
    <pci><pci_bus_id>00000000:{card["bus"].upper()}</pci_bus_id><pci_device_id>{device}{vendor}</pci_device_id>
      <pci_gpu_link_info><link_widths><max_link_width>16x</max_link_width>
      <current_link_width>{card.get("width", 16)}x</current_link_width></link_widths></pci_gpu_link_info></pci>
    <fb_memory_usage><total>{total} MiB</total><reserved>450 MiB</reserved><used>{used} MiB</used>
      <free>{total - used} MiB</free></fb_memory_usage>
    <bar1_memory_usage><total>256 MiB</total><used>5 MiB</used><free>251 MiB</free></bar1_memory_usage>
    <ecc_errors><volatile><dram_uncorrectable>{ecc}</dram_uncorrectable></volatile></ecc_errors>
    <fabric><state>{fabric[0]}</state><status>{fabric[1]}</status></fabric>
    <processes>{processes}</processes>
  </gpu>"""


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
        commands["nvidia-smi --query-gpu=uuid,compute_cap --format=csv,noheader"] = "".join(
            f"GPU-{card['bus'].replace(':', '-').replace('.', '-')}, {card['capability']}\n" for card in smi["cards"]
        )
        commands["nvidia-smi nvlink --status"] = "".join(
            f"GPU {number}: {card['name']} (UUID: GPU-x)\n" + "\t Link 0: 26.562 GB/s\n" * card.get("links", 0)
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
