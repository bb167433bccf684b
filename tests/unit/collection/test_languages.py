# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is told in two languages at once to whom `appliance_language` gives one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import in_language

ROOT = Path(__file__).resolve().parents[3]
CHINESE = re.compile("[\u4e00-\u9fff]")
SPOKEN = "yitiji.deepseek.spoken"
LITERAL = re.compile(r"'[^']*' \| " + re.escape(SPOKEN))
BOTH = re.compile(r"\.(zh|en)\b|attribute='(zh|en)'")
SHOWS = ("ansible.builtin.debug", "ansible.builtin.fail", "ansible.builtin.assert", "ansible.builtin.pause")
SCRIPTS = sorted((ROOT / "roles/bundle/files").glob("*.sh"))
# What is told where nobody can know who reads.
ANYBODY = {
    "plugins/module_utils/_doctor/cli.py": "its --help: who asks has a language of his own (--lang)",
    "plugins/module_utils/_first_boot/show.py": "a console's font has the English half alone; its page has a choice",
    "plugins/module_utils/_monitoring/figures.py": "a program's --help",
    "plugins/module_utils/_watch/run.py": "a program's --help",
    "plugins/module_utils/_backup/cli.py": "a command on the node, by hand",
    "plugins/module_utils/_webui/environment.py": "a page whose users choose a language each",
    "plugins/module_utils/_base/text.py": "what leaves one of both",
}


def tasks(data):
    for entry in data if isinstance(data, list) else []:
        if isinstance(entry, dict):
            yield entry
            for value in entry.values():
                yield from tasks(value)


def told_twice(task) -> bool:
    """Whether Chinese stands in what a task shows, outside of what leaves one language."""
    for name in (name for name in SHOWS if name in task):
        whole = yaml.safe_dump(task[name], allow_unicode=True, width=10**6).replace("''", "'")
        text = LITERAL.sub("", whole)
        values = [LITERAL.sub("", str(value)) for value in (task.get("vars") or {}).values()]
        unspoken = SPOKEN not in whole and any(map(CHINESE.search, values))
        if unspoken or CHINESE.search(text) or BOTH.search(text):
            return True
    return False


def task_files():
    files = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml"), *ROOT.glob("playbooks/**/*.yml")]
    return sorted(path.relative_to(ROOT).as_posix() for path in files)


@pytest.mark.parametrize("path", task_files())
def test_a_task_shows_one_language(path):
    data = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    assert [task.get("name") for task in tasks(data) if told_twice(task)] == []


@pytest.mark.parametrize(
    "task",
    [
        {"ansible.builtin.debug": {"msg": "not found / 未发现：{{ x }}"}},
        {"ansible.builtin.debug": {"msg": ["nothing / 没有"]}},
        {"ansible.builtin.debug": {"msg": "{{ __some_told }}"}, "vars": {"__some_told": "nothing / 没有"}},
        {"ansible.builtin.debug": {"msg": "{{ rows | map(attribute='zh') | list }}"}},
        {"ansible.builtin.fail": {"msg": "{{ why.en }} {{ why.zh }}"}},
        {"block": [{"ansible.builtin.debug": {"msg": "a / 甲 {{ 'b / 乙' | yitiji.deepseek.spoken(language) }}"}}]},
    ],
)
def test_a_task_that_shows_two_is_seen(task):
    assert any(told_twice(each) for each in tasks([task]))


def both_in(source: str):
    """Lines of texts that say the same twice and are not given to what leaves one language."""
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(above.get(node), (ast.JoinedStr, ast.Expr)) or not twice(node):
            continue
        around = above.get(node)
        while isinstance(around, ast.IfExp):
            around = above.get(around)
        name = getattr(around, "func", None)
        if getattr(name, "id", "") not in ("one", "in_language"):
            yield node.lineno


def twice(node) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return any(map(in_both, node.value.splitlines()))
    if not isinstance(node, ast.JoinedStr):
        return False
    fixed = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
    values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    names = [ast.unparse(value) for value in values if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript))]
    apart = [any(re.search(word, name) for name in names) for word in (r"\bzh\b|chinese", r"\ben\b|english")]
    return any(map(in_both, fixed.splitlines())) or (all(apart) and "<" not in fixed)


def in_both(line: str) -> bool:
    return in_language(line, "zh") != line and bool(re.search("[a-z]{3,}", in_language(line, "en"))) and "_" not in line


def test_code_tells_one_language():
    found = {}
    for path in sorted(ROOT.glob("plugins/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        lines = list(both_in(path.read_text(encoding="utf-8")))
        if lines:
            found[name] = lines
    assert {name: lines for name, lines in found.items() if name not in ANYBODY} == {}
    assert set(ANYBODY) <= set(found), "a reason that nothing needs"


@pytest.mark.parametrize(
    "source",
    [
        "x = 'made / 已制作'",
        "f(f'{path}: made / 已制作')",
        "say(f'{text.en} / {text.zh}')",
        "say(f'{english} {chinese}')",
    ],
)
def test_code_that_tells_two_is_seen(source):
    assert list(both_in(source)) and not list(both_in("one('made / 已制作' if x else 'a / 甲')\nf'{a} / {b}'\n"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_tells_one_language(script):
    lines = script.read_text(encoding="utf-8").splitlines()
    shown = [line for line in lines if CHINESE.search(line) and not line.lstrip().startswith("#")]
    assert [line for line in shown if not re.search(r"\b(tell|give_up|wrong) ", line) or " / " in line] == []


LOCALES = [
    ({"LC_ALL": "zh_CN.UTF-8"}, "zh"),
    ({"LANG": "zh_CN.UTF-8", "YITIJI_LANGUAGE": "en"}, "en"),
    ({"LANG": "en_US.UTF-8"}, "both"),
    ({}, "both"),
]
ENDS = {
    "check.sh": ("check: ", "no MANIFEST.json here: this is no bundle", "此处没有离线包"),
    "install.sh": ("install: ", "LLM914: the bundle's signature is not good", "LLM914：离线包签名无效"),
    "join.sh": ("LLM915 ", "missing volume", "缺少分卷"),
}


@pytest.mark.parametrize("script", ENDS)
@pytest.mark.parametrize(("locale", "language"), LOCALES)
def test_a_script_speaks_the_language_of_who_runs_it(tmp_path, script, locale, language):
    folder = tmp_path / ("controller" if script == "install.sh" else "")
    folder.mkdir(exist_ok=True)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64} yitiji-bundle.tar.000\n")
    if script == "install.sh":
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
        subprocess.run(key, check=True)
        (tmp_path / "SIGNER.pub").write_text((tmp_path / "key.pub").read_text())
        (tmp_path / "MANIFEST.json").write_text("{}")
    place = folder / script
    place.write_text((ROOT / "roles/bundle/files" / script).read_text(encoding="utf-8"), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **locale}
    done = subprocess.run(["sh", str(place)], capture_output=True, encoding="utf-8", env=env, check=False)
    head, en, zh = ENDS[script]
    told = head + {"zh": zh, "en": en, "both": f"{en} / {zh}"}[language]
    assert done.returncode and told in done.stdout + done.stderr, done
    other = {"zh": en, "en": zh}.get(language)
    assert other is None or other not in done.stdout + done.stderr


def test_no_message_names_a_playbook_by_a_path_that_who_installed_the_collection_lacks():
    files = [*ROOT.glob("plugins/module_utils/_base/messages/*.py"), *ROOT.glob("plugins/catalog/rules/*.yml")]
    assert [path.name for path in files if re.search(r"playbooks/\w+\.yml", path.read_text(encoding="utf-8"))] == []
