# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: a wish, nodes and a model become one plan (docs/architecture.md), or a refusal."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_cpu import cpu_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_gguf import gguf_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_gpu import gpu_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan_wish import GGUF_ENGINES, Wish


def make_plan(wish: Wish, catalog: Catalog) -> Dict[str, Any]:
    if wish.engine in GGUF_ENGINES:
        return gguf_plan(wish, catalog)
    if wish.device == "cpu":
        return cpu_plan(wish, catalog)
    return gpu_plan(wish, catalog)
