# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question and one answer, which prove that an appliance works."""

from __future__ import annotations

from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, listed_as, wrong_password

PATHS = {
    "openai": {"models": "/v1/models", "chat": "/v1/chat/completions"},
    "open_webui": {"models": "/api/models", "chat": "/api/chat/completions"},
}


def ask(client: Client, params: Dict[str, Any]) -> Dict[str, Any]:
    """Lists the models, asks the wanted one, judges the answer."""
    paths = PATHS[params["kind"]]
    models = client.models(paths["models"])
    wanted = params["model"] or (models[0] if models else "")
    model = listed_as(wanted, models)
    if not model:
        raise _no_model(client.base, wanted, models)
    reply = client.ask(
        paths["chat"],
        {
            "model": model,
            "messages": [{"role": "user", "content": params["question"]}],
            "max_tokens": params["max_tokens"],
            "temperature": params["temperature"],
        },
    )
    # A short limit may end a reasoning model while it still thinks: that is an answer too.
    if not (reply.answer or reply.thinking) or params["expect"] not in reply.answer + reply.thinking:
        raise _wrong(client.base, model, reply.answer or reply.thinking, params["expect"])
    return {
        "answer": reply.answer,
        "thinking": reply.thinking,
        "model": model,
        "models": models,
        "tokens": reply.tokens,
        "finish": reply.finish,
    }


def refused(client: Client) -> Dict[str, Any]:
    """Refuses unless a request without a key is rejected (LLM803)."""
    status, _body = client.call(PATHS["openai"]["models"])
    if status in (401, 403):
        return {"refused": status}
    raise Refusal("LLM803", url=client.base, status=status)


def unanswered(url: str, error: Exception) -> Refusal:
    if wrong_password(error):
        return Refusal("LLM706", error=error)
    return Refusal("LLM707", url=url, error=error)


def _no_model(url: str, model: str, models: List[str]) -> Refusal:
    listed = ", ".join(models) or "-"
    return Refusal("LLM701", url=url, model=model or "?", listed=listed)


def _wrong(url: str, model: str, answer: str, expect: str) -> Refusal:
    expected = repr(expect) if expect else say("any text")
    return Refusal("LLM730", model=model, url=url, answer=answer[:200], expected=expected)
