# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: a wish, nodes and a model become one plan (docs/architecture.md), or a refusal."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog, look_up
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.compose import compose
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.copies import Guest, beside, replicas
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_cpus import size_on_cpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gguf import size_on_gguf
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.on_gpus import size_on_gpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.sizing import Sizing
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import GGUF_ENGINES, Wish


def make_plan(wish: Wish, catalog: Catalog, guests: Optional[List[Guest]] = None) -> Dict[str, Any]:
    def size(part: Wish) -> Sizing:
        if part.engine in GGUF_ENGINES:
            return size_on_gguf(part, catalog)
        return size_on_cpus(part, catalog) if part.device == "cpu" else size_on_gpus(part, catalog)

    found = beside(wish, guests, size) if guests else replicas(wish, size)
    unit = str(look_up(catalog, "engines", wish.engine, "appliance_engine")["service"]["unit"])
    return compose(wish, [(unit + name, sizing) for name, sizing in found], catalog)
