# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue and a short way to a plan, for tests and tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import serving_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish


def parse(content: str) -> Any:
    return yaml.safe_load(content) or {}


def load_catalog() -> Catalog:
    return read_catalog([str(ROOT / "plugins" / "catalog")], parse)


def declared(gpu: str, count: int, nodes: int = 1, **more: Any) -> dict[str, Any]:
    """Nodes as an inventory declares them."""
    hardware = {"gpus": [{"model": gpu, "count": count}] if count else [], **more}
    return {f"n{rank + 1}": {"address": f"10.0.0.{rank % 250 + 1}", "hardware": hardware} for rank in range(nodes)}


def first_unit(made: dict[str, Any]) -> dict[str, Any]:
    """A plan's first engine: the unit on the head."""
    return serving_units(made)[0]


def totals(made: dict[str, Any]) -> dict[str, Any]:
    """What all engines of a plan's first model hold."""
    return made["totals"][made["model"]["served_name"]]


def plan(catalog: Catalog, nodes: dict[str, Any], **variables: Any) -> dict[str, Any]:
    wanted = {"deployment": "demo", "profile": "basic", "nodes": nodes, **variables}
    return make_plan(read_wish(wanted, catalog), catalog)
