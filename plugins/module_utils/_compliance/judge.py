# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a level asks of a node, and what its answers are worth; one that did not come never fits."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import say

MET, OPEN, UNSHOWN, SITE = "met", "open", "unshown", "site"
STATES = (OPEN, UNSHOWN, MET, SITE)
MOST_STATUS = 122  # above it: too slow, no such command, killed, or xargs about a command of its own; -1: never asked
AGAIN = "site.yml --tags compliance"
Row = Dict[str, Any]


def asks(level: Mapping[str, Any]) -> List[str]:
    """The commands, each once."""
    places = [level["where"], level["checks"], level["docker"]]
    return list(dict.fromkeys(str(row["run"]) for place in places for row in place.values()))


def verdict(level: Mapping[str, Any], answers: Mapping[str, Sequence[Any]], settings: Mapping[str, Any]) -> Row:
    """Control by control; `answers` are status, output and complaints by command, `settings` what `when` names."""
    checks = {name: check(name, row, level["where"], answers) for name, row in level["checks"].items()}
    controls = [_control(number, row, checks, settings) for number, row in level["controls"].items()]
    docker = []
    for number, row in level["docker"].items():
        found = check(number, row, level["where"], answers)
        docker.append({"number": number, "what": row["what"], "note": "", "state": found["state"], "checks": [found]})
    rows = [*controls, *docker]
    return {
        "standard": level["standard"],
        "counts": {state: sum(row["state"] == state for row in rows) for state in STATES},
        "controls": controls,
        "docker": docker,
    }


def _control(number: str, row: Row, checks: Mapping[str, Row], settings: Mapping[str, Any]) -> Row:
    wanted = row.get("checks") if settings.get(row.get("when", ""), "when" not in row) else None
    found = [checks[name] for name in wanted or []]
    # The worst of its checks; one that can't be shown here stands for all, as the control can't be shown whole.
    state = next((s for s in (OPEN, UNSHOWN) if any(one["state"] == s for one in found)), MET if found else SITE)
    return {"number": number, "what": row["what"], "note": row.get("note", ""), "state": state, "checks": found}


def check(name: str, row: Row, where: Mapping[str, Row], answers: Mapping[str, Sequence[Any]]) -> Row:
    """One answer against what was expected of it.

    Only what a command was asked to say shows something that is wanted, as a complaint may name it, too; and one that
    failed shows nothing by what it does not say.
    """
    status, said, *complaints = answers.get(row["run"], (-1, ""))
    want, never = row.get("want", []), row.get("never", [])
    missing = [text for text in want if not re.search(text, said, re.MULTILINE)]
    said = "\n".join(filter(None, [said, *complaints]))
    wrong = [text for text in never if re.search(text, said, re.MULTILINE)]
    place = where.get(row.get("where", ""))
    failed = not 0 <= status <= MOST_STATUS or (status != 0 and not want)
    state = OPEN if missing or wrong or failed else MET
    why = " / ".join(reversed(say("a command that failed", status=status))) if failed else ""  # as the catalogue has it
    if place and answers.get(place["run"], (-1, ""))[0] != 0:
        state, why = UNSHOWN, place["why"]
    return {
        "name": name,
        "state": state,
        "why": why,
        "run": row["run"],
        "said": said,
        "want": want,
        "never": never,
        "differs": [*missing, *wrong] if state == OPEN else [],
        "fix": row.get("fix", AGAIN),
    }


def findings(found: Mapping[str, Any]) -> List[str]:
    """The open ones, each with what differs and what helps, for a terminal."""
    return [
        f"{row['number']} {row['what']}: {one['name']} ({', '.join(one['differs']) or one['why'].rpartition(' / ')[2]})"
        f" -> {one['fix']}"
        for row in [*found["controls"], *found["docker"]]
        for one in row["checks"]
        if one["state"] == OPEN
    ]
