# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine's log says of its memory, beside what was planned."""

from __future__ import annotations

import re
from typing import Any

_GIB = r"(-?[\d.]+) ?GiB"
LINES = {
    "weights": re.compile(r"Model loading took " + _GIB),
    "kv": re.compile(r"Available KV cache memory: " + _GIB),
    "activation": re.compile(r"torch peak memory increase: " + _GIB),
    "non_torch": re.compile(r"non-torch forward increase memory: " + _GIB),
    "graph_estimate": re.compile(r"Estimated CUDA graph memory: " + _GIB),
    "graphs": re.compile(r"Graph capturing finished in .*? took " + _GIB),
}
TOKENS = re.compile(r"GPU KV cache size: ([\d,]+) tokens")
PAIRS = (  # what the planner calls it, what the log calls it
    ("weights", "weights"),
    ("activation", "activation"),
    ("non_torch", "non_torch"),
    ("graphs", "graph_estimate"),
    ("kv", "kv"),
)


def read_log(log: str) -> dict[str, float]:
    """GiB by name, and `tokens`; the last word counts."""
    found: dict[str, float] = {}
    for name, pattern in LINES.items():
        values = pattern.findall(log)
        if values:
            found[name] = float(values[-1])
    tokens = TOKENS.findall(log)
    if tokens:
        found["tokens"] = int(tokens[-1].replace(",", ""))
    return found


def compare(setting: dict[str, Any], measured: dict[str, float]) -> dict[str, Any]:
    """Planned and measured side by side; `safe`: the engine holds at least the tokens that the plan promises."""
    planned = setting["predicted"]
    rows = {
        ours: {"planned": round(planned[ours], 3), "measured": measured[theirs]}
        for ours, theirs in PAIRS
        if theirs in measured
    }
    found: dict[str, Any] = {"gib": rows}
    if measured.get("tokens"):
        found.update(
            tokens={
                "planned": setting["tokens"],
                "promised": setting["tokens_promised"],
                "measured": measured["tokens"],
            },
            error=round(setting["tokens"] / measured["tokens"] - 1, 4),
            safe=setting["tokens_promised"] <= measured["tokens"],
        )
    return found


def table(name: str, found: dict[str, Any]) -> list[str]:
    lines = []
    for what, row in found.get("gib", {}).items():
        lines.append(f"{name:15} {what:11} GiB  planned {row['planned']:9.3f}  measured {row['measured']:9.3f}")
    if "tokens" in found:
        row = found["tokens"]
        lines.append(
            f"{name:15} KV tokens        planned {row['planned']:9,}  measured {row['measured']:9,}  "
            f"promised {row['promised']:9,}  {found['error']:+.1%}{'' if found['safe'] else '  PROMISED TOO MUCH'}"
        )
    for row in found.get("speed") or []:
        lines.append(
            f"{name:15} {row['requests']:3} requests     {row['decode_tokens_s']:9,.0f} tokens/s, "
            f"prompts {row['prefill_tokens_s']:9,.0f} tokens/s"
        )
    return lines
