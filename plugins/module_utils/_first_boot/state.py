# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is anything to do at this boot, and why: first boot, cut off, other hardware, other settings."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Text

GIB = 2**30
Hardware = Dict[str, Any]


def hardware(node: Mapping[str, Any]) -> Hardware:
    """What a plan depends on, from the facts of `node_info`."""
    cpu, memory = node.get("cpu") or {}, node.get("memory") or {}
    return {
        "cpu": f"{cpu.get('model') or '?'}, {cpu.get('threads') or 0} threads",
        "memory_gib": round(int(memory.get("total_bytes") or 0) / GIB, 1),
        "cards": [
            {"bus": card.get("bus"), "pci_id": card.get("pci_id"), "uuid": card.get("uuid"), "name": card.get("name")}
            for card in node.get("gpus") or []
        ],
    }


def changes(old: Hardware, new: Hardware) -> List[Text]:
    """What has changed since the plan was made; empty where the machine is the same."""
    found: List[Text] = []
    before, now = old.get("cards", []), new.get("cards", [])
    for card in before:
        there = [c for c in now if c["bus"] == card["bus"]]
        if not there:
            found.append(Text(f"card {_name(card)} is gone", f"显卡 {_name(card)} 已不在"))
        elif not _same(card, there[0]):
            found.append(
                Text(
                    f"card {_name(card)} was replaced by {_name(there[0])}",
                    f"显卡 {_name(card)} 已更换为 {_name(there[0])}",
                )
            )
    known = [card["bus"] for card in before]
    found += [Text(f"card {_name(c)} is new", f"新增显卡 {_name(c)}") for c in now if c["bus"] not in known]
    was, is_now = float(old.get("memory_gib", 0)), float(new.get("memory_gib", 0))
    if abs(was - is_now) > 0.05 * max(was, is_now):
        found.append(Text(f"memory is {is_now} GiB, was {was} GiB", f"内存由 {was} GiB 变为 {is_now} GiB"))
    if old.get("cpu") != new.get("cpu"):
        found.append(
            Text(
                f"processor is {new.get('cpu')}, was {old.get('cpu')}",
                f"处理器由 {old.get('cpu')} 变为 {new.get('cpu')}",
            )
        )
    return found


def _name(card: Mapping[str, Any]) -> str:
    return f"{card.get('name') or card.get('pci_id') or '?'} ({card.get('bus')})"


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """The driver tells a card's serial number; before it is installed, the kind must do."""
    if old.get("uuid") and new.get("uuid"):
        return bool(old["uuid"] == new["uuid"])
    return bool(old.get("pci_id") == new.get("pci_id"))


def reasons(known: Mapping[str, Any], now: Mapping[str, Any]) -> List[Text]:
    """Why the site has to be applied; empty where this boot has nothing to do."""
    if not known:
        return [Text("first boot", "首次启动")]
    if known.get("stage") != "done":
        return [Text("the run before was cut off or failed", "上一次运行中断或失败")]
    found = changes(known.get("hardware", {}), now["hardware"])
    for name, en, zh in (
        ("settings", "the settings of the site changed", "现场设置已更改"),
        ("address", "the address changed", "地址已更改"),
    ):
        if known.get(name) != now.get(name):
            found.append(Text(en, zh))
    return found


def inventory(deployment: str, host: str, python: str, variables: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """For ansible-playbook on the machine itself; later variables win."""
    merged: Dict[str, Any] = {}
    for more in variables:
        merged.update(more)
    merged.update(
        ansible_connection="local",
        ansible_python_interpreter=python,
        ansible_host=merged.get("appliance_address", host),
        appliance_deployment=deployment,
    )
    here = {"ansible_connection": "local", "ansible_python_interpreter": python}
    group = {"hosts": {host: merged}}
    return {"all": {"children": {"appliances": {"children": {deployment: group}}}, "hosts": {"localhost": here}}}
