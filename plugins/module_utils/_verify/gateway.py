# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries a gateway from outside: what must be closed, and what must be open."""

from __future__ import annotations

from typing import Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.closed import shut
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, listed_as


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
