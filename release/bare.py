# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays in the repository when the artefact is built: remarks, what private functions say, types none reads."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import Sequence

import yaml

COMMENT = re.compile(r"^\s*#.*\n|[^\S\n]+# (?!noqa).*")
# the licence, and words to a linter or a type checker
TOLD = re.compile(r"#!|# (GNU|SPDX|noqa|type:|nosec|pylint|fmt:|pragma)")
SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def bare(text: str, head: bool = False) -> str:
    """YAML without its comments, which stay in the repository; the licence's line and words to a linter stay.

    The comments above all entries stay where asked, as they say what a playbook is for. Nothing goes that is part of
    what the text says, as a `#` in a script does.
    """

    def said(lines: Sequence[str]) -> object:
        try:
            return yaml.load("".join(lines), SAFE)  # noqa: S506 - a safe one
        except yaml.YAMLError:
            return object()  # like nothing else

    lines = text.splitlines(keepends=True)
    says = said(lines)
    end = next((at for at, line in enumerate(lines) if not re.match("#|---$", line)), len(lines)) if head else 1
    less = [*lines[:end], *(COMMENT.sub("", line) for line in lines[end:])]
    if said(less) != says:
        kept, less = less, list(lines)
        for at in (at for at, line in enumerate(kept) if line != lines[at]):
            less[at] = kept[at]
            if said(less) != says:
                less[at] = lines[at]
    return "".join(less)


def bare_code(text: str, private: bool = False) -> str:
    """The same of Python: what a program says of itself stays; remarks in it, and what private functions say, do not.

    Nor do types in private functions' heads and of functions' variables: a checker reads them in the repository, and a
    program never does. In a `private` file, as those of the rooms are, all functions are private.
    A line keeps its number, so that a traceback from a customer leads to the place in the repository.
    """
    whole, text = text, untyped(text, private)
    lines = text.splitlines(keepends=True)
    for said in own_words(ast.parse(text), private=private):
        end = said.end_lineno or said.lineno
        lines[said.lineno - 1 : end] = ["\n"] * (end - said.lineno + 1)
    for kind, word, (row, column), _, line in tokenize.generate_tokens(io.StringIO(text).readline):
        if kind == tokenize.COMMENT and not TOLD.match(word):
            lines[row - 1] = f"{line[:column].rstrip()}\n"
    less = "".join(lines)
    return less if ast.dump(ast.parse(less)) == ast.dump(does(whole, private)) else whole


def is_private(name: str) -> bool:
    """Whether a file is one that others don't import, by an underscore in its path: the rooms are."""
    return any(part.startswith("_") and part != "__init__.py" for part in name.split("/"))


def own_words(tree: ast.AST, drop: bool = False, private: bool = False) -> list[ast.stmt]:
    """What private functions and classes say of themselves, but where that is all they hold or the program reads it."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    marks = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "__doc__")
    read = {ast.unparse(node.value) for node in marks}
    found = []
    for node in ast.walk(tree):
        if (
            isinstance(node, kinds)
            and (node.name.startswith("_") or (private and not isinstance(node, ast.ClassDef)))
            and node.name not in read
            and len(node.body) > 1
            and ast.get_docstring(node, clean=False) is not None
        ):
            found.append(node.body[0])
            if drop:
                del node.body[0]
    return found


class Untyped(ast.NodeTransformer):
    """The program without the types of private functions' heads and of functions' variables; and where they stood."""

    def __init__(self, private: bool = False) -> None:
        self.private, self.within = private, False
        self.spots: list[tuple[int, int, int]] = []  # line, and from which byte to which

    def _spot(self, type_: ast.expr, start: int) -> bool:
        if type_.end_lineno == type_.lineno and type_.end_col_offset:
            self.spots.append((type_.lineno, start, type_.end_col_offset))
            return True
        return False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if self.private or node.name.startswith("_"):
            rest = node.args
            for arg in [*rest.posonlyargs, *rest.args, *rest.kwonlyargs, *filter(None, [rest.vararg, rest.kwarg])]:
                if arg.annotation and self._spot(arg.annotation, arg.col_offset + len(arg.arg.encode())):
                    arg.annotation = None
            if node.returns and self._spot(node.returns, node.returns.col_offset - len(" -> ")):
                node.returns = None
        return self._below(node, True)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._below(node, False)  # its fields are known by their types

    def _below(self, node: ast.AST, within: bool) -> ast.AST:
        before, self.within = self.within, within
        self.generic_visit(node)
        self.within = before
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        name = node.target
        if not (self.within and node.value and node.simple and isinstance(name, ast.Name) and name.end_col_offset):
            return node
        if name.end_lineno != node.annotation.lineno or not self._spot(node.annotation, name.end_col_offset):
            return node
        return ast.copy_location(ast.Assign([name], node.value, type_comment=None), node)


def untyped(text: str, private: bool = False) -> str:
    """The same program without those types; as it is where one is not written as the formatter writes it."""
    lines, walk = text.encode().splitlines(keepends=True), Untyped(private)
    walk.visit(ast.parse(text))
    for number, start, end in sorted(walk.spots, reverse=True):
        line = lines[number - 1]
        if not line[start:end].startswith((b": ", b" -> ")):
            return text
        lines[number - 1] = line[:start] + line[end:]
    return b"".join(lines).decode()


def does(text: str, private: bool = False) -> ast.AST:
    """What is left of a program where its own words and types that nobody reads are gone."""
    tree = ast.parse(text)
    own_words(tree, drop=True, private=private)
    return ast.fix_missing_locations(Untyped(private).visit(tree))


def bare_script(text: str) -> str:
    """The same of JavaScript as far as lines are remarks alone, outside of texts of several lines."""
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        within = "".join(kept).count("`") % 2
        if within or not re.match(r"\s*//(?! (SPDX|GNU))", line):
            kept.append(line)
    return "".join(kept)
