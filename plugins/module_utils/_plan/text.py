# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text, in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    gateways_of,
    independent,
    models_of,
    serving_units,
)

WORDS: Dict[str, Tuple[str, str]] = {
    "title": ("档位 {profile} · 部署 {deployment}", "profile {profile} · deployment {deployment}"),
    "heading": ("{model} 部署方案 · {tier}", "{model}: the plan · {tier}"),
    "model": ("模型", "model"), "beside": ("同机模型", "beside it"),
    "hardware": ("硬件", "hardware"), "engine": ("引擎", "engine"),
    "image": ("镜像", "image"),
    "layout": ("并行布局", "layout"), "nodes": ("节点", "nodes"), "capacity": ("容量", "capacity"),
    "gateways": ("网关", "gateways"),
    "disk": ("磁盘", "disk"), "memory": ("每卡显存（GiB）", "memory of each card (GiB)"),
    "host": ("内存（GiB）", "main memory (GiB)"), "weights": ("权重", "weights"), "kv": ("KV 缓存", "KV cache"),
    "activation": ("激活", "activation"), "graphs": ("CUDA 图", "CUDA graphs"),
    "non_torch": ("NCCL/驱动", "NCCL, driver"),
    "margin": ("余量", "margin"), "outside": ("留给系统", "left to the system"),
    "runtime": ("运行时", "runtime"),
    "total": ("合计", "total"), "command": ("引擎参数", "engine arguments"), "why": ("依据", "why"),
    "warnings": ("注意事项", "to beware of"),
    "alternatives": ("其他可行布局，及未选用的原因", "other layouts that fit, and why they were not taken"),
    "gguf": ("GGUF", "GGUF"),
    "concurrency": ("并发数", "requests at once"), "full": ("全部用满上下文时", "with all at full length"),
    "longest": ("单请求上限", "longest request"), "users": ("用户规模", "users"),
}  # fmt: skip
CAPACITY = (
    "KV {kv_tokens:,} 词元；上下文 {context:,} × {concurrency_at_context} 并发；"
    "方案并发 {concurrency}，约 {users} 用户；最长上下文 {longest_context:,}",
    "{kv_tokens:,} KV tokens; {concurrency_at_context} requests of {context:,}; "
    "{concurrency} at once planned, about {users} users; longest context {longest_context:,}",
)
TITLES = {
    "vllm": "vLLM", "sglang": "SGLang", "lmdeploy": "LMDeploy", "llamacpp": "llama.cpp", "ollama": "Ollama",
    "ktransformers": "KTransformers",
}  # fmt: skip
# The four numbers that a customer asks for, each with what it means.
FIGURES = {
    "concurrency": (
        "{concurrency}", "同时进行的请求，每个平均 {request_tokens:,} 词元（缓存最多容纳 {concurrency_at_request} 个）",
        "of {request_tokens:,} tokens on average (the cache holds up to {concurrency_at_request})",
    ),
    "full": (
        "{concurrency_at_context}", "每个请求都用满 {context:,} 词元时，可同时进行的个数",
        "so many run together when each takes {context:,} tokens",
    ),
    "longest": (
        "{context:,}", "问题与回答合计的词元（token）数；此硬件最多可设 {longest_context:,}",
        "tokens of question and answer together; up to {longest_context:,} could be set on this hardware",
    ),
    "users": (
        "{users}", "按每 10 人中 1 人同时提问估算（10 × 并发数），并非限制",
        "if one of ten asks at the same time (10 × requests at once): an estimate, no limit",
    ),
}  # fmt: skip
SHORT = (("context", "DCP"), ("expert", "EP"), ("joined", "DPA"), ("drafted", "MTP"))  # what is not usual in a layout
LAYOUT = (
    "切分到 {tensor} {part}（TP {tensor}）× {pipeline} 级流水线（PP {pipeline}），{copies} 个副本（DP {data}）{more}",
    "split over {tensor} {part} (TP {tensor}) × {pipeline} pipeline stage(s) (PP {pipeline}), {copies} replica(s) "
    "(DP {data}){more}",
)
APART = (
    "；{nodes} 个节点各自独立运行，由首节点的网关分配请求",
    "; {nodes} independent nodes, among which the gateway on the head divides the requests",
)
DISK = (
    "权重 {weights:.1f} GB + 镜像 {images:.1f} GB；建议可用空间不少于 {advice} GB（升级时新旧镜像并存，"
    "另留 100 GB 给日志、对话与备份）",
    "weights {weights:.1f} GB + images {images:.1f} GB; have {advice} GB free (an upgrade holds old and new "
    "images; 100 GB are for logs, chats and backups)",
)
WHY_NOT = {
    "cards": ("只用 {gpus} 张卡，其余闲置", "uses {gpus} cards, the others idle"),
    "stages": (
        "流水线 {there} 级，而所选为 {here} 级：每个词元经过的级数更多，单个回答更慢",
        "{there} pipeline stages instead of {here}: each token passes more of them, so each answer is slower",
    ),
    "copies": (
        "{there} 个副本，而所选为 {here} 个：每个回答由更少的卡计算，更慢",
        "{there} replicas instead of {here}: fewer cards work on each answer, which is slower",
    ),
    "joined": (
        "注意力按数据并行：请求少时更慢，单个请求的缓存更小",
        "attention by data: slower with few requests, and less cache for one of them",
    ),
    "cache": ("缓存更小或卡间通信更多", "less cache, or more traffic between cards"),
}
# Where a rule of `why` comes from, and values that are words; what is not here is a name and stays as it is.
SOURCES = {
    "search": ("布局搜索", "search of layouts"), "engines": ("引擎数据", "the engine's data"),
    "profile": ("档位", "the profile"), "native": ("模型自带", "as it is stored"),
    "safetensors index": ("safetensors 索引", "safetensors index"),
    "max(forward, sampler)": ("前向与采样器中的较大者", "the larger of forward pass and sampler"),
    "measured starts": ("实测启动", "measured starts"), "25 logs": ("25 份启动日志", "25 logs of starts"),
    "estimate": ("估算", "an estimate"), "catalogue": ("型号库", "the catalogue"),
    "VRAM / file x layers - 4": ("显存 ÷ 文件 × 层数 − 4", "card's memory ÷ file × layers − 4"),
    "False": ("否", "no"), "none": ("无", "none"),
    "container": ("容器", "container"), "service": ("系统服务", "service"),
}  # fmt: skip
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


def title(plan: Mapping[str, Any], language: str) -> str:
    """The model by its name and size, and the tier."""
    model, served = plan["model"]["id"].rsplit("/", 1)[-1], plan["model"]["served_name"]
    size = re.search(r"-(\d+(?:\.\d+)?b)$", served)
    if size and size[1] not in model.lower():
        model = f"{model} {size[1].upper()}"
    return word("heading", language).format(model=model, tier=plan.get("tier", {}).get(language, plan["profile"]))


def figures(plan: Mapping[str, Any], language: str) -> List[Tuple[str, str, str]]:
    """The four numbers that count: name, number, meaning."""
    held = capacity_of(plan, plan["model"]["served_name"])
    held = {"concurrency_at_request": held["concurrency_at_context"], "request_tokens": held["context"], **held}
    return [
        (word(key, language), row[0].format(**held), row[1 if language == "zh" else 2].format(**held))
        for key, row in FIGURES.items()
    ]


def named(given: Any, language: str) -> str:
    """A source or value of `why` in one language."""
    told = str(given)
    if language == "zh" and told.endswith(" B a token"):
        return f"每词元 {told.split(maxsplit=1)[0]} B"
    return SOURCES.get(told, (told, told))[0 if language == "zh" else 1]


def why_not(plan: Mapping[str, Any], other: Mapping[str, Any], language: str) -> str:
    """What another layout holds, and why it was not taken: what `search.preference` puts first of what differs."""
    here, there = serving_units(plan)[0]["layout"], other["layout"]
    used = here["tensor"] * here["pipeline"] * here["data"]
    keys = (("cards", other["gpus"] < used), ("joined", "joined" in there and "joined" not in here),
            ("stages", there["pipeline"] > here["pipeline"]),
            ("copies", there["data"] > here["data"]))  # fmt: skip
    key = next((name for name, so in keys if so), "cache")
    name = "data" if key == "copies" else "pipeline"
    reason = WHY_NOT[key][0 if language == "zh" else 1].format(gpus=other["gpus"], here=here[name], there=there[name])
    return f"KV {other['kv_tokens']:,} {'词元；' if language == 'zh' else 'tokens; '}{reason}"


def explain(plan: Mapping[str, Any], language: str) -> str:
    """The whole plan as text."""
    lines = [title(plan, language), word("title", language).format(**plan), ""]
    for key, content in facts(plan, language):
        lines.append("  " + pad(word(key, language), 16) + content)
    lines += _memory(plan, language)
    lines += speed_lines(plan, language)
    lines += [
        "",
        f"  {word('command', language)}{'：' if language == 'zh' else ':'}",
        *("    " + line for line in wrap_args(serving_units(plan)[0]["args"])),
    ]
    lines += _rows(word("warnings", language), [noted(warning, language) for warning in plan["warnings"]])
    lines += _rows(word("alternatives", language), [
        f"{other['change'][language]}{'：' if language == 'zh' else ': '}{why_not(plan, other, language)}"
        for other in plan["alternatives"]])  # fmt: skip
    reasons = [
        f"{reason['key']} = {named(reason['value'], language)}: {reason['rule'][language]} "
        f"[{named(reason['source'], language)}]"
        for reason in plan["why"]
    ]
    lines += _rows(word("why", language), reasons)
    return "\n".join(lines)


def facts(plan: Mapping[str, Any], language: str) -> List[Tuple[str, str]]:
    """The rows of its table: a key of WORDS and the text beside it."""
    zh = language == "zh"
    model, engine, layout = plan["model"], plan["engine"], serving_units(plan)[0]["layout"]
    used = [len(node["gpus"]) for node in plan["nodes"].values()]
    cards = plan.get("card") or plan.get("gpu") or ""
    if cards:
        cards = f"{len(used)} 台 × {max(used)} 张 {cards}" if zh else f"{len(used)} node(s) × {max(used)} × {cards}"
    inside, about = ("（{}）", "，") if zh else (" ({})", ", ")
    kinds = [engine["device"].upper(), named(engine["form"], language)]
    kinds += ["实验性" if zh else "experimental"] if engine.get("experimental") else []
    rows = [
        ("model", model["id"] + inside.format(f"{model['bytes'] / 1e9:.1f} GB")), ("hardware", cards or "CPU"),
        ("engine", f"{TITLES[engine['name']]} {engine['version']}{inside.format(about.join(kinds))}"),
    ]  # fmt: skip
    if plan.get("image"):
        rows.append(("image", plan["image"]["ref"]))
    if plan.get("gguf"):
        gguf = plan["gguf"]
        rows.append(("gguf", f"{gguf['quant']} ({gguf['bits']} bit), {gguf['gpu_layers']}/{gguf['layers']} → GPU"))
    more = "".join(f" {short} {layout[key]}" for key, short in SHORT if key in layout)
    part = ("张卡", "card(s)") if plan.get("gpu") else ("个进程", "process(es)")
    copies = layout["data"] * plan["totals"][model["served_name"]]["engines"]
    shape = LAYOUT[0 if zh else 1].format(**layout, part=part[0 if zh else 1], copies=copies, more=more)
    if independent(plan):
        shape += APART[0 if zh else 1].format(nodes=len(used))
    rows.append(("layout", shape))
    shown = [_node(name, node, language, independent(plan)) for name, node in list(plan["nodes"].items())[:16]]
    rows.append(("nodes", ("；" if zh else ", ").join(shown)))
    if plan.get("gateways"):
        rows.append(
            (
                "gateways",
                f"{', '.join(gateways_of(plan))} → {plan['gateways']['address']} (VRRP {plan['gateways']['router']})",
            )
        )
    shape = CAPACITY[0] if zh else CAPACITY[1]
    for served in models_of(plan):
        row = shape.format(**capacity_of(plan, served["served_name"]))
        rows.append(("capacity", row) if served == model else ("beside", f"{served['id']}: {row}"))
    disk = plan["needs"]["disk_bytes"]
    sizes = {key: disk[key] / 1e9 for key in ("weights", "images")}
    advice = -(-int(sizes["weights"] + 2 * sizes["images"] + 100) // 100) * 100
    rows.append(("disk", DISK[0 if zh else 1].format(**sizes, advice=advice)))
    return rows


def capacity_of(plan: Mapping[str, Any], served_name: str) -> Dict[str, Any]:
    """Capacity of a model: the most that one engine takes, and what all its engines hold."""
    unit = next(unit for unit in serving_units(plan) if unit["model"]["served_name"] == served_name)
    return {**unit["capacity"], **plan["totals"][served_name]}


def _node(name: str, node: Mapping[str, Any], language: str, apart: bool) -> str:
    mark, rank = ("（首节点）", "：编号") if language == "zh" else (" (head)", " rank")
    rank = "" if apart else f"{rank} {node['rank']}"
    gpus = node["gpus"]
    cards = f"{'，' if language == 'zh' else ' '}GPU {gpus[0]}–{gpus[-1]}" if gpus else ""
    return f"{name}{mark if node['head'] else ''}{rank}{cards}"


def _memory(plan: Mapping[str, Any], language: str) -> List[str]:
    held = serving_units(plan)[0]["memory"]
    parts = held.get("per_gpu_gib")
    if parts:
        title, rows, total = word("memory", language), [(key, parts[key]) for key in PARTS], parts["total"]
    elif held.get("cpu_gib"):
        cpu = held["cpu_gib"]
        title, rows = word("host", language), [(key, cpu[key]) for key in ("weights", "kv", "runtime")]
        total = cpu["total"]
    else:
        return []
    lines = ["", f"  {title}{'：' if language == 'zh' else ': '}{word('total', language)} {total:.2f}"]
    for key, value in rows:
        filled = round(BAR * max(0.0, value) / total) if total else 0
        lines.append("    " + pad(word(key, language), 20) + f"{value:8.2f} " + "█" * filled)
    return lines


def _rows(title: str, rows: List[str]) -> List[str]:
    return ["", f"  {title}{':' if title.isascii() else '：'}", *("    " + row for row in rows)] if rows else []


def wrap_args(args: List[str]) -> List[str]:
    """Arguments, a flag and its value on one line."""
    lines: List[str] = []
    for argument in args:
        if argument.startswith("-") or not lines or not lines[-1].startswith("-") or " " in lines[-1]:
            lines.append(argument)
        else:
            lines[-1] += " " + argument
    return lines


SPEED_WORDS: Dict[str, Tuple[str, str]] = {
    "title": (
        "预测速度 {model}（范围，不是承诺；输入 {prompt_tokens} 词元，回答 {answer_tokens} 词元）",
        "predicted speed of {model} (ranges, no promise; prompts of {prompt_tokens} tokens, "
        "answers of {answer_tokens})",
    ),
    "row": (
        "{requests} 并发：首词元 {first} 秒；每请求 {each} 词元/秒；合计 {total} 词元/秒，{rate} 请求/秒",
        "{requests} at once: first token {first} s; each request {each} tokens/s; in all {total} tokens/s, "
        "{rate} requests/s",
    ),
    "none": ("没有 {model} 的预测速度", "no predicted speed of {model}"),
    "stated": ("档位标称", "the profile states"),
    "predicted": ("预测", "predicted"),
    "requests_per_second": ("请求/秒", "requests/s"),
    "concurrency": ("并发", "at once"),
    "met": ("达到", "met"),
    "possible": ("可能达到", "possible"),
    "short": ("达不到", "not met"),
    "alternatives": ("其他布局（方案的并发数时）", "other layouts, at the planned number"),
    "layout": ("TP {tensor} × PP {pipeline} × DP {data}", "TP {tensor} x PP {pipeline} x DP {data}"),
    "other": ("每请求 {each} 词元/秒，合计 {total} 词元/秒", "each request {each} tokens/s, in all {total} tokens/s"),
    "each_title": ("每请求（词元/秒）", "each request, tokens/s"),
    "total_title": ("合计（词元/秒）", "in all, tokens/s"),
    "first_title": ("首词元（秒）", "first token, s"),
    "layouts_title": ("各布局合计（词元/秒；✓ 已选）", "layouts (✓ chosen)"),
    "heading": ("预测速度", "predicted speed"),
}  # fmt: skip


def said(key: str, language: str) -> str:
    """A word in one language (`zh` or `en`)."""
    return SPEED_WORDS[key][0 if language == "zh" else 1]


def span(ends: Sequence[float]) -> str:
    """A range for people."""
    low, high = (f"{end:,.0f}" if end >= 100 else f"{end:g}" for end in ends)
    return low if low == high else f"{low}-{high}"


def speed_lines(plan: Mapping[str, Any], language: str) -> List[str]:
    """The lines; none for plans of an earlier day."""
    lines: List[str] = []
    stop = "：" if language == "zh" else ": "
    for served, found in (plan.get("speed") or {}).items():
        if not found["predicted"]:
            lines += ["", f"  {said('none', language).format(model=served)}{stop}{found['reason'][language]}"]
            continue
        lines += ["", f"  {said('title', language).format(model=served, **found)}{stop.rstrip()}"]
        lines += ["    " + row_line(row, language) for row in found["rows"]]
        lines += ["    " + stated_line(row, language) for row in found["stated"]]
        if found["alternatives"]:
            lines.append(f"    {said('alternatives', language)}{stop.rstrip()}")
        lines += [
            f"      {said('layout', language).format(**other['layout'])}{stop}"
            + said("other", language).format(
                each=span(other["request_tokens_per_second"]), total=span(other["total_tokens_per_second"])
            )
            for other in found["alternatives"]
        ]
    return lines


def row_line(row: Mapping[str, Any], language: str) -> str:
    """One number of requests."""
    return said("row", language).format(
        requests=row["concurrency"], first=span(row["first_token_seconds"]),
        each=span(row["request_tokens_per_second"]), total=span(row["total_tokens_per_second"]),
        rate=span(row["requests_per_second"]),
    )  # fmt: skip


def stated_line(row: Mapping[str, Any], language: str) -> str:
    """A figure of the profile beside the prediction, and the verdict."""
    comma, stop = ("，", "：") if language == "zh" else (", ", ": ")
    predicted = "" if row["key"] == "concurrency" else f"{comma}{said('predicted', language)} {span(row['predicted'])}"
    return (
        f"{said('stated', language)} {row['stated']} {said(row['key'], language)}{predicted}"
        f" → {said(row['verdict'], language)}{stop}{row['text'][language]}"
    )
