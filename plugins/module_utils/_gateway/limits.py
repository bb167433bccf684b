# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request may ask of an engine, as nginx's JavaScript reads it (roles/gateway/files/judge.js)."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, sentence

# The word of judge.js: the least value that makes sense.
NUMBERS = {
    "max_answers": 1,
    "max_answer_tokens": 0,
    "max_inputs": 1,
    "max_logprobs": 0,
    "max_prompt_logprobs": 0,
    "max_stop": 0,
    "max_stop_length": 1,
    "max_list": 0,
    "max_format_bytes": 0,
    "max_tools": 0,
    "max_tools_bytes": 0,
    "max_repeats": 1,
    "max_expression": 0,
    "max_messages": 1,
    "max_media": 0,
}
# Numbers of the role that are no part of judge.js.
OTHERS = {
    "total_concurrency": 0,
    "page_weight": 1,
    "page_concurrency": 0,
    "page_rate": 0,
    "page_burst": 0,
    "page_source_rate": 1,
    "large_rate": 0,
    "sign_in_rate": 1,
    "sign_in_burst": 0,
    "header_seconds": 1,
    "body_seconds": 1,
    "send_seconds": 1,
    "idle_seconds": 0,
    "connections": 512,
    "source_connections": 0,
}
SWITCHES = ("media_urls", "beam_search")
TABLE = "inet yitiji_gateway"
# Beyond this the engines refuse by themselves (VLLM_MAX_N_SEQUENCES, VLLM_MAX_COMPLETION_PROMPTS).
MOST_ANSWERS = 16
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")


def parameters(catalog: Mapping[str, Any], engine: str) -> Dict[str, List[str]]:
    """By route, what a request may name: the default's and the engine's own."""
    found: Dict[str, List[str]] = {}
    for entry in (catalog.get("default") or {}, catalog.get(engine) or {}):
        for route, names in (entry.get("parameters") or {}).items():
            found[route] = sorted({*found.get(route, []), *names})
    return found


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables (LLM820, LLM821)."""
    found = [
        Refusal("LLM820", name=f"gateway_{name}", value=settings[f"gateway_{name}"], least=least)
        for name, least in {**NUMBERS, **OTHERS}.items()
        if int(settings[f"gateway_{name}"]) < least
    ]
    answers = int(settings["gateway_max_answers"])
    if answers > MOST_ANSWERS:
        found.append(Refusal("LLM822", value=answers, most=MOST_ANSWERS))
    more = settings["gateway_parameters"]
    found += [Refusal("LLM821", value=name) for name in more if not _NAME.match(str(name))]
    return [
        *found,
        *(Refusal("LLM823", value=row) for row in settings["gateway_unlimited_sources"] if not _network(row)),
    ]


def _network(text: str) -> bool:
    try:
        ipaddress.ip_network(str(text).strip(), False)
    except ValueError:
        return False
    return True


def sources(ports: List[int], most: int, unlimited: List[str]) -> str:
    """A script for `nft -f`: the table that counts connections by source, IPv6 by 64 bits, in an older one's place."""
    lines = [f"table {TABLE}", f"delete table {TABLE}"]
    if not most:
        return "\n".join([*lines, ""])
    free = [ipaddress.ip_network(str(text).strip(), False) for text in unlimited]
    rows: List[str] = []
    for version, word in ((4, "ip"), (6, "ip6")):
        near = sorted(str(network) for network in free if network.version == version)
        if near:
            rows.append(f"        {word} saddr {{ {', '.join(near)} }} accept")
    wanted = ", ".join(str(port) for port in sorted(set(ports)))
    whole, site = "ip saddr", "ip6 saddr & ffff:ffff:ffff:ffff::"
    return "\n".join(
        [
            *lines,
            f"table {TABLE} {{",
            "    set sources4 { type ipv4_addr; flags dynamic; size 65535; }",
            "    set sources6 { type ipv6_addr; flags dynamic; size 65535; }",
            "    chain entry {",
            "        type filter hook input priority -10; policy accept;",
            f"        tcp dport != {{ {wanted} }} accept",
            "        ct state != new accept",
            '        iif "lo" accept',
            *rows,
            f"        add @sources4 {{ {whole} ct count over {most} }} counter reject with tcp reset",
            f"        add @sources6 {{ {site} ct count over {most} }} counter reject with tcp reset",
            "    }",
            "}",
            "",
        ]
    )


def _audit(wanted: Mapping[str, Any]) -> Any:
    """What the gateway does as long as nobody records (role's variable gateway_audit_when_full)."""
    if not wanted:
        return None
    return {
        "state": wanted["state"],
        "refuse": wanted["when_full"] == "refuse",
        "content": int(wanted["content"]),
        "stop": sentence("LLM882", path=wanted["folder"]),
    }


def script(catalog: Mapping[str, Any], engine: str, wanted: Mapping[str, Any], language: str = "both") -> str:
    """The limits as a module of nginx's JavaScript."""
    words = {name[4:]: int(wanted[name]) for name in NUMBERS}
    words["sequences"] = words.pop("answers")
    values: Dict[str, Any] = {
        **words,
        "language": language,
        **{name: str(wanted[name]).lower() == "true" for name in SWITCHES},
        "more": list(wanted["parameters"]),
        "parameters": parameters(catalog, engine),
        "audit": _audit(wanted.get("audit") or {}),
    }
    return f"export default {json.dumps(values, indent=1, sort_keys=True)};\n"
