# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the engine and its cards as they are now, against the plan (LLM5xx)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import gib
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    each_unit,
    journal,
    node_row,
    service,
    units,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import gpus_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)

FOREIGN_BYTES = 2**30  # what a desktop or a monitor may hold on a card


def used_cards(context: Context) -> Optional[List[Dict[str, Any]]]:
    """The cards of this node that the plan uses; None when that is not known."""
    row = node_row(context)
    if row.get("gpus") is None:
        return None
    wanted = set(row["gpus"])
    return [gpu for gpu in gpus_of(context, "nvidia") if gpu.get("index") in wanted]


def arguments(context: Context, name: str) -> List[str]:
    """Values of a flag in the arguments of this node's engines."""
    found = []
    for unit in units(context):
        args = [str(item) for item in unit.get("args") or []]
        found += [after for item, after in zip(args, args[1:]) if item == name]
        found += [item[len(name) + 1 :] for item in args if item.startswith(name + "=")]
    return found


def capability(gpu: Dict[str, Any]) -> Optional[float]:
    try:
        return float(gpu["compute_capability"])
    except (KeyError, TypeError, ValueError):
        return None


def _all_cards(context: Context, least: float, no: Text, yes: Text) -> Finding:
    """Whether every card that the plan uses has at least this compute capability."""
    cards = used_cards(context)
    if not cards or any(capability(gpu) is None for gpu in cards):
        return unknown("the cards' compute capability is not known", "无法得知显卡的计算能力")
    old = [str(gpu["name"]) for gpu in cards if (capability(gpu) or 0) < least]
    if old:
        return failed(f"{old[0]} {no.en}", f"{old[0]} {no.zh}")
    return passed(yes.en, yes.zh)


def bfloat16(context: Context) -> Finding:
    if not set(arguments(context, "--dtype")) & {"bfloat16", "bf16"}:
        return skipped("the plan does not ask for bfloat16", "方案未使用 bfloat16")
    no, yes = Text("has no bfloat16", "不支持 bfloat16"), Text("all cards know bfloat16", "全部显卡支持 bfloat16")
    return _all_cards(context, 8.0, no, yes)


def fp8(context: Context) -> Finding:
    kinds = arguments(context, "--quantization") + arguments(context, "--kv-cache-dtype")
    if not any("fp8" in kind for kind in kinds):
        return skipped("the plan does not ask for FP8", "方案未使用 FP8")
    no, yes = Text("has no FP8 units", "没有 FP8 运算单元"), Text("all cards know FP8", "全部显卡支持 FP8")
    return _all_cards(context, 8.9, no, yes)


def kv_cache(context: Context) -> Finding:
    """Compares the cache that each engine reports with the one planned for it."""
    return each_unit(context, _kv_cache)


def _kv_cache(context: Context, unit: Dict[str, Any]) -> Finding:
    if not unit.get("serves"):
        return skipped("this rank serves nobody; the head's log tells", "该 rank 不对外服务，由首节点日志说明")
    lines = journal(context, unit)
    if lines is None:
        return unknown("the engine's journal can't be read", "无法读取引擎日志")
    capacity = unit.get("capacity") or {}
    # Each replica inside an engine tells its own.
    planned = capacity.get("kv_tokens_per_replica") or capacity.get("kv_tokens")
    found = [match for match in (re.search(r"KV cache size: ([\d,]+) tokens", line) for line in lines) if match]
    if not planned:
        return skipped("the plan promises no size of the cache", "方案没有给出 KV 缓存大小")
    if not found:
        return unknown("the engine has not told the size of its cache", "引擎尚未报告 KV 缓存大小")
    real = int(found[-1].group(1).replace(",", ""))
    off = (real - planned) / planned
    text_en = f"KV cache {real:,} tokens, planned {planned:,} ({off:+.0%})"
    text_zh = f"KV 缓存 {real:,} 词元，方案为 {planned:,}（{off:+.0%}）"
    if off < -0.15:
        return warned(text_en, text_zh)
    return passed(text_en, text_zh)


def engine_start(context: Context) -> Finding:
    if not any(service(context, str(unit["name"])) for unit in units(context)):
        return skipped("the engine is not installed", "引擎尚未安装")
    return each_unit(context, _engine_start)


def _engine_start(context: Context, unit: Dict[str, Any]) -> Finding:
    name = str(unit["name"])
    state = service(context, name)
    if state is None:
        return failed("the unit is not installed", "服务尚未安装", unit=name)
    active = state.get("active")
    if active is None:
        return unknown("the state of the engine's unit is not known", "无法得知引擎服务状态")
    if state.get("condition") == "no" and active != "active":
        return failed(
            "the unit did not start: the verified stamp of the weights is missing",
            "服务未启动：缺少权重校验标记",
            unit=name,
        )
    last = (journal(context, unit) or [""])[-1]
    if active in ("failed", "activating") or state.get("result") not in (None, "success"):
        return failed(
            f"the engine's unit is {active} ({state.get('result')}); {last}",
            f"引擎服务状态为 {active}（{state.get('result')}）；{last}",
            unit=name,
        )
    if active != "active":
        return failed(f"the engine's unit is {active}", f"引擎服务状态为 {active}", unit=name)
    return passed("the engine's unit is active", "引擎服务正在运行")


def in_use(context: Context) -> Finding:
    cards = used_cards(context)
    if cards is None:
        return unknown("the plan does not say which cards this node gives", "方案未说明该节点使用哪些加速卡")
    states = [(service(context, str(unit["name"])) or {}).get("active") for unit in units(context)]
    if set(states) & {"active", "activating"}:
        return skipped("the engine itself uses the cards", "引擎正在使用显卡")
    known = [gpu for gpu in cards if gpu.get("memory_bytes") and gpu.get("free_bytes") is not None]
    if len(known) < len(cards) or not cards:
        return unknown("the free memory of the cards is not known", "无法得知显卡剩余显存")
    busy = []
    for gpu in known:
        names = sorted({str(p["name"]) for p in gpu.get("processes") or [] if p.get("name")})
        taken = gpu["memory_bytes"] - gpu["free_bytes"]
        if taken > FOREIGN_BYTES:
            busy.append(f"{gpu['index']}: {gib(taken)} {' '.join(names)}".rstrip())
    if busy:
        return warned(f"cards in use: {'; '.join(busy)}", f"显卡已被占用：{'；'.join(busy)}")
    return passed("the cards are free", "显卡空闲")


def mixed(context: Context) -> Finding:
    cards = used_cards(context)
    if not cards:
        return unknown("the cards of the plan are not known", "无法得知方案使用的显卡")
    kinds = sorted({(str(gpu.get("name")), int(gpu.get("memory_bytes") or 0)) for gpu in cards})
    if any(not gpu.get("name") for gpu in cards):
        return unknown("the names of the cards are not known", "无法得知显卡型号")
    if len({name for name, _size in kinds}) > 1 or kinds[-1][1] > kinds[0][1] * 1.05:
        text = ", ".join(f"{name} {gib(size)}" for name, size in kinds)
        return failed(f"different cards in one group: {text}", f"同一组中的显卡不同：{text}")
    return passed(f"{len(cards)} x {kinds[0][0]}", f"{len(cards)} x {kinds[0][0]}")


def ollama_context(context: Context) -> Finding:
    found = context.measures.get("ollama")
    if found is None:
        return unknown("Ollama's unit can't be read", "无法读取 Ollama 服务")
    length = (found.get("environment") or {}).get("OLLAMA_CONTEXT_LENGTH")
    if not length:
        return warned(
            "OLLAMA_CONTEXT_LENGTH is not set: long questions are cut silently",
            "未设置 OLLAMA_CONTEXT_LENGTH：长输入会被静默截断",
        )
    return passed(f"OLLAMA_CONTEXT_LENGTH={length}", f"OLLAMA_CONTEXT_LENGTH={length}")


PROBES: Dict[str, Probe] = {
    "LLM501": bfloat16,
    "LLM502": fp8,
    "LLM552": kv_cache,
    "LLM505": engine_start,
    "LLM506": in_use,
    "LLM507": mixed,
    "LLM508": ollama_context,
}
