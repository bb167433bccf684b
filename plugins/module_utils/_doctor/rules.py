# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules engine: rules are data, checks are pure functions, a result is pass, warn, fail, skip or unknown.

Unknown is never pass. A rule is silenced by its id with a reason, and stays visible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, ended, say

Text = Dict[str, str]
PASS, WARN, FAIL, SKIP, UNKNOWN = "pass", "warn", "fail", "skip", "unknown"
STATUSES = (FAIL, WARN, UNKNOWN, SKIP, PASS)
PHASES = ("pre", "post", "run")
SEVERITIES = ("error", "warn", "info")
REQUIRED = ("id", "phase", "severity", "title", "fix")
RULE_ID = re.compile(r"LLM[1-9]\d{2}$")

# The words of `needs` in Chinese.
CHINESE = {
    "plan": "方案", "fitting plan": "可行的方案", "nvidia": " NVIDIA 显卡", "gpu plan": "使用加速卡的方案",
    "cuda plan": "使用 CUDA 的方案", "nvidia driver": " NVIDIA 驱动", "nvswitch": " NVSwitch", "nvlink5": " NVLink 5",
    "docker": " Docker", "running docker": "运行中的 Docker", "multi node": "多个节点", "dkms": " DKMS 模块",
    "computing together": "协同计算的节点", "two gateways": "两个网关",
    "engine": "引擎服务", "weights": "权重", "backup": "定时备份", "audit": "审计", "content filter": "内容过滤",
    "backup elsewhere": "异机备份", "vllm": " vLLM 服务", "ollama": " Ollama 服务",
    "appliance": "一体机的组件", "serving head": "对外服务的首节点",
    "open webui": " Open WebUI 服务", "secure boot": "安全启动", "rdma": " RDMA 设备",
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a check found; `values` fill the braces in the rule's remedy."""

    status: str
    en: str
    zh: str
    values: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Everything a check may look at.

    `clock` is {earliest, latest}: bounds of the node's clock minus the controller's, in seconds.
    """

    node: Dict[str, Any]
    plan: Optional[Dict[str, Any]] = None
    settings: Dict[str, Any] = field(default_factory=dict)
    measures: Dict[str, Any] = field(default_factory=dict)
    peers: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    clock: Optional[Dict[str, float]] = None
    host: str = ""


Probe = Callable[[Context], Finding]
Need = Callable[[Context], Optional[bool]]


def passed(en: str, zh: str) -> Finding:
    return Finding(PASS, en, zh)


def failed(en: str, zh: str, **values: Any) -> Finding:
    return Finding(FAIL, en, zh, {key: str(value) for key, value in values.items()})


def warned(en: str, zh: str, **values: Any) -> Finding:
    return Finding(WARN, en, zh, {key: str(value) for key, value in values.items()})


def skipped(en: str, zh: str) -> Finding:
    return Finding(SKIP, en, zh)


def unknown(en: str, zh: str) -> Finding:
    return Finding(UNKNOWN, en, zh)


def check_rules(rules: Iterable[Mapping[str, Any]], probes: Mapping[str, Probe], needs: Mapping[str, Need]) -> None:
    """Refuses a rule that could never work, by its shape, texts, check or needs (LLM140)."""
    seen = set()
    for rule in rules:
        name = str(rule.get("id"))
        problem = _rule_problem(rule, probes, needs)
        if problem is None and name in seen:
            problem = "the id is used twice"
        if problem:
            raise Refusal("LLM140", name=name, why=problem)
        seen.add(name)


def _rule_problem(rule: Mapping[str, Any], probes: Mapping[str, Probe], needs: Mapping[str, Need]) -> Optional[str]:
    missing = [key for key in REQUIRED if not rule.get(key)]
    if missing:
        return f"missing {', '.join(missing)}"
    if not RULE_ID.match(str(rule["id"])):
        return "the id is not LLM and three digits"
    if not set(rule["phase"]) <= set(PHASES):
        return f"phase is not of {', '.join(PHASES)}"
    if rule["severity"] not in SEVERITIES:
        return f"severity is not of {', '.join(SEVERITIES)}"
    for key in ("title", "fix", "why", "looks"):
        text = rule.get(key, {"zh": "", "en": ""})
        if set(text) != {"zh", "en"} or not all(isinstance(value, str) for value in text.values()):
            return f"{key} must be texts in zh and en, no more"
    absent = [need for need in rule.get("needs", []) if need not in needs]
    if absent:
        return f"unknown needs {', '.join(absent)}"
    if rule["id"] not in probes:
        return "there is no probe for it"
    return None


def silenced(ignore: Any, known: Iterable[str]) -> Dict[str, str]:
    """The reason by rule id, from `[{id, reason}]`; refuses an unknown id or a missing reason (LLM199)."""
    names = set(known)
    found: Dict[str, str] = {}
    if not isinstance(ignore, list):
        raise Refusal("LLM199", why=say("ignored is no list"))
    for item in ignore:
        rule = str(item.get("id", "")) if isinstance(item, dict) else str(item)
        reason = str(item.get("reason") or "").strip() if isinstance(item, dict) else ""
        if rule not in names:
            raise Refusal("LLM199", why=say("ignored is no rule", value=rule))
        if not reason:
            raise Refusal("LLM199", why=say("ignored without a reason", value=rule))
        found[rule] = reason
    return found


def evaluate(
    rules: Iterable[Mapping[str, Any]],
    context: Context,
    phase: str,
    probes: Mapping[str, Probe],
    needs: Mapping[str, Need],
    ignore: Optional[Mapping[str, str]] = None,
) -> List[Dict[str, Any]]:
    """One result for each rule of the phase, in their order."""
    results = []
    for rule in rules:
        if phase not in rule["phase"]:
            continue
        finding = _judge(rule, context, probes, needs)
        status = finding.status
        if status == FAIL and rule["severity"] != "error":
            status = WARN
        results.append(
            {
                "id": rule["id"],
                "host": context.host,
                "status": status,
                "severity": rule["severity"],
                "title": dict(rule["title"]),
                "evidence": {"zh": finding.zh, "en": finding.en},
                "fix": ended({key: fill(value, finding.values) for key, value in rule["fix"].items()}),
                "why": dict(rule.get("why") or {}),
                "doc": f"docs/rules/{rule['id']}.md",
                "silenced": (ignore or {}).get(rule["id"]),
            }
        )
    return results


def _judge(
    rule: Mapping[str, Any], context: Context, probes: Mapping[str, Probe], needs: Mapping[str, Need]
) -> Finding:
    try:
        for need in rule.get("needs", []):
            there, chinese = needs[need](context), CHINESE.get(need, need)
            if there is None:
                return unknown(f"can't tell whether this applies: {need}", f"无法判断是否适用：{chinese}")
            if not there:
                return skipped(f"not applicable: no {need}", f"不适用：没有{chinese}")
        return probes[rule["id"]](context)
    except Exception as error:  # a probe that trips over odd facts knows nothing, and must not stop the others
        what = f"{type(error).__name__}: {error}"
        return unknown(f"the probe tripped over these facts ({what})", f"探测未能处理这些信息（{what}）")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replaces {name} by its value, or by dots where the check did not get that far."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match.group(1), "…"), text)


def counted(result: Mapping[str, Any]) -> str:
    """The status as it counts: a silenced problem is a skip."""
    if result.get("silenced") and result["status"] in (FAIL, WARN, UNKNOWN):
        return SKIP
    return str(result["status"])


def summarize(results: Iterable[Mapping[str, Any]]) -> Dict[str, int]:
    summary = {status: 0 for status in STATUSES}
    summary["silenced"] = 0
    for result in results:
        status = counted(result)
        summary[status] += 1
        summary["silenced"] += status != result["status"]
    return summary


def exit_code(results: Iterable[Mapping[str, Any]]) -> int:
    """0: all well; 1: warnings or unknown; 2: failures."""
    statuses = {counted(result) for result in results}
    if FAIL in statuses:
        return 2
    return 1 if statuses & {WARN, UNKNOWN} else 0


def clock_bounds(before: float, after: float, started: float, ended: float) -> Dict[str, float]:
    """Bounds of the node's clock minus the controller's (s): `started` was after `before`, `ended` before `after`."""
    earliest, latest = ended - after, started - before
    if earliest > latest:  # the node's clock was set while it was asked
        earliest, latest = latest, earliest
    return {"earliest": earliest, "latest": latest}
