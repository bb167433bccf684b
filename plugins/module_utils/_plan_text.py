# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as a readable text, in Chinese or English."""

from __future__ import annotations

from typing import Any, List, Mapping


def explain(plan: Mapping[str, Any], language: str) -> str:
    def pick(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    model, engine, layout, capacity = plan["model"], plan["engine"], plan["layout"], plan["capacity"]
    lines: List[str] = [
        pick("部署 {0} (档位 {1})", "Deployment {0} (profile {1})").format(plan["deployment"], plan["profile"]),
        pick("  模型    {0}", "  model    {0}").format(model["id"]),
        pick("  引擎    {0} {1} ({2})", "  engine   {0} {1} ({2})").format(
            engine["name"], engine["version"], engine["device"]
        ),
        pick("  布局    TP {tensor} x PP {pipeline} x DP {data}", "  layout   TP {tensor} x PP {pipeline} x DP {data}").format(**layout),
        pick("  容量    KV {0} 词元", "  capacity {0} KV tokens").format(capacity["kv_tokens"]),
        pick("  命令    {0}", "  command  {0}").format(" ".join(plan["args"])),
    ]
    for row in plan["why"]:
        lines.append("  {} = {}: {} ({})".format(row["key"], row["value"], row["rule"][language], row["source"]))
    return "\n".join(lines)
