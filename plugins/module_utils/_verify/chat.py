# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question, one answer: the proof that an appliance works."""

from __future__ import annotations

from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, listed_as

PATHS = {
    "openai": {"models": "/v1/models", "chat": "/v1/chat/completions"},
    "open_webui": {"models": "/api/models", "chat": "/api/chat/completions"},
}


def ask(client: Client, params: Dict[str, Any]) -> Dict[str, Any]:
    """List the models, ask the one wanted, judge the answer."""
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
    """Fail unless a request without a key is turned away."""
    status, _body = client.call(PATHS["openai"]["models"])
    if status in (401, 403):
        return {"refused": status}
    raise Refusal(
        "LLM803",
        Text(
            f"{client.base} answered a request without a key with HTTP {status}.",
            f"{client.base} 对不带密钥的请求返回了 HTTP {status}。",
        ),
        Text(
            "run role vllm again: it mounts the engine's key into its container.",
            "请重新运行 vllm 角色：它会把引擎密钥挂载进容器。",
        ),
    )


def wrong_password(error: Exception) -> bool:
    return getattr(error, "status", 0) in (400, 401, 403) and "signin" in str(error)


def unanswered(url: str, error: Exception) -> Refusal:
    if wrong_password(error):
        return Refusal(
            "LLM706",
            Text(
                f"the chat page refuses the administrator's password: {error}",
                f"聊天页面拒绝了管理员密码：{error}",
            ),
            Text(
                "if it was changed on the page, write the new one into /etc/yitiji/secrets/open-webui-admin; "
                "to set it back to what that file holds, run with -e open_webui_admin_reset=true.",
                "如果曾在页面上修改密码，请把新密码写入 /etc/yitiji/secrets/open-webui-admin；"
                "如需重置为该文件中的密码，请加参数 -e open_webui_admin_reset=true 运行。",
            ),
        )
    return Refusal(
        "LLM707",
        Text(f"no answer from {url}: {error}.", f"{url} 没有给出回答：{error}。"),
        Text(
            "look at `journalctl -u yitiji-vllm -u yitiji-open-webui -u nginx` on the node.",
            "请在节点上查看 `journalctl -u yitiji-vllm -u yitiji-open-webui -u nginx`。",
        ),
    )


def _no_model(url: str, model: str, models: List[str]) -> Refusal:
    listed = ", ".join(models) or "-"
    return Refusal(
        "LLM701",
        Text(
            "{} does not list the model {} (listed: {}).".format(url, model or "?", listed),
            "{} 没有列出模型 {}（已列出：{}）。".format(url, model or "?", listed),
        ),
        Text(
            "check that yitiji-vllm is ready, then restart yitiji-open-webui.",
            "请确认 yitiji-vllm 已就绪，然后重启 yitiji-open-webui。",
        ),
    )


def _wrong(url: str, model: str, answer: str, expect: str) -> Refusal:
    return Refusal(
        "LLM707",
        Text(
            "model {} at {} answered {!r}, expected {!r}.".format(model, url, answer[:200], expect or "any text"),
            "{} 的模型 {} 回答了 {!r}，期望包含 {!r}。".format(url, model, answer[:200], expect or "任意文字"),
        ),
        Text("ask by hand and read the engine's log.", "请手工提问并查看引擎日志。"),
    )
