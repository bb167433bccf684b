# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The speeds that a plan predicts, as ranges, and what they say to the figures that a profile states.

They inform: whatever goes wrong here leaves the plan as it is, without a prediction.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.quant import Quant
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import Shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.roofline import (
    Card,
    Habits,
    Load,
    Speed,
    prefill_seconds,
    speed,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.sheets import card_of, habits_of

USUAL = (1, 8)  # numbers of requests that are always told, besides the planned one
PROMPT_SHARE = 4  # a quarter of a usual request is its prompt, unless the profile says otherwise
DIGITS = 3
# A figure of requests a second that names no length is possible where requests of this length reach it: the shortest
# mean of those that serving is measured with (Alpaca, 19 + 58 tokens: figure 11 of arXiv:2309.06180).
SHORT_REQUEST = 77
REASONS = {
    "cpu": bilingual("在 CPU 上运行：没有实测数据", "runs on CPUs: no measured run is known"),
    "host": bilingual(
        "部分层或专家在内存中：其带宽未知", "layers or experts lie in main memory, whose speed is not known"
    ),
    "card": bilingual(
        "型号库中没有这种卡的带宽或实测效率", "the catalogue has no bandwidth or no measured share for this card"
    ),
    "mixed": bilingual("各节点的显卡或布局不同", "the nodes differ in their cards or layouts"),
    "engine": bilingual("没有这种引擎的实测数据", "no measured run of this engine is known"),
    "figures": bilingual("型号库中的速度数据无法使用", "the catalogue's figures for speeds can't be used"),
}
Range = List[float]


@dataclasses.dataclass(frozen=True)
class Bench:
    """All that a model's engines have in common when their speed is asked."""

    load: Load
    card: Card
    habits: Habits
    prompt: int
    answer: int
    spread: float
    measured: bool  # runs on this family of cards are behind the figures

    def at(self, requests: int) -> Speed:
        return speed(self.load, self.card, self.habits, requests, self.prompt, self.answer)


@dataclasses.dataclass(frozen=True)
class Question:
    """What of a sized engine its speed depends on."""

    served: str
    engine: str
    version: str
    eager: bool
    profile: str
    request_tokens: int
    gpu: Optional[str]
    cards: int  # of a node
    nvlink: bool
    gbps: Optional[float]  # between the nodes
    load: Optional[Load]
    shape: Shape  # of the model's own checkpoint
    gguf: Optional[Mapping[str, Any]]
    alternatives: Sequence[Mapping[str, Any]]


def speeds(asked: Sequence[Question], totals: Mapping[str, Mapping[str, Any]], catalog: Catalog) -> Dict[str, Any]:
    """Served name -> its predicted speeds (docs/plan.schema.json).

    The first model's also stand beside what the profile states.
    """
    found: Dict[str, Any] = {}
    for engine in asked:
        served = engine.served
        if served in found:
            continue
        copies = [other for other in asked if other.served == served]
        if any((other.gpu, other.load) != (engine.gpu, engine.load) for other in copies):
            found[served] = _none("mixed")
            continue
        try:
            profile = {} if found else catalog["profiles"].get(engine.profile) or {}
            found[served] = _predicted(engine, len(copies), totals[served], profile, catalog)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):  # a vendor's rows are not ours
            found[served] = _none("figures")
    return found


def _none(reason: str) -> Dict[str, Any]:
    return {"predicted": False, "reason": REASONS[reason], "rows": [], "stated": [], "alternatives": []}


def _predicted(
    engine: Question, copies: int, totals: Mapping[str, Any], profile: Mapping[str, Any], catalog: Catalog
) -> Dict[str, Any]:
    load = _load(engine)
    if isinstance(load, str):
        return _none(load)
    load = dataclasses.replace(load, data=load.data * copies)
    bench = bench_of(engine, load, profile, catalog)
    if isinstance(bench, str):
        return _none(bench)
    planned = int(totals["concurrency"])
    return {
        "predicted": True,
        "reason": bilingual("", ""),
        "prompt_tokens": bench.prompt,
        "answer_tokens": bench.answer,
        "spread": bench.spread,
        "rows": [_row(bench, requests) for requests in sorted({*(each for each in USUAL if each < planned), planned})],
        "stated": _stated(bench, planned, totals, profile.get("stated") or {}),
        "alternatives": _others(bench, planned, engine),
    }


def bench_of(engine: Question, load: Load, profile: Mapping[str, Any], catalog: Catalog) -> Union[Bench, str]:
    """What the speeds of a load are asked of, or why there is nothing (a key of REASONS)."""
    constants = catalog["speeds"]
    sheet = catalog["gpus"].get(engine.gpu or "", {})
    card = card_of(sheet, constants, engine.nvlink, engine.gbps)
    habits = habits_of(constants, engine.engine, engine.version, engine.eager)
    if card is None or habits is None:
        return "card" if card is None else "engine"
    prompt = int(profile.get("prompt_tokens") or engine.request_tokens // PROMPT_SHARE)
    prompt = max(1, min(prompt, engine.request_tokens - 1))
    measured = int(constants[f"family-{sheet['speed']['family']}"].get("runs", 0)) > 0
    spread = float(constants["spread"]["measured" if measured else "unmeasured"])
    return Bench(load, card, habits, prompt, max(1, engine.request_tokens - prompt), spread, measured)


def _load(engine: Question) -> Any:
    """The engine's load, or why there is none (a key of REASONS)."""
    if engine.load is not None:
        return engine.load
    if not engine.gguf:
        return "cpu"
    on_cards = engine.gguf["gpu_layers"] > engine.gguf["layers"]
    if engine.engine == "ktransformers" or not engine.gpu or not on_cards:
        return "host"
    return Load(dataclasses.replace(engine.shape, quant=Quant("gguf", float(engine.gguf["bits"]))), 1, 1, 1)


def _around(value: float, spread: float, more: Optional[float] = None) -> Range:
    """The range of a prediction. `more`: a higher value that its upper end starts from."""
    return [_short(value / spread), _short((value if more is None else more) * spread)]


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _row(bench: Bench, requests: int) -> Dict[str, Any]:
    found = bench.at(requests)
    reading = prefill_seconds(bench.load, bench.card, bench.habits, bench.prompt)
    each = -(-requests // bench.load.data)  # at worst, all prompts of a replica come at the same moment
    return {
        "concurrency": requests,
        "first_token_seconds": _around(reading, bench.spread, max(found.first_token, each * reading)),
        "request_tokens_per_second": _around(found.each, bench.spread),
        "total_tokens_per_second": _around(found.total, bench.spread),
        "requests_per_second": _around(found.requests, bench.spread),
    }


def _others(bench: Bench, planned: int, engine: Question) -> List[Dict[str, Any]]:
    """The layouts under `alternatives`, at the planned number of requests."""
    rows = []
    for other in engine.alternatives:
        layout = other["layout"]
        load = dataclasses.replace(
            bench.load, tensor=layout["tensor"], pipeline=layout["pipeline"], data=layout["data"],
            spans=layout["tensor"] * layout["pipeline"] > engine.cards, context=layout.get("context", 1),
            whole="expert" in layout, joined="joined" in layout, drafted=0.0,
        )  # fmt: skip
        found = dataclasses.replace(bench, load=load).at(planned)
        rows.append({
            "layout": dict(layout),
            "request_tokens_per_second": _around(found.each, bench.spread),
            "total_tokens_per_second": _around(found.total, bench.spread),
        })  # fmt: skip
    return rows


def _stated(bench: Bench, planned: int, totals: Mapping[str, Any], stated: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The profile's figures, each with what is predicted and a verdict: met, possible (shorter requests), or short."""
    rows = []
    rates = _numbers(stated.get("requests_per_second"))
    if rates:
        low, high = _around(bench.at(planned).requests, bench.spread)
        usual, rate = bench.prompt + bench.answer, rates[0]
        sure, best = (_longest_request(bench, planned, rate, edge) for edge in (1 / bench.spread, bench.spread))
        verdict = "met" if low >= rate else "possible" if best >= SHORT_REQUEST else "short"
        text = bilingual(f"请求平均 {usual} 词元时", f"with requests of {usual} tokens")
        if verdict != "met":  # the figure names no length
            longest = [f"{length}" for length in (sure, best) if length]
            text = bilingual(
                f"请求平均 {usual} 词元时；每请求不超过 {' 至 '.join(longest)} 词元时可达到 {rate:g}",
                f"with requests of {usual} tokens; {rate:g} is reached with up to {' to '.join(longest)} tokens each",
            ) if verdict == "possible" else bilingual(
                f"每请求仅 {SHORT_REQUEST} 词元也达不到 {rate:g}",
                f"{rate:g} is out of reach even with requests of {SHORT_REQUEST} tokens",
            )  # fmt: skip
        rows.append({"key": "requests_per_second", "stated": str(stated["requests_per_second"]),
                     "predicted": [low, high], "verdict": verdict, "text": text})  # fmt: skip
    users = _numbers(stated.get("concurrency"))
    held = int(totals.get("concurrency_at_request") or totals.get("concurrency_at_context") or 0)
    if users and held:
        most = int(users[-1])
        verdict = "met" if held >= most else "possible" if held >= users[0] else "short"
        low, high = _around(bench.at(max(1, min(most, held))).each, bench.spread)
        text = bilingual(
            f"缓存可容纳 {held} 个请求；{min(most, held)} 个同时运行时每个 {low:g}-{high:g} 词元/秒",
            f"the cache holds {held}; with {min(most, held)} at once each gets {low:g} to {high:g} tokens/s",
        )
        rows.append({"key": "concurrency", "stated": str(stated["concurrency"]), "predicted": [held, held],
                     "verdict": verdict, "text": text})  # fmt: skip
    return rows


def _numbers(stated: Any) -> List[float]:
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", str(stated or ""))]


def _longest_request(bench: Bench, planned: int, rate: float, edge: float) -> int:
    """Tokens of the longest request, with the usual share of prompt, of which that end reaches the rate; 0: none."""
    usual = bench.prompt + bench.answer

    def reached(length: int) -> bool:
        prompt = max(1, length * bench.prompt // usual)
        short = dataclasses.replace(bench, prompt=prompt, answer=max(1, length - prompt))
        return short.at(planned).requests * edge >= rate

    low, high = 0, usual + 1
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if reached(middle) else (low, middle)
    return low
