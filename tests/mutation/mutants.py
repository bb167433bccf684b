# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of files as JSON, made with cosmic-ray's operators, in an environment of its own (__main__.py makes it).

usage: mutants.py ROOT SEED SMALL BIG FILE...   (at most SMALL a file, BIG for one of 200 lines or more; 0 is no bound)
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword

# One replacement an operator: to turn + into << is always noticed, and would flatter the figures.
OURS_OF_COSMIC_RAY = """
    AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd ReplaceBreakWithContinue
    ReplaceContinueWithBreak ExceptionReplacer NumberReplacer RemoveDecorator ZeroIterationForLoop
    ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add ReplaceBinaryOperator_Mul_Div
    ReplaceBinaryOperator_Div_Mul ReplaceBinaryOperator_FloorDiv_Mul ReplaceBinaryOperator_Mod_Mul
    ReplaceBinaryOperator_Pow_Mul
    ReplaceBinaryOperator_LShift_RShift ReplaceBinaryOperator_RShift_LShift
    ReplaceBinaryOperator_BitAnd_BitOr
    ReplaceBinaryOperator_BitOr_BitAnd
    ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq ReplaceComparisonOperator_Lt_LtE
    ReplaceComparisonOperator_LtE_Lt ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_GtE_Gt
    ReplaceComparisonOperator_Lt_Gt ReplaceComparisonOperator_LtE_GtE ReplaceComparisonOperator_Gt_Lt
    ReplaceComparisonOperator_GtE_LtE ReplaceComparisonOperator_Is_IsNot ReplaceComparisonOperator_IsNot_Is
    ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_USub_UAdd
""".split()


class Swap(Operator):  # type: ignore[misc]
    """An operator that finds a node and puts one in the place of its child."""

    def child(self, node: Any) -> int | None:
        raise NotImplementedError

    def word(self, node: Any) -> str:
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if self.child(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        place = self.child(node)
        old = node.children[place]
        node.children[place] = Keyword(self.word(node), old.start_pos, old.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class NothingReturned(Swap):
    def child(self, node: Any) -> int | None:
        if node.type != "return_stmt":
            return None
        return None if node.children[1].get_code().strip() in ("None", "False") else 1  # both mean no

    def word(self, node: Any) -> str:
        return "None"


class NotCalled(Swap):
    """A call whose value nobody wants, or a raise, is left out."""

    def child(self, node: Any) -> int | None:
        if node.type != "simple_stmt":
            return None
        first = node.children[0]
        called = first.type in ("atom_expr", "power") and first.children[-1].get_code().startswith("(")
        return 0 if called or first.type == "raise_stmt" else None

    def word(self, node: Any) -> str:
        return "pass"


class Membership(Swap):
    def child(self, node: Any) -> int | None:
        if node.type != "comparison":
            return None
        return 1 if node.children[1].get_code().split() in (["in"], ["not", "in"]) else None

    def word(self, node: Any) -> str:
        return "in" if "not" in node.children[1].get_code() else "not in"


def operators() -> list[Any]:
    theirs = [get_operator(f"core/{name}")() for name in OURS_OF_COSMIC_RAY]
    return [*theirs, NothingReturned(), NotCalled(), Membership()]


def changed(old: str, new: str) -> tuple[int, str, str]:
    """Number of the first line that differs, and both versions of what differs."""
    before, after = old.splitlines(), new.splitlines()
    first = next(i for i, pair in enumerate(zip(before, after)) if pair[0] != pair[1])
    ends = list(zip(before[first:][::-1], after[first:][::-1]))
    same = next((i for i, pair in enumerate(ends) if pair[0] != pair[1]), len(ends))
    parts = ["\n".join(lines[first : max(len(lines) - same, first + 1)]).strip() for lines in (before, after)]
    return first + 1, parts[0], parts[1]


def mutants(root: Path, name: str, seed: str, bound: int) -> Iterator[dict[str, Any]]:
    source = (root / name).read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    places = [
        (operator, number)
        for operator in operators()
        for number in range(sum(len(list(operator.mutation_positions(node))) for node in nodes))
    ]
    random.Random(f"{seed}:{name}").shuffle(places)
    seen = {source}
    for operator, number in places:
        if bound and len(seen) > bound:
            return
        try:
            code = mutate_code(source, operator, number)
        except AttributeError:  # cosmic-ray 8.7.0 on a dotted name in a tuple of exceptions
            continue
        if code is None or code in seen:
            continue
        try:
            compile(code, name, "exec")
        except (SyntaxError, ValueError):
            continue
        seen.add(code)
        line, before, after = changed(source, code)
        yield {"file": name, "line": line, "before": before, "after": after, "code": code}


def main() -> None:
    root, seed, small, big, *names = sys.argv[1:]
    for name in names:
        lines = len((Path(root) / name).read_text(encoding="utf-8").splitlines())
        for mutant in mutants(Path(root), name, seed, int(big if lines >= 200 else small)):
            print(json.dumps(mutant))


if __name__ == "__main__":
    main()
