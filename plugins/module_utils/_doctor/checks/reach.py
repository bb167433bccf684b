# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node can't be reached, in words, with what to do (LLM107)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
)

# What the connection says -> what it comes to (a phrase of the messages, with `.how`), first match counts.
CAUSES: List[Tuple[str, str]] = [
    (
        r"Could not resolve|Name or service not known|nodename nor servname|getaddrinfo|Temporary failure in name",
        "reach.name",
    ),
    (r"Connection refused|Unable to connect to port", "reach.refused"),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|authenticity of host"
        r"|host key .* does not match|not found in known_hosts|Server .* not found",
        "reach.host_key",
    ),
    (
        r"Incorrect sudo password|Missing sudo password|sudo: a password is required|Incorrect su password"
        r"|Timeout .*privilege escalation",
        "reach.become",
    ),
    (r"Permission denied|Invalid/incorrect password|not a valid .* private key|[Aa]uthentication", "reach.login"),
    (r"No route to host|Network is unreachable|Host is down|EHOSTUNREACH", "reach.route"),
    (
        r"Connection closed by UNKNOWN|kex_exchange_identification|Connection closed by remote host"
        r"|Connection reset by peer",
        "reach.closed",
    ),
    (r"[Tt]imed? ?out|timeout", "reach.silent"),
    (r"python.*not found|No such file or directory.*python|interpreter|command not found", "reach.python"),
]


def unreachable(address: str, port: Any, user: str, said: str) -> Refusal:
    """A failed connection as a refusal (LLM107); the last line of what it said is the evidence."""
    cause = next((name for pattern, name in CAUSES if re.search(pattern, said)), "reach.other")
    values = {"where": f"{address}:{port or 22}", "user": user or "?", "address": address}
    last = _last_line(said)
    return Refusal(
        "LLM107",
        address=address,
        why=say(cause, **values),
        how=say(f"{cause}.how", **values),
        evidence=[last] if last else [],
    )


def _last_line(said: str) -> str:
    lines = [
        line.strip() for line in said.splitlines() if line.strip() and not line.startswith(("debug", "Warning: Perm"))
    ]
    return lines[-1][:300] if lines else ""


def reached(context: Context) -> Finding:
    """Whether the node was reached; the command on the node itself always has been."""
    answer = context.measures.get("reach")
    if answer is None:
        return skipped("asked on the node itself", "在节点上直接运行")
    if answer.get("ok") is None:
        return unknown("the node was not asked", "未询问该节点")
    if not answer["ok"]:
        reason, remedy = answer["reason"], answer["remedy"]
        return failed(reason["en"], reason["zh"], remedy_en=remedy["en"], remedy_zh=remedy["zh"])
    return passed("the node answers", "节点有应答")


PROBES: Dict[str, Probe] = {"LLM107": reached}
