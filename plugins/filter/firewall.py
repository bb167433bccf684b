# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for role firewall."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.firewall import peers
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"firewall_peers": peers})
