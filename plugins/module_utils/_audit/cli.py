# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `yitiji-audit`: who asked what and when, whether anybody touched it, and what was used."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain, collect, find, health, lines, store
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import LANGUAGE, Refusal, one, say

CONFIG = "/etc/yitiji/audit.json"


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="yitiji-audit", description=__doc__)
    found.add_argument("--config", default=CONFIG, help=argparse.SUPPRESS)
    what = found.add_subparsers(dest="what", required=True)
    rows = what.add_parser("find", help="requests, the oldest first")
    rows.add_argument("--user", default="", help="a person's address or number, a team, or a source address")
    rows.add_argument("--model", default="")
    rows.add_argument("--id", default="", help="of one request (header X-Request-Id of its answer)")
    rows.add_argument("--since", metavar="TIME", type=find.moment, default=0.0, help="YYYY-MM-DD[THH:MM[:SS]], local")
    rows.add_argument("--until", metavar="TIME", type=find.moment, default=0.0)
    rows.add_argument(
        "--csv", metavar="FILE", default="", help="as a table; -: to the screen. Else a line of JSON each"
    )
    look = what.add_parser("verify", help="whether a record was changed or is missing; 1: yes")
    look.add_argument("--key", metavar="FILE", default="", help="the first key, kept elsewhere: proves the seals too")
    look.add_argument("--head", metavar="N:HASH", default="", help="what the journal or a log server says of a record")
    use = what.add_parser("report", help="a month by who asked and model")
    use.add_argument("--month", metavar="YYYY-MM", default=time.strftime("%Y-%m"))
    use.add_argument("--csv", metavar="FILE", default="-")
    use.add_argument("--html", metavar="FILE", default="")
    what.add_parser("today", help="what each used today, beside the quotas: requests and tokens")
    what.add_parser(
        "health", help="what the doctor asks, as JSON: whether the newest records hold together; age and room"
    )
    what.add_parser("collect", help="what the unit runs")
    return found


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    args = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        config: Dict[str, Any] = json.loads(Path(args.config).read_text(encoding="utf-8"))
        os.environ.setdefault(LANGUAGE, str(config.get("language") or ""))
        return COMMANDS[args.what](config, args)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (OSError, ValueError, KeyError) as error:
        print(Refusal("LLM884", why=str(error)).message(), file=sys.stderr)
        return 2


def _written(path: str, parts: Iterable[str]) -> None:
    if path == "-":
        sys.stdout.writelines(parts)
        return
    with open(path, "w", encoding="utf-8-sig", errors="backslashreplace", newline="", opener=_private) as stream:
        stream.writelines(parts)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _find(config: Dict[str, Any], args: argparse.Namespace) -> int:
    rows = find.find(config["folder"], args.since, args.until, args.user, args.model, args.id)
    told = find.as_csv(rows) if args.csv else (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    _written(args.csv or "-", told)
    return 0


def _verify(config: Dict[str, Any], args: argparse.Namespace) -> int:
    key = Path(args.key).read_text(encoding="utf-8").strip() if args.key else ""
    seen = [True]

    def watched() -> Iterable[Any]:
        for where, text in store.lines(store.segments(config["folder"])):
            record = chain.parse(text) or {}
            if args.head and f"{record.get('n')}:{record.get('hash')}" == args.head:
                seen[0] = True
            yield where, text

    seen[0] = not args.head
    told = chain.check(watched(), key)
    problems = [*told.problems, *([] if seen[0] else [("-", say("audit: not there", number=args.head))])]
    for where, what in problems:
        print(f"{where}: {one(what.as_dict())}")
    print(f"{told.records} records from {told.first}, {told.seals} seals; head {told.head.number}:{told.head.digest}")
    return int(bool(problems))


def _report(config: Dict[str, Any], args: argparse.Namespace) -> int:
    rows = find.month(config["folder"], args.month)
    _written(args.csv, find.as_csv(rows, list(find.HEADS)))
    if args.html:
        _written(args.html, [find.page(rows, args.month, str(config.get("language") or "zh"))])
    return 0


def _today(config: Dict[str, Any], _args: argparse.Namespace) -> int:
    now = time.time()
    use = lines.Use(config.get("quotas") or [])
    use.turn(now)
    for record in find.read(config["folder"], lines.day_end(now) - 86400.0):
        use.add(record)
    print("\n".join(find.used(use)))
    return 0


def _health(config: Dict[str, Any], _args: argparse.Namespace) -> int:
    print(json.dumps(health.health(config, time.time()), ensure_ascii=False))
    return 0


def _collect(config: Dict[str, Any], _args: argparse.Namespace) -> int:
    collect.run(config)
    return 0


COMMANDS: Dict[str, Callable[[Dict[str, Any], argparse.Namespace], int]] = {
    "find": _find,
    "verify": _verify,
    "report": _report,
    "today": _today,
    "health": _health,
    "collect": _collect,
}
