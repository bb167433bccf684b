# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the documentation site is laid out, without what builds it: links, reference, navigation."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("stage", ROOT / "docs/site/stage.py")
stage = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(stage)
KNOWN = {
    "docs/a.md": "a.md",
    "docs/b.zh.md": "b.zh.md",
    "roles/r/README.md": "reference/roles/r.md",
    "docs/i/p.svg": "i/p.svg",
}


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    stage.stage(folder)
    return folder


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[x](a.md#y) [`r`](../roles/r/README.md)", "[x](a.md#y) [`r`](reference/roles/r.md)"),
        ("[b](b.zh.md), ![p](i/p.svg)", "[b](b.md), ![p](i/p.svg)"),
        ("[out](https://x.example/a.md) [down](#here)", "[out](https://x.example/a.md) [down](#here)"),
        ("[lint](../Makefile), [`make`](../Makefile)", "lint (`Makefile`), `make`"),
        ("`[x](no.md)`\n```\n[x](no.md)\n```\n", "`[x](no.md)`\n```\n[x](no.md)\n```\n"),
        ("**[中文](b.zh.md)**\n\nmore", "\n\nmore"),
        ("**[English](a.md)** · more [b](b.zh.md)", "more [b](b.md)"),
    ],
)
def test_links(text, told):
    assert stage.linked(text, "docs/a.md", KNOWN) == told


def test_lines_of_chinese_join_without_a_gap():
    """A browser showed a blank in the middle of a sentence wherever its source has a new line."""
    assert (
        stage.closed("标准版为例；\n机器不同\n\n下一段\n- 甲\n  乙\n| 表 |\n")
        == "标准版为例；机器不同\n\n下一段\n- 甲乙\n| 表 |\n"
    )
    assert stage.closed("# 标题\n正文") == "# 标题\n正文"
    assert stage.closed("命令\nmake\n```\n中\n文\n```\n") == "命令\nmake\n```\n中\n文\n```\n"


def test_a_rule_is_told_in_one_language(laid):
    text = "# LLM1: A / b / 甲\n\nStops.\nAlso.\n阻止。\n\nIn braces. / 花括号。\n\nSilence / 忽略: `x`\n"
    assert stage.one_language(text, False) == "# LLM1: A / b\n\nStops.\nAlso.\n\nIn braces.\n\nSilence: `x`\n"
    assert stage.one_language(text, True) == "# LLM1: 甲\n\n阻止。\n\n花括号。\n\n忽略: `x`\n"
    pages = sorted((laid / "rules").glob("LLM*.md"))
    wrong = [
        path.name
        for path in pages
        if not path.name.endswith(".zh.md") and re.search("[\u4e00-\u9fff]", path.read_text())
    ]
    prose = re.compile(r"^(?!#)[^`\n]*\b[A-Z][a-z]+ [a-z]+ [a-z]+ [a-z]+[^`\n]*$", re.MULTILINE)
    wrong += [path.name for path in pages if path.name.endswith(".zh.md") and prose.search(path.read_text())]
    assert len(pages) > 600 and wrong == []


def test_a_link_to_nothing_is_refused():
    with pytest.raises(stage.Nowhere, match=r"docs/a\.md: gone\.md"):
        stage.linked("[x](gone.md)", "docs/a.md", KNOWN)


def test_every_link_of_every_page_leads_to_a_page(laid):
    wrong = []
    for path in laid.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        code = [found.span() for found in stage.CODE.finditer(text)]
        for found in stage.LINK.finditer(text):
            target = found[3].partition("#")[0]
            outside = not target or re.match(r"^[a-z]+:", target)
            inside_code = any(begin <= found.start() < end for begin, end in code)
            if not outside and not inside_code and not (path.parent / target).is_file():
                wrong.append(f"{path.relative_to(laid)}: {found[3]}")
    assert wrong == []


def test_the_reference_has_every_role_module_and_filter(laid):
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("[a-z]*.py")}
    assert {path.stem for path in (laid / "reference/modules").glob("*.md")} == modules | {"index"}
    filters = {path.stem for path in (ROOT / "plugins/filter").glob("*.yml")}
    assert {path.stem for path in (laid / "reference/filters").glob("*.md")} == filters | {"index"}
    roles = {path.parent.parent.name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")}
    assert {path.stem for path in (laid / "reference/variables").glob("*.md")} == roles | {"index"}


def test_a_reference_page_says_what_the_documentation_says(laid):
    text = (laid / "reference/modules/bundle_target.md").read_text(encoding="utf-8")
    assert "| `target` | dict | required |" in text and "`catalog_dirs`" in text, "options of a shared fragment too"
    assert "release: trixie" in text and "## Returns" in text
    text = (laid / "reference/variables/bundle.md").read_text(encoding="utf-8")
    assert "| `bundle_pythons` | list |" in text


def navigation(rows):
    for row in rows:
        for title, value in row.items() if isinstance(row, dict) else [("", row)]:
            if isinstance(value, list):
                yield title, ""
                yield from navigation(value)
            else:
                yield title, value


def test_the_navigation(laid):
    config = yaml.safe_load((ROOT / "docs/site/mkdocs.yml").read_text(encoding="utf-8"))
    rows = list(navigation(config["nav"]))
    assert [page for _title, page in rows if page and not (laid / page).is_file()] == []
    [languages] = [row["i18n"]["languages"] for row in config["plugins"] if "i18n" in row]
    translated = set(languages[1]["nav_translations"])
    assert {title for title, _page in rows if title} == translated
    in_it = {page for _title, page in rows}
    pages = {path.name for path in (ROOT / "docs").glob("*.md") if not path.name.endswith(".zh.md")}
    # found from the pages that they belong to
    assert pages - in_it == {"bundle-tested.md", "releasing.md"}
