# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console of an appliance in the lab, as its administrator has it."""

from __future__ import annotations

import json
import time
from typing import Any

import labctl

ADMIN = "admin@appliance.local"
JSON = ["-H", "Content-Type: application/json"]


def signed_in(password: str, email: str = ADMIN, url: str = f"https://{labctl.ADDRESS}") -> str:
    """The token of a session on the chat page."""
    who = json.dumps({"email": email, "password": password.strip()})
    return str(json.loads(labctl.curl(*JSON, "-d", who, f"{url}/api/v1/auths/signin"))["token"])


def state(token: str, url: str = f"https://{labctl.ADDRESS}") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(labctl.curl("-H", f"Cookie: token={token}", f"{url}/console/data/state.json"))
    return found


def shows_figures(token: str, url: str = f"https://{labctl.ADDRESS}", seconds: float = 150) -> dict[str, Any]:
    """The state, as soon as it has a figure of the node that Prometheus stored."""
    end = time.monotonic() + seconds
    while not (found := state(token, url))["figures"].get("cpu"):
        assert time.monotonic() < end, found
        time.sleep(3)
    return found
