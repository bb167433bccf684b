# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lint of words (tests/checkers/words.py): it is clean, and it sees what it is for."""

from __future__ import annotations

import re
import time

import pytest
import yaml

from tests.checkers import words

LINT = words.Lint(words.words())


def said(path: str, content: str) -> list[str]:
    return [f"{fault.what}: {fault.found}" for fault in words.faults(LINT, path, content)]


def test_every_text_keeps_the_glossary(capsys):
    before = time.process_time()
    assert words.main([]) == 0, capsys.readouterr().out
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("请登录头节点", "首节点"),
        ("在控制端运行", "控制机"),
        ("打开聊天页面", "对话页面"),
        ("请查看部署计划", "方案"),
        ("本集合不做任何改动", "Ansible collection"),
        ("请重新执行，下载会续作", "续传"),
        ("规则已撤回", "回滚"),
        ("无法在本机上运行", "该节点"),
        ("首字延迟 2 秒", "TTFT"),
        ("无法读取型号目录", "型号库"),
        ("请检查你的密钥", "您"),
        ("每个 token 占 2 MiB", "词元"),
        ("请在 head 上执行", "首节点"),
        ("还有空间, 请重试", "half-width"),
        ("见日志(第 3 行)", "half-width"),
        ("多 2 %", "a space before %"),
        ("共 2 x 8 张显卡", "x for ×"),
        ("{nodes} 台 x {cards} 张", "x for ×"),
        ("利用率为 3，not measured yet，请重试", "English"),
        ("请执行 systemctl restart nginx", "English"),
    ],
)
@pytest.mark.parametrize(
    "form", ['X = "{}"\n', "- zh: '{}'\n", "# {}\n", "- 文档：{}\n"], ids=["py", "yml", "j2", "zh.md"]
)
def test_what_is_wrong_is_seen_in_every_kind_of_file(text, seen, form, request):
    kind = request.node.callspec.id.split("-")[0]
    path = "docs/some.zh.md" if kind == "zh.md" else f"roles/some/some.{kind}"
    assert any(seen in fault for fault in said(path, form.replace("{}", text))), said(path, form.replace("{}", text))


@pytest.mark.parametrize("text", ["a probe of the driver", "set it on the control node", "Please run it again"])
def test_english_words_are_seen_in_documents_and_messages(text):
    assert said("docs/some.md", text)
    assert said("plugins/module_utils/_base/messages/some.py", f'X = "{text}"')
    assert not said("roles/some/tasks/main.yml", f"- name: {text}"), "names of tasks are no texts of ours to readers"


@pytest.mark.parametrize(
    "text",
    [
        "请执行 `systemctl restart nginx`，然后重试",
        "词元（tokens）：问题与回答合计",
        "see the plan and the head / 见方案与首节点",
        "Turns bare-metal servers into DeepSeek appliances (一体机), with one command.",
        "2 台 × 8 张 RTX 4090，利用率 95%",
        "请设置 appliance_precision: fp16，然后运行 site.yml",
        "见 [检查](docs/the/head.md)",
    ],
)
def test_what_is_right_is_let_be(text):
    assert not said("docs/some.zh.md", text)
    assert not said("roles/some.py", f"X = {text!r}")


def test_code_documentation_and_patterns_are_nobodys_sentence():
    assert not said("docs/some.zh.md", "```\n请登录头节点\n```\n")
    assert not said("plugins/some.py", '"""请登录头节点"""\nimport re\nX = re.compile("本机(a|b)?")\n')
    assert said("plugins/modules/some.py", 'DOCUMENTATION = """---\ndescription: 请登录头节点\n"""\n')


def test_a_fault_names_its_line():
    [fault] = words.faults(LINT, "plugins/some.py", 'X = (\n    "a / b\\n"\n)\nY = "头节点"\n')
    assert (fault.line, str(fault).split(":")[:2]) == (4, ["plugins/some.py", "4"])


def test_a_kept_text_that_nothing_says_is_told(capsys, monkeypatch):
    data = {
        **words.words(),
        "kept": [*words.words()["kept"], {"file": ".*", "text": "nobody says this", "why": "test"}],
    }
    monkeypatch.setattr(words, "words", lambda: data)
    assert words.main([]) == 1
    assert "nobody says this" in capsys.readouterr().out


def test_the_list_says_no_word_that_it_forbids():
    data = words.words()
    for use in data["zh"].values():
        assert not any(pattern.search(re.sub(r"\(.*?\)", "", use)) for pattern, _ in LINT.words["zh"]), use
    assert all(row["why"] for row in data["kept"])


def test_chinese_of_the_glossary_is_what_the_list_wants():
    rows = (words.ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    terms = {row.split("|")[1].strip(): row.split("|")[2].strip() for row in rows if row.count("|") > 3}
    wanted = {
        "head": "首节点",
        "controller": "控制机",
        "catalogue": "型号库",
        "plan": "方案",
        "hub": "模型站",
        "bundle": "离线包",
    }
    assert {word: terms[word] for word in wanted} == wanted
    assert (
        yaml.safe_load((words.ROOT / "tests/checkers/words.yml").read_text(encoding="utf-8"))["zh"]["head"] == "首节点"
    )
