# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor as a command on a node: the same facts, checks and rules, without Ansible."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import current
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import installed
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.collect import collect
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.report import as_html, as_json, document
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Text,
    evaluate,
    exit_code,
    silenced,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.table import keys, say, table
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node

CONFIG = "/etc/yitiji/doctor.json"
UNUSABLE = 3
LABELS = (
    {"zh": "原因", "en": "why"},
    {"zh": "检查内容", "en": "looks at"},
    {"zh": "处理办法", "en": "what to do"},
)

MORE = {"zh": "各编号的说明：", "en": "What each number means:"}

MANUAL = f"""\
files / 文件
  {CONFIG}   plan and settings to judge by, written by the role doctor; no secret
                             部署方案与设置，由角色 `doctor` 写入，不含密钥
  appliance_rules_ignore     rules are silenced there, by id and reason; they stay visible
                             在清单中按编号并写明原因忽略规则，忽略的规则仍会显示

exit status / 退出码
  0  all well / 全部正常
  1  warnings or unknown / 有警告或无法判断
  2  failures / 有失败
  3  could not run / 无法运行

examples / 示例
  yitiji-doctor                      what is not well, and what to do / 有问题的项与处理办法
  yitiji-doctor --all --lang zh      every rule, in Chinese / 全部规则，中文
  yitiji-doctor --fast --json        no question to the network, JSON to the standard output / 不访问网络，输出 JSON
  yitiji-doctor --explain LLM206     what a rule means / 解释一条规则
  yitiji-doctor --html r.html        a report to send / 生成可发送的报告
  yitiji-doctor --capture c.json     all that was read, for --replay elsewhere / 保存读到的信息，可在别处重放
"""


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="yitiji-doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Looks at this node by rules and says what to do; changes nothing.\n"
        "按规则检查该节点并给出处理办法，不做任何改动。",
        epilog=MANUAL,
    )
    found.add_argument("--phase", choices=["pre", "post", "run"], default="run", help="which rules / 规则 (run)")
    found.add_argument("--lang", "--language", dest="language", choices=["zh", "en", "both"], help="language / 语言")
    found.add_argument("--all", action="store_true", help="show rules that pass or do not apply, too / 显示全部规则")
    found.add_argument("--fast", action="store_true", help="ask nothing of the network / 不访问网络")
    found.add_argument("--json", metavar="FILE", nargs="?", const="-", help="the report as JSON (- or no FILE: stdout)")
    found.add_argument("--html", metavar="FILE", help="the report as a web page / 网页报告")
    found.add_argument("--explain", metavar="ID", help="what a rule means, and what to do / 解释规则")
    found.add_argument(
        "--capture", metavar="FILE", help="save everything that was read, for support (holds host names)"
    )
    found.add_argument("--replay", metavar="FILE", help="judge a capture in place of this machine / 重放")
    found.add_argument("--config", metavar="FILE", default=CONFIG, help=f"default: {CONFIG}")
    return found


def main(rules: List[Dict[str, Any]], argv: Optional[Sequence[str]] = None) -> int:
    """Runs the command; the exit status tells the result."""
    options = parser().parse_args(argv)
    try:
        return explain(rules, options.explain, options.language) if options.explain else _run(rules, options)
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except Refusal as refusal:
        print(refusal.message(), file=sys.stderr)
        return UNUSABLE
    except (OSError, ValueError) as error:
        print(f"yitiji-doctor: {error}", file=sys.stderr)
        return UNUSABLE


def explain(rules: List[Dict[str, Any]], name: str, language: Optional[str]) -> int:
    """The page of a rule, for a node without the documentation."""
    rule = next((rule for rule in rules if rule["id"] == name.upper()), None)
    if rule is None:
        raise ValueError(
            f"there is no rule {name}; `yitiji-doctor --all` shows their ids\n"
            f"没有规则 {name}；`yitiji-doctor --all` 会列出全部编号"
        )
    for key in keys(language or "both"):
        print(f"{rule['id']}  {rule['title'][key]}")
        for part, word in (("why", LABELS[0]), ("looks", LABELS[1]), ("fix", LABELS[2])):
            print(f"  {word[key]}{'：' if key == 'zh' else ': '}{rule[part][key]}")
    if rule.get("sources"):
        print("  " + ", ".join(rule["sources"]))
    return 0


def _run(rules: List[Dict[str, Any]], options: argparse.Namespace) -> int:
    config, wrong = read_config(options.config)
    settings = dict(config.get("settings") or {})
    if options.fast:
        settings["network"] = False
    if options.replay:
        capture = load(options.replay)
        node = read_node(Capture(capture), epoch=float(capture.get("epoch") or 0))
        plan, measures = current(capture.get("plan")) or None, capture.get("measures") or {}
    else:
        host = Recorder(Host()) if options.capture else Host()
        node, plan = read_node(host), current(config.get("plan")) or None
        measures = collect(host, node, plan, settings)
        problem = wrong or incomplete(options.config, config, node, measures)
        measures["config"] = {"path": options.config, "problem": problem}
        if isinstance(host, Recorder):
            save(options.capture, as_capture(host, plan, measures))
    name = str(config.get("host") or node["hostname"])
    context = Context(node=node, plan=plan, settings=settings, measures=measures, host=name)
    ignore = silenced(settings.get("ignore") or [], [str(rule["id"]) for rule in rules])
    results = evaluate(rules, context, options.phase, PROBES, NEEDS, ignore)
    report = document(f"yitiji-doctor {name}", options.phase, results, time.time())
    language = options.language or str(config.get("language") or "both")
    pages = str(config.get("help") or "")
    if options.json == "-":
        sys.stdout.write(as_json(report))
    else:
        print("\n".join(table(results, language, options.all)))
        if pages and exit_code(results):
            print(f"{say(MORE, language)} {pages}")
    # What was found is told before a full disk can stop a report.
    if options.json and options.json != "-":
        save(options.json, as_json(report))
    if options.html:
        save(options.html, as_html(report, language, pages, current(config.get("vendor"))))
    if wrong:
        print(f"yitiji-doctor: {options.config}: {wrong['en']}", file=sys.stderr)
        return UNUSABLE
    return exit_code(results)


def read_config(path: str) -> Tuple[Dict[str, Any], Text]:
    """What the role wrote, and why it can't be used: a cut file must not look like a node without a plan."""
    try:
        return (load(path), {}) if os.path.exists(path) else ({}, {})
    except (OSError, ValueError) as error:
        what = str(error) if isinstance(error, OSError) or "JSON object" in str(error) else f"not JSON: {error}"
        return {}, {"en": f"it can't be read: {what}", "zh": f"无法读取：{what}"}


def incomplete(path: str, config: Dict[str, Any], node: Dict[str, Any], measures: Dict[str, Any]) -> Text:
    """Why a configuration says too little for what is installed here; empty when it is enough."""
    if current(config.get("plan")) or not installed(Context(node=node, measures=measures)):
        return {}
    if config.get("plan"):
        return {"en": "its plan is of another release", "zh": "其中的方案属于其他版本"}
    if os.path.exists(path):
        return {"en": "it holds no plan", "zh": "其中没有方案"}
    return {"en": "it is not there", "zh": "文件不存在"}


def as_capture(host: Recorder, plan: Optional[Dict[str, Any]], measures: Dict[str, Any]) -> str:
    data = dict(host.data(), plan=plan, measures=measures, epoch=time.time())
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def load(path: str) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as stream:
        found = json.load(stream)
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not a JSON object")
    return found


def save(path: str, text: str) -> None:
    """Writes for root alone: a report names hosts, addresses and processes."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
