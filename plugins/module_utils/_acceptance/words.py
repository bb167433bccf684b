# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a report, in the order of LANGUAGES."""

from __future__ import annotations

from typing import Dict, Tuple

LANGUAGES = ("zh", "en")
WORDS: Dict[str, Tuple[str, str]] = {
    "title": ("大模型一体机验收报告", "LLM appliance: acceptance report"),
    "pass": ("合格", "passed"),
    "conditional": ("有条件合格", "passed with conditions"),
    "fail": ("不合格", "failed"),
    "skipped": ("未判定", "not judged"),
    "collection": ("软件集合版本", "collection"),
    "item": ("项目", "item"),
    "value": ("内容", "value"),
    "profile": ("档位", "profile"),
    "model": ("模型", "model"),
    "engine": ("推理引擎", "engine"),
    "planned": ("规划并发数", "planned requests at once"),
    "plan": ("规划文件 SHA-256", "plan, SHA-256"),
    "generator": ("压测工具", "load generator"),
    "asked_at": ("压测地址（发起主机）", "asked at (from)"),
    "judged": ("判定：承诺值与实测值", "Judgement: stated and measured"),
    "figure": ("指标", "figure"),
    "step": ("输入 / 输出词元 · 并发", "prompt / answer tokens · at once"),
    "stated": ("承诺值或限值", "stated, or limit"),
    "measured": ("实测值", "measured"),
    "verdict": ("结论", "verdict"),
    "remark": ("说明", "remark"),
    "causes": ("可能原因：", "likely causes: "),
    "failed_percent": ("失败请求占比（%）", "failed requests, %"),
    "first_token_seconds": ("首词元延迟 p90（秒）", "time to first token, p90, s"),
    "concurrency": ("并发请求数", "requests at once"),
    "tokens_per_second": ("输出速率（词元/秒）", "answer tokens/s, in total"),
    "requests_per_second": ("请求速率（个/秒）", "requests/s"),
    "function": ("功能检查", "Function"),
    "check": ("检查", "check"),
    "evidence": ("依据", "evidence"),
    "speed": ("性能", "Speed"),
    "requests": ("请求数", "requests"),
    "failed": ("失败", "failed"),
    "first_token": ("首词元延迟（毫秒）p50 / p90 / p99", "time to first token, ms, p50 / p90 / p99"),
    "between": ("词元间隔（毫秒）p50 / p90 / p99", "between tokens, ms, p50 / p90 / p99"),
    "first_token_p90": ("首词元延迟 p90（秒）", "time to first token, p90, s"),
    "latency_p90": ("请求总时长 p90（秒）", "whole request, p90, s"),
    "latency": ("请求总时长（毫秒）p50 / p90 / p99", "whole request, ms, p50 / p90 / p99"),
    "at_once": ("并发请求数", "requests at once"),
    "knee": (
        "性能拐点：并发数超过以下值后吞吐量几乎不再提高：",
        "the knee: more requests at once than this bring little more:",
    ),
    "not_reached": ("未出现（在所测范围之外）", "not reached within what was measured"),
    "machines": ("设备", "Machines"),
    "signing": ("签字", "Signatures"),
    "sealed": (
        "本报告的数据文件已用交付方密钥签名，任何改动均可由 acceptance-verify 发现。",
        "The report's data is signed with the vendor's key; acceptance-verify finds any change.",
    ),
    "vendor": ("交付方（盖章）", "for the vendor"),
    "customer": ("验收方（盖章）", "for the customer"),
    "name_date": ("姓名、日期：", "name, date:"),
}
