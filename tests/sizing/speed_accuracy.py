# SPDX-License-Identifier: GPL-3.0-or-later
"""make speed-accuracy: predicted against measured speeds, each source also by constants that were fitted without it.

usage: python -m tests.sizing.speed_accuracy DATA [--rows] [--quick] [--write]
--quick leaves out the fits, --write puts the fitted constants into plugins/catalog/speeds.
The last line is JSON; errors are fractions.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from tests.sizing.accuracy import quantile, shown
from tests.sizing.common import ROOT, load_catalog
from tests.sizing.speed_cases import GPUS, figures, read, shape_of, source_of
from tests.sizing.speed_fit import Constants, Known, concerns, fit, leave_one_out
from tests.sizing.speed_peer import ask

FOLDER = ROOT / "plugins" / "catalog" / "speeds"
WITHIN = 0.8  # of the held-out figures lie in the range that a plan names
MARK = "# SPDX-License-" + "Identifier: GPL-3.0-or-later\n"
HEADS = {
    "families": """\
# Shares of a card's data sheet (catalog/gpus/speeds.yml) that engines were measured to reach: of the memory's rate,
# and of the arithmetic's. runs, sources: of how many; 0 = what all others say. Fitted by
# `make speed-accuracy` (--write) on tests/sizing/data/speed.jsonl, which has the address of each run.
""",
    "links": """\
# What an exchange between cards takes, and the share of the link's rate; fitted like the families. Nodes: not measured.
""",
    "engines": """\
# Microseconds that an engine takes itself: a step, a layer, its experts, its index, a request; eager_us: more for a
# layer without a recorded graph (prompts). packed, grouped: how fast 4-bit weights are read and experts computed,
# against plain layers. Fitted like the families.
""",
    "spread": """\
# Factors: four of five held-out figures lie within `measured`; of families that the fit had never seen, `unmeasured`.
""",
}
Figure = dict[str, Any]


def judge(known: Iterable[Known], constants: Constants) -> list[Figure]:
    """Every figure of these runs. First tokens under load depend on how requests arrive and are kept apart."""
    found = []
    for case, shape in known:
        for what, measured, guess in figures(case, shape, constants):
            loaded = what == "ttft" and case["concurrency"] > 1
            kind = "first token under load" if loaded else "prompt" if what in ("ttft", "reading") else "speed"
            found.append(
                {
                    "case": case,
                    "what": what,
                    "kind": kind,
                    "measured": measured,
                    "predicted": guess,
                    "error": guess / measured - 1,
                }
            )
    return found


def errors(rows: Iterable[Figure], *kinds: str) -> list[float]:
    return [abs(row["error"]) for row in rows if row["kind"] in (kinds or ("speed", "prompt"))]


def family(row: Figure) -> str:
    return str(GPUS[row["case"]["gpu"]]["speed"]["family"])


def group_table(rows: list[Figure], held: list[Figure], title: str, key: Callable[[Figure], str]) -> None:
    print(f"\n{title:34} figures  as they are median/p90   held out median/p90")
    for name in sorted({key(row) for row in rows}):
        parts = [errors([row for row in part if key(row) == name]) for part in (rows, held)]
        values = [shown(quantile(part, share)) for part in parts for share in (0.5, 0.9)]
        print(f"{name[-34:]:34} {len(parts[0]):7}  {values[0]} {values[1]}         {values[2]} {values[3]}")


def row_table(rows: list[Figure], held: list[Figure], peers: dict[str, dict[str, float]]) -> None:
    left = {(row["case"]["id"], row["what"]): row["predicted"] for row in held}
    print(f"{'run':36} {'what':9} {'measured':>9} {'predicted':>9} {'held out':>9} {'aiconfig.':>9}")
    for row in rows:
        case, what = row["case"], row["what"]
        others = [left.get((case["id"], what)), peers.get(case["id"], {}).get(what)]
        shown_others = " ".join(f"{value:9.2f}" if value else f"{'-':>9}" for value in others)
        print(f"{case['id'][:36]:36} {what:9} {row['measured']:9.2f} {row['predicted']:9.2f} {shown_others}")


def peer_table(rows: list[Figure], held: list[Figure], peers: dict[str, dict[str, float]]) -> None:
    plain = [row for row in rows if row["kind"] != "first token under load"]
    both = [row for row in plain if row["what"] in peers.get(row["case"]["id"], {})]
    if not both:
        print("\n(aiconfigurator is not set up, or answers for none: tests/sizing/peer_setup.sh)")
        return
    same = {(row["case"]["id"], row["what"]) for row in both}
    theirs = [abs(peers[row["case"]["id"]][row["what"]] / row["measured"] - 1) for row in both]
    ours, left = errors(both), errors([row for row in held if (row["case"]["id"], row["what"]) in same])
    print(f"\n{'the same figures, by whom':34} figures  median    p90")
    for name, part in (
        ("aiconfigurator 0.12.0", theirs),
        ("this planner, as it is", ours),
        ("this planner, held out", left),
    ):
        print(f"{name:34} {len(part):7} {shown(quantile(part, 0.5))} {shown(quantile(part, 0.9))}")


def spreads(held: list[Figure], known: list[Known]) -> dict[str, float]:
    """The factors within which four of five held-out figures lie: of families that others measured too, and others."""
    where: dict[str, set[str]] = {}
    for case, _shape in known:
        where.setdefault(GPUS[case["gpu"]]["speed"]["family"], set()).add(source_of(case))
    off = {True: [0.0], False: [0.0]}
    for row in held:
        if row["kind"] != "first token under load":
            off[len(where[family(row)]) > 1].append(abs(math.log(row["predicted"] / row["measured"])))
    measured = math.exp(quantile(off[True], WITHIN) or 0.0)
    return {
        "measured": round(measured, 2),
        "unmeasured": round(max(1.2 * measured, math.exp(quantile(off[False], WITHIN) or 0.0)), 2),
    }


def write(constants: Constants, known: list[Known], spread: dict[str, float]) -> None:
    lines: dict[str, list[str]] = {"families": [], "links": [], "engines": []}
    for name, row in constants.items():
        if name == "spread":
            continue
        about = [case for case, _shape in known if concerns(name, case)]
        rounded = {key: float(f"{value:.3g}") if isinstance(value, float) else value for key, value in row.items()}
        rounded.update(runs=len(about), sources=len({source_of(case) for case in about}))
        if name == "link-nodes":
            del rounded["runs"], rounded["sources"]
        kind = {"family": "families", "link": "links", "engine": "engines"}[name.split("-")[0]]
        lines[kind].append(yaml.safe_dump({name: rounded}, sort_keys=False).strip())
    for kind, rows in lines.items():
        (FOLDER / f"{kind}.yml").write_text(MARK + HEADS[kind] + "\n".join(rows) + "\n", encoding="utf-8")
    (FOLDER / "spread.yml").write_text(
        MARK + HEADS["spread"] + f"spread: {json.dumps(spread).replace(chr(34), '')}\n", encoding="utf-8"
    )


def summary(rows: list[Figure], held: list[Figure]) -> dict[str, Any]:
    return {
        "figures": len(errors(rows)),
        "sources": len({source_of(row["case"]) for row in rows}),
        "median": quantile(errors(rows), 0.5),
        "p90": quantile(errors(rows), 0.9),
        "held_out_median": quantile(errors(held), 0.5),
        "held_out_p90": quantile(errors(held), 0.9),
        "held_out_speed_median": quantile(errors(held, "speed"), 0.5),
        "held_out_prompt_median": quantile(errors(held, "prompt"), 0.5),
        "first_token_under_load_median": quantile(errors(rows, "first token under load"), 0.5),
    }


def main(arguments: list[str]) -> int:
    paths = [argument for argument in arguments if not argument.startswith("--")]
    if len(paths) != 1:
        print(__doc__)
        return 2
    constants = load_catalog()["speeds"]
    cases = read(paths[0])
    inside = [
        (case, shape) for case in cases if not case.get("scope") for shape in [shape_of(case)] if shape is not None
    ]
    print(
        f"{len(cases)} runs of {len({source_of(case) for case in cases})} sources, {len(inside)} in scope; not in it:"
    )
    for case in cases:
        if case.get("scope"):
            print(f"  {case['id']}: {case['scope']}")
    held: list[Figure] = []
    if "--quick" not in arguments:
        for _source, part, others in leave_one_out(inside, constants):
            held += judge(part, others)
    if "--write" in arguments:
        constants = fit(inside, constants)
        write(constants, inside, spreads(held, inside))
        constants = load_catalog()["speeds"]
    rows = judge(inside, constants)
    peers = {} if "--quick" in arguments else ask(inside)
    if "--rows" in arguments:
        row_table(rows, held, peers)
    group_table(rows, held, "source", lambda row: source_of(row["case"]))
    group_table(rows, held, "family of cards", family)
    group_table(rows, held, "engine", lambda row: row["case"]["engine"])
    group_table(rows, held, "requests at once", lambda row: "1" if row["case"]["concurrency"] == 1 else "several")
    if peers or "--quick" not in arguments:
        peer_table(rows, held, peers)
    print()
    print(json.dumps(summary(rows, held)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
