# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the backups of this node: the last good one, its copy elsewhere, the last rehearsal, failures."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

PATH = "/var/lib/yitiji/backup.json"
KINDS = ("made", "sent", "rehearsed")


def read(path: str = PATH) -> Dict[str, Any]:
    """Empty where nothing was noted, or what was noted is damaged."""
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def note(path: str, kind: str, **told: Any) -> None:
    """A success takes the failure of its kind away."""
    rows = read(path)
    rows[kind] = {"at": int(time.time()), **told}
    failed = rows.get("failed") or {}
    rows["failed"] = {name: failed[name] for name in failed if name != kind}
    _write(path, rows)


def failed(path: str, kind: str, why: str) -> None:
    rows = read(path)
    rows["failed"] = {**(rows.get("failed") or {}), kind: {"at": int(time.time()), "why": why[:500]}}
    _write(path, rows)


def _write(path: str, rows: Dict[str, Any]) -> None:
    write_atomic(path, json.dumps(rows, ensure_ascii=False, indent=1, sort_keys=True) + "\n", 0o600)
