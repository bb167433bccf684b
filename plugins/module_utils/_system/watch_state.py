# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the watch leaves for the doctor, monitoring and the first-boot page."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional

STATE = "/run/yitiji-watch/state.json"
TIMER = "/etc/systemd/system/yitiji-watch.timer"
STALE_SECONDS = 300.0  # ten looks
DAY = 86400.0
KEPT_SECONDS = 7 * DAY
MOST_EVENTS = 300


def parse(text: Optional[str]) -> Dict[str, Any]:
    """The state; {} where there is none, or not all of it."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and "written" in found else {}


def fresh(state: Mapping[str, Any], now: float) -> bool:
    """Whether the state is new enough to be believed."""
    return bool(state) and abs(now - float(state["written"])) < STALE_SECONDS


def repairs(state: Mapping[str, Any], now: float, seconds: float = DAY) -> Dict[str, int]:
    """How often each thing was repaired within `seconds`, by systemd or by the watch."""
    found: Dict[str, int] = {}
    for event in state.get("events") or []:
        if now - float(event["time"]) < seconds:
            name = f"{event['target']} ({event['by']}: {event['did']})"
            found[name] = found.get(name, 0) + int(event.get("count") or 1)
    return found


def total(state: Mapping[str, Any], now: float) -> List[float]:
    """Repairs of the last day: by the watch, by systemd, and those that failed."""
    rows = [event for event in state.get("events") or [] if now - float(event["time"]) < DAY]
    count = {by: float(sum(int(e.get("count") or 1) for e in rows if e["by"] == by)) for by in ("watch", "systemd")}
    return [count["watch"], count["systemd"], float(sum(not event["ok"] for event in rows))]
