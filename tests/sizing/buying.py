# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/sizing.md, docs/sizing.zh.md and their pictures: what to buy for whom, computed by the planner.

usage: python -m tests.sizing.buying
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.sizing.common import declared, first_unit, load_catalog, plan, totals

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROFILES = {"basic": ("rtx-4090-24g", 2, 1), "standard": ("rtx-4090-24g", 4, 1), "flagship": ("h20-96g", 8, 2)}
MODELS = {
    "deepseek-r1-7b": "R1-Distill-Qwen-7B", "deepseek-r1-14b": "R1-Distill-Qwen-14B",
    "deepseek-r1-32b": "R1-Distill-Qwen-32B", "deepseek-r1-70b": "R1-Distill-Llama-70B", "deepseek-r1-671b": "R1 671B",
}  # fmt: skip
PARKS = (
    ("rtx-4090-24g", 1, 1), ("rtx-4090-24g", 2, 1), ("rtx-4090-24g", 4, 1), ("rtx-4090-24g", 8, 1), ("l40s-48g", 8, 1),
    ("h20-96g", 8, 1), ("h20-96g", 8, 2), ("h200-141g", 8, 1),
)  # fmt: skip
CONTEXT, REQUEST = 16384, 4096
WISH = {
    "title": {"zh": "-", "en": "-"}, "engine": "vllm", "device": "cuda", "precision": "native",
    "context_length": CONTEXT, "request_tokens": REQUEST, "chat_image": "open-webui",
}  # fmt: skip
PARTS = (
    ("weights", "#4c78a8", {"zh": "权重", "en": "weights"}),
    ("kv", "#59a14f", {"zh": "对话的缓存（KV）", "en": "cache of the chats (KV)"}),
    ("work", "#f28e2b", {"zh": "计算与通信", "en": "work and communication"}),
    ("rest", "#bab0ac", {"zh": "余量与系统", "en": "margin and system"}),
)
COLUMNS = {
    "en": (
        "profile", "machine", "model", "at once", "with the longest context", "users", "tokens/s for each, all at once",
        "weights + images",
    ),
    "zh": (
        "档位", "机器", "模型", "并发", "最长上下文时的并发", "用户规模", "全部并发时每人每秒词元", "权重 + 镜像",
    ),
}  # fmt: skip
MACHINE = {"en": "{nodes} × {cards} {gpu}", "zh": "{nodes} 台 × {cards} 张 {gpu}"}
MODEL = {"en": "model", "zh": "模型"}


def made(catalog: Any, profile: str) -> dict[str, Any]:
    gpu, count, nodes = PROFILES[profile]
    return plan(catalog, declared(gpu, count, nodes), profile=profile)


def numbers(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def profile_row(catalog: Any, profile: str, language: str) -> str:
    planned, (gpu, count, nodes) = made(catalog, profile), PROFILES[profile]
    held, model = totals(planned), planned["model"]
    slow, fast = planned["speed"][model["served_name"]]["rows"][-1]["request_tokens_per_second"]
    images = sum(image["bytes"] for image in planned["images"]) / 1e9
    cells = (
        f"`{profile}`",
        MACHINE[language].format(nodes=nodes, cards=count, gpu=catalog["gpus"][gpu]["title"]),
        model["id"].rpartition("/")[2],
        held["concurrency"],
        held["concurrency_at_context"],
        held["users"],
        f"{numbers(slow)} - {numbers(fast)}",
        f"{model['bytes'] / 1e9:,.1f} + {images:,.1f} GB",
    )
    return row(cells)


def cell(catalog: Any, model: str, park: tuple[str, int, int]) -> str:
    gpu, count, nodes = park
    for concurrency in (16, 4, 1):
        try:
            planned = plan(catalog, declared(gpu, count, nodes), profile="sizing", model=model, concurrency=concurrency)
        except Refusal:
            continue
        return f"{totals(planned)['kv_tokens'] // REQUEST:,}"
    return "-"


def row(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def tables(language: str) -> dict[str, str]:
    catalog = load_catalog()
    names = [(catalog["gpus"][gpu]["title"], count, nodes) for gpu, count, nodes in PARKS]
    heads = [f"{nodes} × {count} × {name}".removeprefix("1 × ") for name, count, nodes in names]
    catalog["profiles"]["sizing"] = WISH
    profiles = [profile_row(catalog, profile, language) for profile in PROFILES]
    cards = [row([title, *(cell(catalog, model, park) for park in PARKS)]) for model, title in MODELS.items()]
    columns = {"profiles": (COLUMNS[language], profiles), "cards": ((MODEL[language], *heads), cards)}
    return {name: "\n".join([row(head), "|" + "---|" * len(head), *rows]) for name, (head, rows) in columns.items()}


def page(language: str) -> str:
    """The page as it is, with its tables computed anew: everything else in it is written by hand."""
    text = (DOCS / PAGES[language]).read_text(encoding="utf-8")
    for name, table in tables(language).items():
        between = re.compile(rf"(<!-- {name}: [^>]*-->\n\n).*?(\n\n<!-- end -->)", re.DOTALL)
        assert between.search(text), name
        text = between.sub(lambda found, table=table: found[1] + table + found[2], text)
    return text


def shares(planned: dict[str, Any]) -> dict[str, float]:
    memory = first_unit(planned)["memory"]["per_gpu_gib"]
    work = memory["activation"] + memory["graphs"] + memory["non_torch"]
    known = {"weights": memory["weights"], "kv": memory["kv"], "work": work}
    return {**known, "rest": memory["total"] - sum(known.values())}


def picture(language: str) -> str:
    """A bar for each profile: one card's memory, in GiB, by what it is used for."""
    catalog, left, width = load_catalog(), 190, 560
    rows = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 220" font-family="sans-serif" font-size="14">']
    rows.append('<rect width="860" height="220" fill="#fff"/>')

    def bar(x: float, y: int, wide: float, high: int, colour: str) -> None:
        rows.append(f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{high}" fill="{colour}"/>')

    def words(x: float, y: int, text: str, more: str = "") -> None:
        rows.append(f'<text x="{x:.1f}" y="{y}"{more}>{text}</text>')

    for number, profile in enumerate(PROFILES):
        parts, y, x = shares(made(catalog, profile)), 58 + 52 * number, float(left)
        whole = sum(parts.values())
        words(left - 10, y + 21, f"{profile} · {PROFILES[profile][0]}", ' text-anchor="end"')
        for key, colour, _title in PARTS:
            wide = width * parts[key] / whole
            bar(x, y, wide, 32, colour)
            if wide > 40:
                words(x + wide / 2, y + 21, f"{parts[key]:.1f}", ' text-anchor="middle" fill="#fff"')
            x += wide
        words(left + width + 8, y + 21, f"{whole:.1f} GiB")
    x = float(left)
    for _key, colour, title in PARTS:
        bar(x, 20, 14, 14, colour)
        words(x + 20, 32, title[language])
        x += 40 + (14 if language == "zh" else 7) * len(title[language])
    return "\n".join([*rows, "</svg>"]) + "\n"


PAGES = {"en": "sizing.md", "zh": "sizing.zh.md"}
FILES = {"sizing.md": ("en", page), "sizing.zh.md": ("zh", page), "images/sizing.svg": ("en", picture),
         "images/sizing.zh.svg": ("zh", picture)}  # fmt: skip

if __name__ == "__main__":
    for name, (language, written) in FILES.items():
        (DOCS / name).write_text(written(language), encoding="utf-8")
