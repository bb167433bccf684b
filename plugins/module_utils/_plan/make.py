# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: a wish, nodes and a model become one plan (docs/architecture.md), or a refusal."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base._plan_error_tmp import text
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.compose import warning
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.copies import Guest, with_guests
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_cpus import cpu_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gguf import gguf_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gpus import gpu_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.replicas import replicated
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import GGUF_ENGINES, Wish

# How an engine is reached, unless its entry in the catalogue says otherwise. No key variable: it knows no key.
RUN = {"key_variable": "", "cache_variable": "", "health": "/health", "models": "/v1/models"}


def make_plan(wish: Wish, catalog: Catalog, guests: Optional[List[Guest]] = None) -> Dict[str, Any]:
    if guests:
        plan = with_guests(wish, guests, lambda part: _sized(part, catalog))
    elif wish.replicas > 1:
        plan = replicated(wish, lambda part: _sized(part, catalog))
    else:
        plan = _sized(wish, catalog)
    engine = look_up(catalog, "engines", wish.engine, "appliance_engine")
    plan["provision"] = provision(plan, engine.get("provision"))
    plan["run"] = {**RUN, **(engine.get("run") or {})}
    if engine.get("experimental"):
        plan["engine"]["experimental"] = True
        plan["warnings"].append(
            warning(
                "LLM540",
                text(
                    f"{engine['title']} 为实验性支持: 参数经过检查, 但从未见到它启动",
                    f"{engine['title']} is experimental: its arguments were checked, but nobody has seen it start",
                ),
            )
        )
    return plan


def provision(plan: Dict[str, Any], able: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """What site.yml can do with the plan; `able` is the engine's {role, nodes} in the catalogue, or None."""
    name, nodes = plan["engine"]["name"], len(plan["nodes"])
    if not able:
        why = text(f"引擎 {name} 目前只能规划, 还没有部署它的角色", f"{name} can be planned, but no role runs it yet")
    elif nodes > int(able["nodes"]):
        why = text(
            f"{name} 目前只能部署在 {able['nodes']} 个节点上, 方案用了 {nodes} 个",
            f"{name} can be run on {able['nodes']} node(s) so far, the plan takes {nodes}",
        )
    else:
        return {"role": able["role"], "ready": True, "reason": text("", "")}
    return {"role": (able or {}).get("role"), "ready": False, "reason": why}


def _sized(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    if wish.engine in GGUF_ENGINES:
        return gguf_plan(wish, catalog)
    if wish.device == "cpu":
        return cpu_plan(wish, catalog)
    return gpu_plan(wish, catalog)
