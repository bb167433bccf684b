# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges many nodes at once, as a check of one may depend on the others of its deployment."""

from __future__ import annotations

from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context, evaluate, silenced


def judge(
    rules: List[Dict[str, Any]], seen: Dict[str, Dict[str, Any]], phase: str, ignore: List[Any]
) -> List[Dict[str, Any]]:
    """Results of all hosts. Peers are the other hosts of the same deployment."""
    known = [str(rule["id"]) for rule in rules]
    groups: Dict[str, Dict[str, Any]] = {}
    for host, item in seen.items():
        groups.setdefault(_deployment(item), {})[host] = dict(item["node"], clock_offset=item.get("clock"))
    found: List[Dict[str, Any]] = []
    for host, item in seen.items():
        settings = item.get("settings") or {}
        context = Context(
            node=item["node"],
            plan=item.get("plan") or None,
            settings=settings,
            measures=item.get("measures") or {},
            peers={name: node for name, node in groups[_deployment(item)].items() if name != host},
            clock=item.get("clock"),
            host=host,
        )
        quiet = silenced([*ignore, *(settings.get("ignore") or [])], known)
        asked = rules
        if (context.measures.get("reach") or {}).get("ok") is False:  # of a node nobody saw, nothing else can be said
            asked = [rule for rule in rules if rule["id"] == "LLM107"]
        found += evaluate(asked, context, phase, PROBES, NEEDS, quiet)
    return found


def _deployment(item: Dict[str, Any]) -> str:
    return str((item.get("settings") or {}).get("deployment") or "")
