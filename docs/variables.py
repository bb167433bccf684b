#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/variables.md and docs/variables.zh.md: the variables that matter, from the roles' argument specs.

usage: python3 docs/variables.py
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "awx"))
from survey import options  # what the specs say of every variable

HEAD = {
    "en": """# The variables that matter

**[中文](variables.zh.md)**

Of several hundred, those that a site may want to set, in `vars` of its `hosts.yml`. A name that nothing reads is
refused, with the likely one (LLM122). All of them stand in `meta/argument_specs.yml` of each role;
`ansible-doc -t role yitiji.deepseek.gateway` shows one role's.
""",
    "zh": """# 常用变量

**[English](variables.md)**

变量有几百个，这里是现场可能要设置的，写在 `hosts.yml` 的 `vars` 中。
拼错的名称会被拒绝，并给出可能的名称（LLM122）。全部变量在各角色的 `meta/argument_specs.yml` 中；
`ansible-doc -t role yitiji.deepseek.gateway` 列出一个角色的变量（说明为英文）。
""",
}
COLUMNS = {"en": ("variable", "default", "meaning"), "zh": ("变量", "默认值", "含义")}
WORDS = {
    "required": {"en": "required", "zh": "必填"}, "none": {"en": "none", "zh": "无"},
    "derived": {"en": "see the text", "zh": "见说明"},
}  # fmt: skip


def plain(spec: dict[str, Any]) -> str:
    """Its description with code as Markdown has it, in one cell."""
    told = spec["description"]
    text = " ".join(told) if isinstance(told, list) else told
    return re.sub(r"\b[CVO]\(((?:[^()]|\([^()]*\))*)\)", r"`\1`", text).replace("|", "\\|")


def default(spec: dict[str, Any], language: str) -> str:
    if spec.get("required"):
        return WORDS["required"][language]
    value = spec.get("default")
    if value is None:
        return WORDS["derived"][language]
    if value in ("", [], {}):
        return WORDS["none"][language]
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def page(language: str) -> str:
    known, lines = options(), [HEAD[language]]
    for group in yaml.safe_load((HERE / "variables.yml").read_text(encoding="utf-8")):
        lines += [f"## {group['title'][language]}", "", "| {} | {} | {} |".format(*COLUMNS[language]), "|---|---|---|"]
        for name, chinese in group["variables"].items():
            told = chinese if language == "zh" else plain(known[name])
            lines.append(f"| `{name}` | {default(known[name], language)} | {told} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "variables.md").write_text(page("en"), encoding="utf-8")
    (HERE / "variables.zh.md").write_text(page("zh"), encoding="utf-8")
