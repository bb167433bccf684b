# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of role bundle; documented in the files beside."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import use as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


def problem(bundle: Dict[str, Any], host: str, node: Any = None, plan: Any = None) -> str:
    return core.problem(bundle, host, node, plan)


def use(bundle: Dict[str, Any], node: Any, base: str, folder: str, path: str, images: Any = None) -> Dict[str, Any]:
    return core.use(bundle, node, base, folder, path, images or {})


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing(
            {"bundle_wants": core.wants, "bundle_problem": problem, "bundle_use": use, "bundle_told": core.told}
        )
