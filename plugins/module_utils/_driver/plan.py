# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which NVIDIA driver a node gets: branch, kind of module, packages, services. Facts in, plan or refusal out."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System, matches
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import words as say
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver.boot import (
    reboot_reasons,
    secure_boot,
    wanted_kernels,
)

Plan = Dict[str, Any]
Node = Mapping[str, Any]
Catalog = Mapping[str, Dict[str, Any]]

WISHES: Dict[str, Any] = {
    "branch": "",
    "flavour": "auto",
    "repository": False,
    "kernels": [],
    "persistence": True,
    "min_driver": "",
    "installs": True,
    "managed": False,
    "mok": "DKMS module signing key",
    "ignore": [],
    "like": "",
    "today": "",
}


def merge_facts(node: Node, facts: Mapping[str, Any]) -> Dict[str, Any]:
    """The node's facts with stand-ins for hardware that is not there."""
    result = dict(node)
    for key, value in facts.items():
        old = result.get(key)
        result[key] = merge_facts(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def cards_of(node: Node) -> List[Dict[str, Any]]:
    return [gpu for gpu in node.get("gpus") or [] if gpu.get("vendor") == "nvidia"]


def make_plan(node: Node, catalog: Catalog, given: Mapping[str, Any]) -> Plan:
    """The driver plan of one node; raises Refusal when there is none.

    `catalog` is the kind `drivers`, and as `systems` the list of distributions.
    """
    wishes = {**WISHES, **given}
    cards = cards_of(node)
    hardware = catalog["hardware"]
    works = _works(node, cards)
    kept = works and not wishes["managed"] and not any(wishes[key] for key in ("branch", "repository"))
    kept = kept and wishes["flavour"] == "auto"
    installs = bool(cards and wishes["installs"] and not kept)
    distribution = _distribution(node.get("os") or {}, catalog, installs, str(wishes["like"]))
    plan: Plan = {
        "verdict": "install" if installs else "present" if cards else "none",
        "cards": len(cards),
        "families": _families(cards, hardware, installs),
        "nvlink5": any(gpu.get("pci_id") in hardware["nvlink5"]["pci_ids"] for gpu in cards),
        "nouveau": dict(node.get("nouveau") or {}),
        "persistence": bool(wishes["persistence"]),
        "manager": distribution["manager"],
        "hold": list(distribution["hold"]),
        "initramfs": [dict(catalog["initramfs"][name], name=name) for name in distribution["initramfs"]],
        "kernels": wanted_kernels(node, wishes["kernels"], installs),
        "warnings": [],
        "reasons": [say.kept(works)] if kept else [] if cards else [say.NO_CARDS],
        "reboot": [],
    }
    if not cards:
        return plan
    plan["fabric_manager"] = bool(node.get("nvswitch")) or plan["nvlink5"]
    plan["nvlsm"] = plan["nvlink5"]
    plan["modules"] = hardware["modules"] + (hardware["nvlink5"]["modules"] if plan["nvlink5"] else [])
    plan["units"] = ["nvidia-persistenced"] if plan["persistence"] else []
    plan["units"] += ["nvidia-fabricmanager"] if plan["fabric_manager"] else []
    if installs:
        _choose(plan, cards, node, catalog, distribution, wishes)
    plan["reboot"] = reboot_reasons(node, plan["kernels"], bool(wishes["kernels"]))
    return plan


def _works(node: Node, cards: List[Dict[str, Any]]) -> str:
    """The version of a driver that reports every card; empty when there is none."""
    driver = node.get("nvidia") or {}
    good = cards and not driver.get("smi_error") and all(gpu.get("memory_bytes") for gpu in cards)
    return str(driver.get("driver_version") or "") if good else ""


def _families(cards: List[Dict[str, Any]], hardware: Mapping[str, Any], installs: bool) -> List[str]:
    """Chip families of the cards, oldest first."""
    order: List[str] = hardware["families"]
    found = {str(gpu.get("architecture")) for gpu in cards}
    strange = sorted(str(gpu.get("pci_id")) for gpu in cards if str(gpu.get("architecture")) not in order)
    if strange and installs:
        raise say.unknown_cards(strange)
    return [family for family in order if family in found]


def _distribution(os: Mapping[str, Any], catalog: Catalog, installs: bool, like: str) -> Dict[str, Any]:
    """The driver's names on a distribution, its own or those of the one that it follows."""
    systems = catalog["systems"]
    system = System(str(os.get("id") or ""), str(os.get("version") or ""))
    named = [systems[like]] if like in systems else [entry for entry in systems.values() if matches(entry, system)]
    entry = named[0] if named else {"lineage": [], "manager": ""}
    for key in entry["lineage"]:
        if key in catalog:
            return {**catalog[key], "name": entry["name"], "manager": entry["manager"]}
    if not installs:
        manager = "dnf" if re.search(r"rhel|fedora|centos", f"{system.id} {os.get('like')}") else "apt"
        return {"manager": entry["manager"] or manager, "hold": [], "initramfs": list(catalog["initramfs"])}
    known = sorted(row["name"] for row in systems.values() if {*row["lineage"]} & {*catalog})
    raise say.unknown_system(system.id, system.version, known)


def _choose(
    plan: Plan,
    cards: List[Dict[str, Any]],
    node: Node,
    catalog: Catalog,
    distribution: Dict[str, Any],
    wishes: Mapping[str, Any],
) -> None:
    """Fills in branch, kind of module, packages and units."""
    source = "vendor" if wishes["repository"] else "archive"
    _not_by_hand(node)
    layout = distribution.get(source)
    if not layout:
        raise say.no_source(distribution)
    branch = _branch(plan, cards, catalog, layout, source, wishes)
    number = int(branch["branch"])
    kinds = _flavours(plan["families"], branch, catalog["hardware"], str(wishes["flavour"]))
    flavour = kinds[0]
    prebuilt = bool((layout.get("prebuilt") or {}).get(flavour))
    plan["secure_boot"] = secure_boot(node, prebuilt, str(wishes["mok"]), distribution)
    plan.update(branch=str(number), flavour=flavour, source=source, dkms=not prebuilt, cuda=branch["cuda"])
    plan["tested"] = "real" if layout["tested"] == branch["tested"] == "real" else "data"
    _packages(plan, layout, distribution, number, prebuilt)
    plan["min_driver"] = "" if "LLM209" in wishes["ignore"] else str(wishes["min_driver"])
    plan["reasons"] = say.reasons(plan, branch, kinds, wishes)


def _not_by_hand(node: Node) -> None:
    """Refuses a driver that came without packages: two installations would break each other."""
    version = (node.get("nvidia") or {}).get("installed_version")
    packages = node.get("packages")
    if version and packages is not None and not any("nvidia" in str(row["name"]) for row in packages):
        raise say.own_driver(str(version))


def _branch(
    plan: Plan,
    cards: List[Dict[str, Any]],
    catalog: Catalog,
    layout: Mapping[str, Any],
    source: str,
    wishes: Mapping[str, Any],
) -> Dict[str, Any]:
    """The branch wished for, else the best one that drives all cards."""
    hardware = catalog["hardware"]
    offered = {int(number) for number in layout["branches"]}
    rows = {int(row["branch"]): row for row in catalog.values() if "branch" in row}
    floor = max([int(hardware["min_branch"].get(str(gpu.get("pci_id")), 0)) for gpu in cards] + [0])
    fits = [n for n in sorted(rows) if n >= floor and _drives(rows[n], plan["families"], hardware["families"])]
    if not fits:
        raise say.no_branch(plan["families"])
    wish = int(wishes["branch"] or 0)
    if wish and wish not in rows:
        raise say.unknown_branch(wish, sorted(rows))
    if wish and wish not in fits:
        raise say.wrong_branch(wish, plan["families"], fits)
    if wish and wish not in offered:
        raise say.branch_not_offered(wish, sorted(offered), source)
    minimum = "" if "LLM209" in wishes["ignore"] else str(wishes["min_driver"])
    need = int(minimum.split(".", maxsplit=1)[0]) if minimum else 0
    choice = [wish] if wish else [n for n in fits if n in offered]
    if not choice:
        raise say.source_too_old(plan["families"], fits, sorted(offered), source)
    enough = [n for n in choice if n >= need]
    if not enough:
        raise say.image_needs(minimum, choice, source)
    alive = [n for n in enough if str(rows[n]["until"]) >= str(wishes["today"])[:7]]
    best = sorted(alive or enough, key=lambda n: (bool(rows[n]["lts"]), n))[-1]
    if not alive:
        if source == "vendor" and not wish:
            raise say.ended(enough, rows, plan["families"])
        plan["warnings"].append(say.end_of_support(rows[best], source))
    return rows[best]


def _drives(row: Mapping[str, Any], families: List[str], order: List[str]) -> bool:
    span = order[order.index(row["first"]) : order.index(row["last"]) + 1]
    return all(family in span for family in families)


def _flavours(families: List[str], branch: Mapping[str, Any], hardware: Mapping[str, Any], wish: str) -> List[str]:
    """The kinds of module that drive all cards, the one to take first in front."""
    order: List[str] = hardware["families"]
    able = [kind for kind in branch["flavours"] if _drives(hardware["flavours"][kind], families, order)]
    if wish != "auto":
        if wish not in able:
            raise say.wrong_flavour(wish, families, able, branch)
        return [wish]
    if not able:
        raise say.mixed_cards(families)
    return able


def _fill(names: List[str], branch: int, kernels: List[str]) -> List[str]:
    filled: List[str] = []
    for name in names:
        for kernel in kernels if "{kernel}" in name else [""]:
            text = name.replace("{branch}", str(branch)).replace("{kernel}", kernel)
            if text not in filled:
                filled.append(text)
    return filled


def _packages(
    plan: Plan, layout: Mapping[str, Any], distribution: Mapping[str, Any], branch: int, prebuilt: bool
) -> None:
    flavour, kernels = plan["flavour"], plan["kernels"]
    same = [*layout["userland"], *([] if prebuilt else layout["kernel"][flavour])]
    if plan["fabric_manager"]:
        if not layout["fabric_manager"]:
            raise say.no_fabric_manager(distribution, plan["source"])
        same += layout["fabric_manager"]
    more = [*(layout["prebuilt"][flavour] if prebuilt else []), *layout.get("tools", [])]
    if plan["nvlsm"]:
        if not layout["nvlsm"]:
            raise say.no_fabric_manager(distribution, plan["source"])
        more += [*layout["nvlsm"], *layout.get("nvlink5_kernel", [])]
    if plan["persistence"]:
        more += layout["persistence"]
    plan["headers"] = [] if prebuilt else _fill(distribution["headers"], branch, kernels)
    plan["build_tools"] = [] if prebuilt else list(distribution["build_tools"])
    plan["same_version"] = _fill(same, branch, kernels)
    plan["version_of"] = _fill([layout["version_of"]], branch, [])[0]
    plan["stream"] = _fill([layout.get("stream", {}).get(flavour, "")], branch, [])[0]
    names = [*plan["headers"], *plan["build_tools"], *plan["same_version"], *_fill(more, branch, kernels)]
    plan["packages"] = list(dict.fromkeys(names))
