#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one page per rule, and their list, from the catalogue. `--check` only says whether they are up to date."""

from __future__ import annotations

import ast
import importlib
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
TESTS = HERE.parents[1] / "tests"
CATALOG = HERE.parents[1] / "plugins" / "catalog" / "rules"
PHASES = {
    "pre": ("before anything is changed", "改动之前"),
    "post": ("after an installation", "安装之后"),
    "run": ("at any time, by the doctor", "随时（doctor）"),
}
SEVERITIES = {"error": ("stops the run", "阻止部署"), "warn": ("warns", "警告"), "info": ("informs", "提示")}
SHAPE = """\
## Shape of a rule

```yaml
- id: LLM206                 # never used again for another thing
  phase: [post, run]         # pre: before anything is changed, post: after an installation, run: at any time
  severity: error            # a failure of `warn` counts as a warning
  needs: [nvswitch]          # skipped where it does not apply (words: plugins/module_utils/_doctor/needs.py)
  title: {zh: …, en: …}
  why: {zh: …, en: …}        # what happens to those who ignore it
  looks: {zh: …, en: …}      # what the probe looks at
  fix: {zh: …, en: …}        # {name} is filled by the probe
  sources: [owner/repo#1]    # where people met it
```

A probe is a pure function over what was read of the node (`plugins/module_utils/_doctor/checks/*.py`); its result is
pass, warn, fail, skip or unknown. Unknown is never pass. Exit status: 0 well, 1 warnings or unknown, 2 failures.

A rule is silenced by its id with a reason, and stays visible:

```yaml
appliance_rules_ignore:
  - {id: LLM102, reason: the site has no time server yet}
```

These pages are written by `python3 docs/rules/pages.py`.
"""
# Where more is said about several of them.
ELSEWHERE = """\
| LLM640 – LLM659, LLM801 – LLM849 | attacks and promises / 攻击与承诺 | [security.md](../security.md) |
| LLM910, LLM912 – LLM924 | the offline bundle / 离线包 | [bundle.md](../bundle.md) |
| LLM601 – LLM603, LLM605 – LLM620 | weights / 权重 | [weights.md](../weights.md) |
"""


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(CATALOG.glob("*.yml")):
        found += yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    return sorted(found, key=lambda rule: rule["id"])


def page(rule: dict[str, Any]) -> str:
    english, chinese = SEVERITIES[rule["severity"]]
    when_en = ", ".join(PHASES[phase][0] for phase in rule["phase"])
    when_zh = "、".join(PHASES[phase][1] for phase in rule["phase"])
    needs = ", ".join(rule.get("needs", []))
    parts = [f"# {rule['id']}: {rule['title']['en']} / {rule['title']['zh']}", ""]
    parts.append(f"{english.capitalize()}; checked {when_en}." + (f" Applies with: {needs}." if needs else ""))
    parts += [f"{chinese}；检查时机：{when_zh}。", ""]
    parts += [f"**Why.** {rule['why']['en']}", f"**原因** {rule['why']['zh']}", ""]
    parts += [f"**Looks at.** {_sentence(rule['looks']['en'])}", f"**检查内容** {rule['looks']['zh']}。", ""]
    parts += [f"**What to do.** {_sentence(rule['fix']['en'])}", f"**处理办法** {rule['fix']['zh']}。", ""]
    if "{" in rule["fix"]["en"] + rule["fix"]["zh"]:
        parts.append("What stands in braces is named in the message. / 花括号中的内容见报错信息。")
    if rule.get("sources"):
        parts += ["", "Met by others / 相关案例: " + ", ".join(rule["sources"])]
    parts += ["", f"Silence / 忽略: `appliance_rules_ignore: [{{id: {rule['id']}, reason: …}}]`", ""]
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].rstrip(".") + "."


HOW = """
How each is tested, taken from the tests themselves: **unit** is the number of cases of the pure probe
(`tests/unit/module_utils/_doctor/checks/cases*.py`; every rule has a pass, a failure, an unknown and a skip, or the
unit tests fail);
**machine** counts recorded machines that must show a given result (`tests/fixtures/nodes`); **lab** counts failures
really made on a lab node, where the doctor must name this rule and no other (`tests/doctor/scenes.yml`), and
**lab, feigned** those where something is feigned, such as cards laid over a node without any.
"""


def tested() -> dict[str, dict[str, int]]:
    """How often each rule is tested in which way; counted in the tests themselves, so the numbers are never wrong."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    files = sorted((TESTS / "unit/module_utils/_doctor/checks").glob("cases*.py"))
    for item in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(item, ast.Tuple) and len(item.elts) == 4 and isinstance(item.elts[0], ast.Constant):
            found[str(item.elts[0].value)]["unit"] += 1
    for path in sorted((TESTS / "fixtures/nodes").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["expect"]:
            found[rule]["machine"] += 1
    lab = yaml.safe_load((TESTS / "doctor/scenes.yml").read_text(encoding="utf-8"))
    for scene in lab["scenes"] + lab["fleet"]:
        found[scene["rule"]]["lab, feigned" if scene.get("feigned") else "lab"] += 1
    return found


def overview(found: list[dict[str, Any]], made: dict[str, str]) -> str:
    counted = tested()
    parts = ["# Rules / 规则", HOW, "| id | rule / 规则 | when | severity | looks at | tested |"]
    parts.append("|---|---|---|---|---|---|")
    for rule in found:
        name, title = rule["id"], f"{rule['title']['en']} / {rule['title']['zh']}"
        ways = ("unit", "machine", "lab", "lab, feigned")
        how = "; ".join(f"{way} {counted[name][way]}" for way in ways if counted[name][way])
        looks = rule["looks"]["en"].replace("|", "\\|")
        parts.append(
            f"| [{name}]({name}.md) | {title} | {', '.join(rule['phase'])} | {rule['severity']} | {looks} | {how} |"
        )
    head = "\n".join(parts) + "\n"
    more = ["", "Refusals of roles, modules, actions and filters / 角色、模块、action 与 filter 的拒绝：", ""]
    more += ["| id | what |", "|---|---|"]
    more += [f"| [{name}]({name}.md) | {title} |" for name, title in others({rule["id"] for rule in found}, made)]
    more += ["", "Tables with more / 更多说明：", "", "| id | of | described in |", "|---|---|---|"]
    return head + "\n".join(more) + "\n" + ELSEWHERE + "\n" + SHAPE


# Where a rule stands among the hundreds, for who looks for one by its subject.
HUNDREDS = {
    "1": "系统、网络与清单", "2": "显卡与驱动", "3": "Docker、镜像与磁盘上的数据", "4": "多台节点", "5": "方案与引擎",
    "6": "权重与来源", "7": "页面、备份与用户", "8": "网关、安全与验收", "9": "监控、离线包与磁盘镜像",
}  # fmt: skip
WHEN = {"pre": "改动之前", "post": "部署之后", "run": "随时"}
CHINESE = """# 规则

**[English](README.md)**（含每条规则查看什么、怎样测试）

每条检查、警告与拒绝都有编号。报错中有编号时，在这里查它的含义与处理办法；在节点上用
`yitiji-doctor --explain LLM206`，不需要网络。“失败”会阻止运行，“警告”不会。
"""


def chinese(found: list[dict[str, Any]], made: dict[str, str]) -> str:
    """The list for Chinese readers, by subject."""
    rows: dict[str, list[str]] = {number: [] for number in HUNDREDS}
    for rule in found:
        when = "、".join(WHEN[phase] for phase in rule["phase"])
        level = "警告" if rule["severity"] == "warn" else "失败"
        rows[rule["id"][3]].append(f"| [{rule['id']}]({rule['id']}.md) | {rule['title']['zh']} | {when} | {level} |")
    for name, title in others({rule["id"] for rule in found}, made):
        rows[name[3]].append(f"| [{name}]({name}.md) | {title.rpartition(' / ')[2]} | | |")
    parts = [CHINESE]
    for number, title in HUNDREDS.items():
        head = [f"## {title}（LLM{number}xx）", "", "| 编号 | 内容 | 何时检查 | 级别 |", "|---|---|---|---|"]
        parts.append("\n".join([*head, *sorted(rows[number])]) + "\n")
    return "\n".join(parts)


def others(known: set[str], made: dict[str, str]) -> list[tuple[str, str]]:
    """(id, title) of the pages that are no rule's: those written by hand, and those that are made now."""
    pages = {p.name: p.read_text(encoding="utf-8") for p in HERE.glob("LLM*.md") if p.stem not in known} | made
    return [(name[:-3], text.split("\n", 1)[0].split(": ", 1)[1]) for name, text in sorted(pages.items())]


MADE = "Written from the catalogue of messages. / 由消息目录生成。"


def messages() -> dict[str, Any]:
    """The catalogue of refusals, by id."""
    sys.path.insert(0, str(HERE.parents[1] / ".collections"))
    name = "ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.all"
    found: dict[str, Any] = importlib.import_module(name).MESSAGES
    return found


def refusal_page(rule: str, message: Any) -> str:
    reason, remedy = message
    parts = [f"# {rule}: {_headline(reason.en)} / {_headline(reason.zh)}", ""]
    parts += ["Stops the run, or warns where the text says so.", "阻止运行，或在说明处仅作警告。", ""]
    parts += [f"**Says.** {_sentence(reason.en)}", f"**报错** {reason.zh}。", ""]
    parts += [f"**What to do.** {_sentence(remedy.en)}", f"**处理办法** {remedy.zh}。", ""]
    if "{" in reason.en + remedy.en:
        parts += ["What stands in braces is named in the message. / 花括号中的内容见报错信息。", ""]
    return "\n".join([*parts, MADE, ""])


def _headline(text: str) -> str:
    return text[0].upper() + text[1:]


def refusals(known: set[str]) -> dict[str, str]:
    """Pages of refusals that neither a rule nor a hand writes."""
    found = {}
    for rule, message in sorted(messages().items()):
        path = HERE / f"{rule}.md"
        by_a_hand = path.is_file() and MADE not in path.read_text(encoding="utf-8")
        if rule not in known and not by_a_hand:
            found[path.name] = refusal_page(rule, message)
    return found


def texts() -> dict[str, str]:
    found = rules()
    known = {rule["id"] for rule in found}
    wanted = {f"{rule['id']}.md": page(rule) for rule in found}
    made = refusals(known)
    wanted.update(made)
    wanted["README.md"] = overview(found, made)
    wanted["README.zh.md"] = chinese(found, made)
    return wanted


def stale() -> list[str]:
    """Pages that differ from the catalogue."""
    return [n for n, t in texts().items() if not (HERE / n).is_file() or (HERE / n).read_text(encoding="utf-8") != t]


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit("\n".join(f"docs/rules/{name} is old: run python3 docs/rules/pages.py" for name in stale()) or None)
    for name, text in texts().items():
        (HERE / name).write_text(text, encoding="utf-8")
