# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries a gateway from outside: what must be closed, and what must be open."""

from __future__ import annotations

import json
from typing import Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.routes import parse
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, listed_as

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


def check(client: Client, key: str, routes: List[str], model: str) -> Dict[str, object]:
    """Refuses what is open (LLM810), and a key that opens nothing (LLM701)."""
    found = shut(client, key, routes)
    if found:
        listed = "; ".join(found[:10])
        raise Refusal("LLM810", url=client.base, listed=listed)
    models = client.models("/v1/models") if key else []
    if key and model and not listed_as(model, models):
        listed = ", ".join(models) or "-"
        raise Refusal("LLM715", url=client.base, model=model, listed=listed)
    return {"refused": len(routes) + 3, "models": models}
