# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is watched on a node: from the plan and the ports that the doctor judges by."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    current,
    has_gateway,
    models_of,
    units_of,
)

CHAT = "yitiji-open-webui"
LOADING = 600  # seconds, where the plan does not say how long a start may take
PAGE_LOADING = 300


class Served(NamedTuple):
    """A service that answers at `health`, an address of the node. `container` is empty for one that is no container."""

    unit: str
    container: str
    port: int
    health: str
    loading: float  # seconds that a start may take


class Weights(NamedTuple):
    path: str
    model: str


class Settings(NamedTuple):
    head: bool
    https: int
    model: str
    services: List[Served]
    weights: List[Weights]

    def as_dict(self) -> Dict[str, Any]:
        rows = {part: [row._asdict() for row in getattr(self, part)] for part in ("services", "weights")}
        return {**self._asdict(), **rows}


def restored(data: Mapping[str, Any]) -> Settings:
    """What an earlier look kept, so that a configuration that is cut short later does not disable the watch."""
    return Settings(
        bool(data["head"]),
        int(data["https"]),
        str(data["model"]),
        [Served(**row) for row in data["services"]],
        [Weights(**row) for row in data["weights"]],
    )


def of_node(config: Mapping[str, Any], chat: bool) -> Settings:
    """From the doctor's configuration; `chat`: the page's unit is on the node. ValueError without a plan."""
    plan = current(config.get("plan"))
    host = str(config.get("host") or "")
    if not plan or host not in plan["nodes"]:
        raise ValueError("there is no plan for this node")
    ports = (config.get("settings") or {}).get("ports") or {}
    services = [
        _engine(unit, plan) for unit in units_of(plan, host) if unit["serves"] and urlsplit(str(unit["url"])).port
    ]
    if chat and ports.get("chat"):
        port = int(ports["chat"])
        services.append(Served(CHAT + ".service", CHAT, port, f"http://127.0.0.1:{port}/health", PAGE_LOADING))
    return Settings(
        has_gateway(plan, host),
        int(ports.get("https") or 443),
        str(plan["model"].get("served_name") or ""),
        services,
        [Weights(str(model["path"]), str(model["id"])) for model in models_of(plan) if model.get("path")],
    )


def _engine(unit: Mapping[str, Any], plan: Mapping[str, Any]) -> Served:
    name, url = str(unit["name"]), str(unit["url"])
    loading = float((plan.get("start") or {}).get("timeout_seconds") or LOADING)
    health = str((plan.get("run") or {}).get("health") or "/health")
    return Served(
        name + ".service", name if plan.get("container") else "", urlsplit(url).port or 0, url + health, loading
    )
