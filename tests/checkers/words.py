# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and the form of every text for readers: python -m tests.checkers.words [FILE …]

Chinese wherever it stands: messages, catalogue, roles, pages, documents. English where readers meet it: messages, the
catalogue's `en` and documents. The words are in words.yml.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What is not a word of the sentence: code, values that are filled in, markup, links' targets, files and addresses.
APART = re.compile(
    r"``.*?``|`[^`]*`|\{\{.*?\}\}|\{#.*?#\}|\$\{[^}]*\}|\$\(.*?\)|\{[^{}%]*\}|\]\([^)]*\)|https?://[^\s，。；）、]+",
    re.DOTALL,
)
# Where one text ends and the next begins: bilingual texts are "English / 中文" or "English. 中文", tables have cells.
SIDES = re.compile(
    r"\n| / | \| |^\| | \|$| · |\{%.*?%\}|<[^<>]*>|(?<=[。！？]) ?(?=[A-Z])|(?<=[.!?]) (?=[\u4e00-\u9fff])",
    re.MULTILINE | re.DOTALL,
)
PATTERNS = {  # of Chinese
    "half-width punctuation": re.compile(r"[\u4e00-\u9fff）”][,;:!?()]|[,;!?] ?[\u4e00-\u9fff（“]|\)[\u4e00-\u9fff]"),
    "a space before %": re.compile(r"[\d¤] %(?![\w(])"),
    "x for ×": re.compile(r"(?<=[\w¤）)]) [xX] (?=[\w¤（(])"),
}
FRAGMENT = re.compile(r"(?<![\w./=:@$*-])[a-z]{2,}(?:,? [a-z]{2,})+(?![\w./=*-])")
LEFT_OUT = re.compile(
    r"^(CHANGELOG|LICENSES?/|changelogs/|docs/images/|docs/ci/|docs/decisions/|tests/|molecule/|lab/|\.git|"
    r"docs/rules/(LLM\d+|README)\.md|docs/rules/pages\.py|docs/testing\.md)"
)  # pages of rules are written from the messages and the catalogue, which are looked at themselves


class Said(NamedTuple):
    """A text for readers and where it begins."""

    line: int
    text: str


class Fault(NamedTuple):
    path: str
    line: int
    what: str
    found: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}: {self.found}"


def words() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "tests/checkers/words.yml").read_text(encoding="utf-8"))
    return data


class Lint:
    """The rules of words.yml, ready to be looked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.kept = data["kept"]
        self.apart = re.compile("|".join(data["apart"]))
        self.used: set[int] = set()
        fragments = "|".join(re.escape(str(row)) for row in data["fragments"])
        self.fragments = re.compile(f"(?<![a-z])(?:{fragments})(?![a-z])") if fragments else None
        self.words = {
            language: [(_word(word), use) for word, use in data[language].items()] for language in ("zh", "en")
        }

    def chinese(self, path: str, said: Said) -> Iterator[Fault]:
        for line, part in _sides(said, chinese=True):
            for what, pattern in PATTERNS.items():
                yield from self._found(path, line, part, what, pattern)
            for pattern, use in self.words["zh"]:
                yield from self._found(path, line, part, f"write {use}", pattern)
            plain = self.fragments.sub("¤", part) if self.fragments else part
            yield from self._found(path, line, plain, "English in a Chinese sentence", FRAGMENT)

    def english(self, path: str, said: Said) -> Iterator[Fault]:
        for line, part in _sides(said, chinese=False):
            for pattern, use in self.words["en"]:
                yield from self._found(path, line, part, f"write {use}", pattern)

    def _found(self, path: str, line: int, text: str, what: str, pattern: re.Pattern[str]) -> Iterator[Fault]:
        for match in pattern.finditer(text):
            around = text[max(0, match.start() - 14) : match.end() + 14].strip()
            if not self._is_kept(path, around):
                yield Fault(path, line, what, f"{match.group().strip()!r} in {around!r}")

    def _is_kept(self, path: str, around: str) -> bool:
        for place, row in enumerate(self.kept):
            if re.fullmatch(row["file"], path) and row["text"] in around:
                self.used.add(place)
                return True
        return False


def _word(pattern: str) -> re.Pattern[str]:
    alone = pattern.isascii()
    return (
        re.compile(rf"(?<![\w./=@$*-])(?:{pattern})(?![\w/=*）-]|\.\w)", re.IGNORECASE)
        if alone
        else re.compile(pattern)
    )


def _sides(said: Said, chinese: bool) -> Iterator[tuple[int, str]]:
    """The parts of a text in that language; what is no word is one sign."""
    plain = APART.sub(lambda match: "¤" + "\n" * match.group().count("\n"), said.text)
    line = said.line
    at = 0
    for match in [*SIDES.finditer(plain), None]:
        part = plain[at : match.start() if match else len(plain)]
        if part.strip() and _is_chinese(part) == chinese:
            yield line, part
        line += plain[at : match.end()].count("\n") if match else 0
        at = match.end() if match else at


def _is_chinese(part: str) -> bool:
    """An English sentence that gives a Chinese name is English."""
    return bool(CHINESE.search(part)) and 2 * len(CHINESE.findall(part)) >= len(re.findall("[A-Za-z]{2,}", part))


def texts(path: str, content: str) -> Iterator[Said]:
    """All that a file says, in any language."""
    if path.endswith(".py"):
        yield from _of_python(content)
    elif path.endswith((".yml", ".yaml")):
        yield from _of_yaml(content)
    elif path.endswith(".md"):
        yield from _of_markdown(content)
    elif path.endswith((".js", ".mjs", ".sh")):
        for number, line in enumerate(content.splitlines(), 1):
            yield from (Said(number, part) for part in re.split(r"[\"']", line))
    else:
        yield from (Said(number, line) for number, line in enumerate(content.splitlines(), 1))


def _of_python(content: str) -> Iterator[Said]:
    tree = ast.parse(content)
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
            apart |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in apart:
            apart |= {id(part) for part in node.values}
            parts = [str(p.value) if isinstance(p, ast.Constant) else "¤" for p in node.values]
            yield Said(node.lineno, "".join(parts))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            if node.value.lstrip().startswith("---\n"):  # a module's documentation
                yield from (Said(node.lineno + said.line - 1, said.text) for said in _of_yaml(node.value))
            else:
                yield Said(node.lineno, node.value)


def _of_yaml(content: str) -> Iterator[Said]:
    """Scalars and comments; what Jinja and others wrap is told by line alone."""
    for token in yaml.scan(content):
        if isinstance(token, yaml.ScalarToken):
            yield Said(token.start_mark.line + 1, token.value)
    for number, line in enumerate(content.splitlines(), 1):
        if match := re.search(r"(?:^|\s)#\s?(.*)", line):
            yield Said(number, match.group(1))


def _of_markdown(content: str) -> Iterator[Said]:
    """Paragraphs, lists and tables; code blocks are nobody's sentence."""
    fenced = False
    for number, line in enumerate(content.splitlines(), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            yield Said(number, line)


def english_for_readers(path: str) -> bool:
    return path.startswith(("plugins/module_utils/_base/messages/", "plugins/catalog/")) or path.endswith(".md")


def faults(lint: Lint, path: str, content: str) -> list[Fault]:
    found: list[Fault] = []
    for said in texts(path, content):
        if CHINESE.search(said.text):
            found += lint.chinese(path, said)
        if english_for_readers(path):
            found += lint.english(path, said)
    return found


def files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return [name for name in listed.stdout.split("\0") if name and not LEFT_OUT.search(name)]


def main(asked: list[str]) -> int:
    lint = Lint(words())
    found: list[Fault] = []
    for name in asked or files():
        try:
            content = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # pictures, and what git lists and the checkout no longer has
        if lint.apart.fullmatch(name):
            continue
        if CHINESE.search(content) or english_for_readers(name):
            found += faults(lint, name, content)
    print(*found, sep="\n", end="\n" if found else "")
    idle = [] if asked else [row["text"] for place, row in enumerate(lint.kept) if place not in lint.used]
    print(*(f"words.yml keeps {text!r}, which nothing says" for text in idle), sep="\n", end="\n" if idle else "")
    if found or idle:
        return 1
    print("All checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
