# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the service as a whole: an answer, the page, the units, and the doctor's own configuration."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.audit import UNIT as AUDIT
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import chinese, units
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
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import CHAT
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.units import trouble
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.words import COMMANDS, STATES, means


def _first_unit(context: Context) -> str:
    return next((str(unit["name"]) for unit in units(context) if unit.get("serves")), "yitiji-vllm")


def _down(found: Dict[str, Any], unit: str) -> Finding:
    what, remedy = means(found, unit)
    reason = found.get("reason")
    return failed(f"{what.en}: {reason}", f"{what.zh}：{chinese(reason)}", remedy_en=remedy.en, remedy_zh=remedy.zh)


def answered(context: Context) -> Finding:
    found = (context.measures.get("answer") or {}).get("gateway")
    if found is None:
        return unknown("the gateway was not asked", "未向网关提问")
    if found.get("stage") == "busy":
        return warned(
            "the key is at its limit: the gateway answers, the engine was not asked",
            "密钥已达限额：网关有应答，未能向引擎提问",
            remedy_en="ask again when there is less to do, or raise gateway_rate and gateway_concurrency",
            remedy_zh="请在空闲时重试，或调高 gateway_rate 与 gateway_concurrency",
        )
    if found.get("ok") is None:
        return unknown(f"nobody can ask: {found.get('reason')}", f"无法提问：{chinese(found.get('reason'))}")
    if not found["ok"]:
        return _down(found, _first_unit(context))
    seconds = found.get("seconds")
    return passed(f"{found.get('model')} answered in {seconds} s", f"{found.get('model')} 在 {seconds} 秒内给出回答")


def page(context: Context) -> Finding:
    found = (context.measures.get("answer") or {}).get("page")
    if found is None:
        return unknown("the page was not asked", "未访问页面")
    if not found.get("ok"):
        return _down(dict(found, stage="page" if found.get("stage") == "silent" else found.get("stage")), CHAT)
    return passed(f"the page answered in {found.get('seconds')} s", f"页面在 {found.get('seconds')} 秒内应答")


def own_units(context: Context) -> Finding:
    """Checks all units but those that are checked by LLM505 (engines) and LLM887 (the audit)."""
    found: Optional[Dict[str, Dict[str, Any]]] = context.measures.get("units")
    if found is None:
        return unknown("systemd could not be asked", "无法询问 systemd")
    engines = {str(unit["name"]) + ".service" for unit in units(context)}
    engines |= {AUDIT} if context.measures.get("audit") else set()
    rows = [(name, trouble(name, unit), unit) for name, unit in sorted(found.items()) if name not in engines]
    bad = [(name, state, unit) for name, state, unit in rows if state]
    if bad:
        return failed(
            "; ".join(f"{name}: {STATES[state].en}{_more(unit)}" for name, state, unit in bad),
            "；".join(f"{name}：{STATES[state].zh}{_more(unit)}" for name, state, unit in bad),
            commands="; ".join(COMMANDS[state].format(name) for name, state, _unit in bad[:3]),
        )
    return passed(f"{len(rows)} units are as they should be", f"{len(rows)} 个服务单元状态正常")


def _more(unit: Dict[str, Any]) -> str:
    said: List[str] = [str(unit["result"])] if unit.get("result") not in (None, "", "success") else []
    said += [f"{unit['restarts']}x"] if unit.get("restarts") else []
    return f" ({', '.join(said)})" if said else ""


def configuration(context: Context) -> Finding:
    found = context.measures.get("config")
    if found is None:
        return skipped("judged with the controller's settings", "使用控制机上的设置判断")
    if found.get("problem"):
        problem = found["problem"]
        return failed(f"{found['path']}: {problem['en']}", f"{found['path']}：{problem['zh']}")
    if found.get("problem") is None:
        return unknown("it was not looked at", "未检查")
    return passed(f"{found['path']} is whole", f"{found['path']} 完整")


def filtered(context: Context) -> Finding:
    address, listeners = str(context.measures["filter"]), context.node.get("listeners")
    if listeners is None:
        return unknown("the listeners are not known", "无法得知监听端口")
    if any(str(row["port"]) == address.rpartition(":")[2].rstrip("/") for row in listeners):
        return passed(f"{address} is there", f"{address} 正在监听")
    return failed(f"nobody listens at {address}", f"{address} 无人监听")


PROBES: Dict[str, Probe] = {
    "LLM150": configuration,
    "LLM151": own_units,
    "LLM840": answered,
    "LLM841": page,
    "LLM894": filtered,
}
