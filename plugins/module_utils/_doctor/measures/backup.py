# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When this node was backed up, by the note that the command yitiji-backup keeps."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

CONFIG = "/etc/yitiji/backup.json"
DAY = 86400.0
KINDS = ("made", "sent", "rehearsed")


def backups(host: Host, now: Optional[float] = None) -> Optional[Dict[str, Any]]:
    """Ages in days; None where no backup is set up. `since`: days for which it is set up."""
    config = _json(host, CONFIG)
    if not config:
        return None
    moment = time.time() if now is None else now
    path = str(config.get("note") or "")
    note = _json(host, path)
    failed = note.get("failed")
    return {
        "limit": config.get("max_age_days"),
        "remote": bool(config.get("remote")),
        "damaged": bool(host.read(path)) and not note,
        "since": _age(moment, os.path.getmtime(CONFIG) if os.path.exists(CONFIG) else moment),
        **{kind: _age(moment, (note.get(kind) or {}).get("at")) for kind in KINDS},
        "failed": {kind: str(failed[kind].get("why")) for kind in KINDS if kind in failed} if failed else {},
    }


def _json(host: Host, path: str) -> Dict[str, Any]:
    try:
        told = json.loads(host.read(path) or "{}") if path else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _age(now: float, then: Any) -> Optional[float]:
    return round((now - then) / DAY, 2) if isinstance(then, (int, float)) else None
