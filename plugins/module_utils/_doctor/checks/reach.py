# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node can't be reached, in words, with what to do (LLM107)."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.address import in_url
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.connection import understand
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
)


def unreachable(address: str, port: Any, user: str, said: str) -> Refusal:
    """A failed connection as a refusal (LLM107); the line that decided is the evidence."""
    heard = understand(said)
    values = {"where": f"{in_url(address)}:{port or 22}", "user": user or "?", "address": address}
    return Refusal(
        "LLM107",
        address=address,
        why=say(f"reach.{heard.cause}", **values),
        how=say(f"reach.{heard.cause}.how", **values),
        evidence=[heard.line] if heard.line else [],
    )


def reached(context: Context) -> Finding:
    """Whether the node was reached; the command on the node itself always has been."""
    answer = context.measures.get("reach")
    if answer is None:
        return skipped("asked on the node itself", "在节点上直接运行")
    if answer.get("ok") is None:
        return unknown("the node was not asked", "未检查该节点")
    if not answer["ok"]:
        reason, remedy = answer["reason"], answer["remedy"]
        return failed(reason["en"], reason["zh"], remedy_en=remedy["en"], remedy_zh=remedy["zh"])
    return passed("the node answers", "节点有应答")


PROBES: Dict[str, Probe] = {"LLM107": reached}
