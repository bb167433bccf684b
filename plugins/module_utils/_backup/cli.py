# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `yitiji-backup`: makes a backup now, or says what is known of them. A timer calls it."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import record
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.make import make
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.make_backup import ended

CONFIG = "/etc/yitiji/backup.json"


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="yitiji-backup", description=__doc__)
    parser.add_argument("what", choices=["make", "status"], help="make a backup; say when the last ones were made")
    parser.add_argument("--config", default=CONFIG, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="as JSON")
    args = parser.parse_args(argv)
    os.umask(0o077)
    try:
        config: Dict[str, Any] = json.loads(Path(args.config).read_text(encoding="utf-8"))
        if args.what == "make":
            signal.signal(signal.SIGTERM, ended)  # what was begun is removed
        told = make(config) if args.what == "make" else record.read(config["note"])
    except Refusal as refusal:
        print(refusal.message(), file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        print(Refusal("LLM725", why=str(error)).message(), file=sys.stderr)
        return 2
    if args.what == "make" and config["page"]["database"] == "postgresql":
        print(Refusal("LLM723").message(), file=sys.stderr)
    print(json.dumps(told, ensure_ascii=False, sort_keys=True) if args.json else "\n".join(lines(told)))
    if told.get("problem"):
        print(Refusal("LLM747", why=told["problem"]).message(), file=sys.stderr)
        return 1
    return 0


def lines(told: Dict[str, Any]) -> List[str]:
    if "path" in told:
        return ["{path} sha256={sha256} {counts}".format(**told)]
    rows = [
        "{:10} {} {}".format(
            kind, time.strftime("%Y-%m-%d %H:%M", time.localtime(told[kind]["at"])), told[kind]["name"]
        )
        for kind in record.KINDS
        if kind in told
    ]
    rows += ["{:10} failed: {}".format(kind, row["why"]) for kind, row in sorted((told.get("failed") or {}).items())]
    return rows or ["no backup yet / 尚无备份"]
