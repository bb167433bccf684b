# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every reader of a plan needs: whether this release can read it, and the units of a node."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple

SCHEMA = 2  # docs/plan.schema.json; another number means: plan again

# Where the gateway answers the chat page: on the node's own loopback, reached by containers and by no other machine.
DOOR = "169.254.213.1"


def current(plan: Any) -> Dict[str, Any]:
    """A plan that was kept somewhere, if this release can read it; {} for no plan."""
    return plan if isinstance(plan, dict) and plan.get("schema") == SCHEMA else {}


def models_of(plan: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Each model that is served, the first one first."""
    return [plan["model"], *plan["models_beside"]]


def units_of(plan: Mapping[str, Any], host: str) -> List[Dict[str, Any]]:
    """The engines on one node, each a systemd unit; none on a node that the plan does not use."""
    return list((plan["nodes"].get(host) or {}).get("units") or [])


def head_of(plan: Mapping[str, Any]) -> str:
    """The node that users meet."""
    return next(str(name) for name, node in plan["nodes"].items() if node["head"])


def independent(plan: Mapping[str, Any]) -> bool:
    """Whether several nodes serve, each by itself; of nodes that compute together the head alone does."""
    return len(plan.get("nodes") or {}) > 1 and not plan.get("cluster")


def gateways_of(plan: Mapping[str, Any]) -> List[str]:
    """The nodes with a gateway: the head, and the second where there is one."""
    return list((plan.get("gateways") or {}).get("nodes") or [head_of(plan)])


def has_gateway(plan: Mapping[str, Any], host: str) -> bool:
    """Whether users reach this node of the plan: the head, and the second gateway where there is one."""
    own: Dict[str, Any] = (plan.get("nodes") or {}).get(host) or {}
    return bool(own.get("head")) or host in ((plan.get("gateways") or {}).get("nodes") or {})


def asked_apart(plan: Mapping[str, Any], host: str) -> bool:
    """Whether the node's engines listen in the network between the nodes, for a gateway on another one."""
    own: Dict[str, Any] = (plan.get("nodes") or {}).get(host) or {}
    return bool(own) and independent(plan) and (not own["head"] or len(gateways_of(plan)) > 1)


def placed_units(plan: Mapping[str, Any]) -> List[Tuple[str, Dict[str, Any]]]:
    """The engines that answer requests, each with its node: the head, unless nodes are independent."""
    return [(name, unit) for name, node in plan["nodes"].items() for unit in node["units"] if unit["serves"]]


def serving_units(plan: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The engines that answer requests. The head's and the first model's come first."""
    return [unit for _name, unit in placed_units(plan)]
