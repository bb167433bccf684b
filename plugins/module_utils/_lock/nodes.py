# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run found out about its nodes, from the facts that modules left on the way."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.state import pin

PACKAGES, IMAGE = "yitiji_packages_there_", "yitiji_image_"
FIRST = PACKAGES + "site"  # asked before anything was installed; what each role then says is newer


def system_of(distribution: Mapping[str, Any]) -> str:
    """`debian 12 x86_64`: nodes alike have packages of the same versions."""
    return "{} {} {}".format(distribution["ids"][0], distribution["versions"][0], distribution["architecture"])


def found(hosts: Sequence[str], variables: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """{host: {system, packages, images}} of the nodes that this run has asked; {} for each of the others."""
    nodes: Dict[str, Any] = {}
    for host in hosts:
        facts, distribution = variables[host].get("ansible_facts") or {}, variables[host].get("appliance_distribution")
        nodes[host] = {}
        if distribution and FIRST in facts:
            own = [facts[key] for key in sorted(facts) if key.startswith(PACKAGES) and key != FIRST]
            gone = {name for row in own for name, version in row.items() if not version}  # what a role removed again
            own.insert(0, {name: version for name, version in facts[FIRST].items() if name not in gone})
            images = [value for key, value in facts.items() if key.startswith(IMAGE)]
            nodes[host] = {
                "system": system_of(distribution),
                "packages": {name: version for row in own for name, version in row.items() if version},
                "images": {image["ref"]: image for image in images},
            }
    return nodes


def pinned(plan: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """The plan with the images as the nodes found them, the head's word first."""
    images: Dict[str, Any] = {}
    for node in nodes.values():
        for ref, image in (node.get("images") or {}).items():
            images.setdefault(ref, image)
    return pin(plan, images)


def fixed(row: Mapping[str, Any], locked: Mapping[str, Any]) -> Dict[str, Any]:
    """What a role asks of a bundle, with the versions that are locked for nodes of that system."""
    packages: Dict[str, str] = {}
    for node in (locked.get("nodes") or {}).values():
        if row.get("distribution") and node["system"] == system_of(row["distribution"]):
            packages.update(node["packages"])
    names = [str(name) for name in row.get("packages") or []]
    return {**row, "packages": [f"{name}={packages[name]}" if name in packages else name for name in names]}
