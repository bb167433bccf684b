# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text, in Chinese or English."""

from __future__ import annotations

import unicodedata
from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import head_units, models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.speed_text import speed_lines

WORDS: Dict[str, Tuple[str, str]] = {
    "title": ("部署 {deployment} · 档位 {profile}", "Deployment {deployment} · profile {profile}"),
    "model": ("模型", "model"), "beside": ("同机模型", "beside it"),
    "hardware": ("硬件", "hardware"), "engine": ("引擎", "engine"),
    "image": ("镜像", "image"),
    "layout": ("并行布局", "layout"), "nodes": ("节点", "nodes"), "capacity": ("容量", "capacity"),
    "disk": ("磁盘", "disk"), "memory": ("每卡显存 (GiB)", "memory of each card (GiB)"),
    "host": ("内存 (GiB)", "main memory (GiB)"), "weights": ("权重", "weights"), "kv": ("KV 缓存", "KV cache"),
    "activation": ("激活", "activation"), "graphs": ("CUDA 图", "CUDA graphs"),
    "non_torch": ("NCCL/驱动", "NCCL, driver"),
    "margin": ("余量", "margin"), "outside": ("预算之外", "outside the budget"), "runtime": ("运行时", "runtime"),
    "total": ("合计", "total"), "command": ("引擎参数", "engine arguments"), "why": ("依据", "why"),
    "warnings": ("注意", "warnings"), "alternatives": ("其他可行布局", "other layouts that fit"),
    "gguf": ("GGUF", "GGUF"), "head": ("首节点", "head"),
}  # fmt: skip
CAPACITY = (
    "KV {kv_tokens:,} 词元；上下文 {context:,} × {concurrency_at_context} 并发；"
    "方案并发 {concurrency}，约 {users} 用户；最长上下文 {longest_context:,}",
    "{kv_tokens:,} KV tokens; {concurrency_at_context} requests of {context:,}; "
    "{concurrency} at once planned, about {users} users; longest context {longest_context:,}",
)
PARTS = ("weights", "kv", "activation", "graphs", "non_torch", "margin", "outside")
BAR = 40


def word(key: str, language: str) -> str:
    """A word in one language (`zh` or `en`)."""
    return WORDS[key][0 if language == "zh" else 1]


def width(content: str) -> int:
    """Columns on a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in content)


def pad(content: str, columns: int) -> str:
    """Text filled up with blanks to that many columns."""
    return content + " " * max(0, columns - width(content))


def noted(warning: Mapping[str, Any], language: str) -> str:
    """A warning with what to do; plans of an earlier day lack the latter."""
    stop, remedy = ("；" if language == "zh" else "; "), warning.get("remedy", {}).get(language, "")
    return f"{warning['id']}: {warning[language]}" + (stop + remedy if remedy else "")


def explain(plan: Mapping[str, Any], language: str) -> str:
    """The whole plan as text."""
    lines = [word("title", language).format(**plan), ""]
    for key, content in facts(plan, language):
        lines.append("  " + pad(word(key, language), 16) + content)
    lines += _memory(plan, language)
    lines += speed_lines(plan, language)
    lines += [
        "",
        "  " + word("command", language) + ":",
        *("    " + line for line in wrap_args(head_units(plan)[0]["args"])),
    ]
    lines += _rows(
        word("warnings", language), [noted(warning, language) for warning in plan["warnings"]]
    )
    lines += _rows(word("alternatives", language), [
        f"{other['change'][language]}: {other['kv_tokens']:,} KV" for other in plan["alternatives"]])  # fmt: skip
    reasons = [
        f"{reason['key']} = {reason['value']}: {reason['rule'][language]} [{reason['source']}]"
        for reason in plan["why"]
    ]
    lines += _rows(word("why", language), reasons)
    return "\n".join(lines)


def facts(plan: Mapping[str, Any], language: str) -> List[Tuple[str, str]]:
    """The rows of its table: a key of WORDS and the text beside it."""
    zh = language == "zh"
    model, engine, layout = plan["model"], plan["engine"], head_units(plan)[0]["layout"]
    used = [len(node["gpus"]) for node in plan["nodes"].values()]
    cards = f"{len(used)} x {max(used)} x {plan.get('gpu')}" if plan.get("gpu") else "CPU"
    experimental = ("，实验性" if zh else ", experimental") if engine.get("experimental") else ""
    rows = [
        ("model", f"{model['id']} ({model['bytes'] / 1e9:.1f} GB)"), ("hardware", cards),
        ("engine", f"{engine['name']} {engine['version']} ({engine['device']}, {engine['form']}{experimental})"),
    ]  # fmt: skip
    if plan.get("image"):
        rows.append(("image", plan["image"]["ref"]))
    if plan.get("gguf"):
        gguf = plan["gguf"]
        rows.append(("gguf", f"{gguf['quant']} ({gguf['bits']} bit), {gguf['gpu_layers']}/{gguf['layers']} → GPU"))
    more = "".join(f" {word} {layout[key]}" for key, word in (("context", "DCP"), ("expert", "EP")) if key in layout)
    rows.append(("layout", f"TP {layout['tensor']} x PP {layout['pipeline']} x DP {layout['data']}{more}"))
    rows.append(("nodes", ", ".join(_node(name, node, language) for name, node in list(plan["nodes"].items())[:16])))
    shape = CAPACITY[0] if zh else CAPACITY[1]
    for served in models_of(plan):
        row = shape.format(**capacity_of(plan, served["served_name"]))
        rows.append(("capacity", row) if served == model else ("beside", f"{served['id']}: {row}"))
    disk = plan["needs"]["disk_bytes"]
    rows.append(("disk", f"{disk['weights'] / 1e9:.1f} + {disk['images'] / 1e9:.1f} GB"))
    return rows


def capacity_of(plan: Mapping[str, Any], served_name: str) -> Dict[str, Any]:
    """Capacity of a model: the most that one engine takes, and what all its engines hold."""
    unit = next(unit for unit in head_units(plan) if unit["model"]["served_name"] == served_name)
    return {**unit["capacity"], **plan["totals"][served_name]}


def _node(name: str, node: Mapping[str, Any], language: str) -> str:
    mark = f" ({word('head', language)})" if node["head"] else ""
    gpus = node["gpus"]
    return f"{name}{mark} rank {node['rank']}" + (f" GPU {gpus[0]}-{gpus[-1]}" if gpus else "")


def _memory(plan: Mapping[str, Any], language: str) -> List[str]:
    held = head_units(plan)[0]["memory"]
    parts = held.get("per_gpu_gib")
    if parts:
        title, rows, total = word("memory", language), [(key, parts[key]) for key in PARTS], parts["total"]
    elif held.get("cpu_gib"):
        cpu = held["cpu_gib"]
        title, rows = word("host", language), [(key, cpu[key]) for key in ("weights", "kv", "runtime")]
        total = cpu["total"]
    else:
        return []
    lines = ["", f"  {title}: {word('total', language)} {total:.2f}"]
    for key, value in rows:
        filled = round(BAR * max(0.0, value) / total) if total else 0
        lines.append("    " + pad(word(key, language), 20) + f"{value:8.2f} " + "█" * filled)
    return lines


def _rows(title: str, rows: List[str]) -> List[str]:
    return ["", f"  {title}:", *("    " + row for row in rows)] if rows else []


def wrap_args(args: List[str]) -> List[str]:
    """Arguments, a flag and its value on one line."""
    lines: List[str] = []
    for argument in args:
        if argument.startswith("-") or not lines or not lines[-1].startswith("-") or " " in lines[-1]:
            lines.append(argument)
        else:
            lines[-1] += " " + argument
    return lines
