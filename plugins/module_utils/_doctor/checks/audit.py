# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of the records of who asked what (LLM886 to LLM889)."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    unknown,
    warned,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.units import trouble
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.words import STATES

UNIT = "yitiji-audit.service"
NEARLY = 0.9  # of the share
LOW_MB = 32  # as the collector has it: below, it gives the reserve up


def _told(context: Context) -> Dict[str, Any]:
    return dict(context.measures.get("audit") or {})


def _untold(told: Dict[str, Any]) -> Optional[Finding]:
    why = told["why"]
    return unknown(f"the records can't be asked: {why}", f"无法查询审计记录：{why}") if why else None


def whole(context: Context) -> Finding:
    told = _told(context)
    rows = told.get("problems") or []
    if rows:
        return failed(
            "; ".join(f"{row['where']}: {row['en']}" for row in rows),
            "；".join(f"{row['where']}：{row['zh']}" for row in rows),
        )
    return _untold(told) or passed(
        f"the newest {told['records']} records hold together, and each segment follows the one before",
        f"最新的 {told['records']} 条记录完好，各分段首尾相接",
    )


def recording(context: Context) -> Finding:
    units: Optional[Dict[str, Dict[str, Any]]] = context.measures.get("units")
    if units is None:
        return unknown("systemd could not be asked", "无法询问 systemd")
    if UNIT not in units:
        return failed(f"{UNIT} is not there", f"缺少 {UNIT}")
    state = trouble(UNIT, units[UNIT])
    if state:
        return failed(f"{UNIT}: {STATES[state].en}", f"{UNIT}：{STATES[state].zh}")
    return passed(f"{UNIT} runs", f"{UNIT} 正在运行")


def room(context: Context) -> Finding:
    told = _told(context)
    untold = _untold(told)
    if untold:
        return untold
    used, share, free = told["used_mb"], told["share_mb"], told["free_mb"]
    en = f"{used} of {share} MB are used, {free} MB of the disk are free"
    zh = f"已用 {used} MB（份额 {share} MB），磁盘剩余 {free} MB"
    if used > share or free < LOW_MB or not told["reserved"]:
        return failed(
            en if told["reserved"] else f"{en}; the reserve is given up",
            zh if told["reserved"] else f"{zh}；预留空间已释放",
        )
    if used > NEARLY * share or free < told["reserve_mb"]:
        return warned(en, zh)
    return passed(en, zh)


def kept(context: Context) -> Finding:
    told = _told(context)
    untold = _untold(told)
    if untold:
        return untold
    days, early, age = told["days"], told["early"], told["age"]
    if early:
        return failed(
            f"records of {early} were removed before {days} days were over",
            f"{early} 的记录未满 {days} 天即被删除",
        )
    if age is None:
        return passed(f"none yet; each stays {days} days", f"尚无记录；每条保留 {days} 天")
    return passed(f"the oldest is {age} days old; each stays {days}", f"最早的记录在 {age} 天前；每条保留 {days} 天")


PROBES: Dict[str, Probe] = {"LLM886": whole, "LLM887": recording, "LLM888": room, "LLM889": kept}
