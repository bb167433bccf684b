# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor as a command on a node: the same facts, probes and rules, without Ansible."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._node import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._node_host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._probes import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._probes_collect import collect
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import (
    Context,
    RulesError,
    evaluate,
    exit_code,
    silenced,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_report import as_html, as_json, document
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_text import table

CONFIG = "/etc/yitiji/doctor.json"
UNUSABLE = 3


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="yitiji-doctor",
        description="检查本机并给出处理办法，不做任何改动。 "
        "Looks at this node by rules and says what to do; changes nothing.",
        epilog="0 正常 all well · 1 警告或未知 warnings or unknown · 2 失败 failures · 3 无法运行 could not run",
    )
    found.add_argument("--phase", choices=["pre", "post", "run"], default="run", help="which rules (default: run)")
    found.add_argument("--language", choices=["zh", "en", "both"], help="语言 language")
    found.add_argument("--all", action="store_true", help="show rules that pass or do not apply, too")
    found.add_argument("--fast", action="store_true", help="ask nothing of the network")
    found.add_argument("--json", metavar="FILE", help="write the report as JSON (- is the standard output)")
    found.add_argument("--html", metavar="FILE", help="write the report as a web page")
    found.add_argument(
        "--capture", metavar="FILE", help="save everything that was read, for support (holds host names)"
    )
    found.add_argument("--replay", metavar="FILE", help="judge a capture in place of this machine")
    found.add_argument("--config", metavar="FILE", default=CONFIG, help=f"default: {CONFIG}")
    return found


def main(rules: List[Dict[str, Any]], argv: Optional[Sequence[str]] = None) -> int:
    """Runs the command; the exit status tells the result."""
    options = parser().parse_args(argv)
    try:
        return _run(rules, options)
    except (RulesError, OSError, ValueError) as error:
        print(f"yitiji-doctor: {error}", file=sys.stderr)
        return UNUSABLE


def _run(rules: List[Dict[str, Any]], options: argparse.Namespace) -> int:
    config = load(options.config) if os.path.exists(options.config) else {}
    settings = dict(config.get("settings") or {})
    if options.fast:
        settings["network"] = False
    if options.replay:
        capture = load(options.replay)
        node = read_node(Capture(capture), epoch=float(capture.get("epoch") or 0))
        plan, measures = capture.get("plan"), capture.get("measures") or {}
    else:
        host = Recorder(Host()) if options.capture else Host()
        node, plan = read_node(host), config.get("plan") or None
        measures = collect(host, node, plan, settings)
        if isinstance(host, Recorder):
            save(options.capture, as_capture(host, plan, measures))
    name = str(config.get("host") or node["hostname"])
    context = Context(node=node, plan=plan, settings=settings, measures=measures, host=name)
    ignore = silenced(settings.get("ignore") or [], [str(rule["id"]) for rule in rules])
    results = evaluate(rules, context, options.phase, PROBES, NEEDS, ignore)
    report = document(f"yitiji-doctor {name}", options.phase, results, time.time())
    language = options.language or str(config.get("language") or "both")
    if options.json == "-":
        sys.stdout.write(as_json(report))
    else:
        print("\n".join(table(results, language, options.all)))
    if options.json and options.json != "-":
        save(options.json, as_json(report))
    if options.html:
        save(options.html, as_html(report, language))
    return exit_code(results)


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
    """For root alone: a report names hosts, addresses and processes."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
