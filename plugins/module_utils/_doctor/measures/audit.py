# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the records of who asked what are, as their own command tells it."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

PROGRAM = "/usr/local/bin/yitiji-audit"
SECONDS = 40


def audit(host: Host) -> Optional[Dict[str, Any]]:
    """None where nothing is recorded; `why` instead of figures where they can't be had."""
    if not host.exists(PROGRAM):
        return None
    said = host.run([PROGRAM, "health"], timeout=SECONDS)
    try:
        told: Dict[str, Any] = json.loads(said.out if said and said.rc == 0 else "")
        return {**told, "why": ""}
    except ValueError:
        return {"why": (said.err.strip()[-300:] if said else "") or "no answer"}
