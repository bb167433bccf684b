# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries from outside what a gateway has to refuse."""

from __future__ import annotations

import json
from typing import Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.routes import parse
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client

WRONG = "not-a-key-of-anybody"


def is_error(text: str) -> bool:
    """Whether a body is an error in OpenAI's form."""
    try:
        return set(json.loads(text)["error"]) >= {"message", "type", "code"}
    except (ValueError, KeyError, TypeError):
        return False


def shut(client: Client, key: str, routes: List[str]) -> List[str]:
    """What was not refused, a line for each."""
    found = []
    tries = [("GET /v1/models", "", 401), ("GET /v1/models", WRONG, 401), ("POST /v1/chat/completions", "", 401)]
    for row, given, wanted in [*tries, *((route, key, 404) for route in routes)]:
        route = parse(row)
        client.key = given
        body: Optional[Dict[str, object]] = None if route.method in ("GET", "ANY", "WEBSOCKET") else {}
        status, text = client.call(route.path.replace("{", "").replace("}", ""), body)
        if status != wanted or not is_error(text):
            found.append(f"{row} {'with' if given == key and key else 'without'} a key: HTTP {status}")
    client.key = key
    return found
