# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a deployment does what people use it for: answers, a thought apart, JSON, tools, a long prompt, the page."""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import around
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Reply, Unanswered

CHAT = "/v1/chat/completions"
PARSER = "--reasoning-parser"  # of the engines that set a thought apart
CALLS = (
    "--enable-auto-tool-choice",
    "--tool-call-parser",
    "--jinja",
)  # of those that call tools; the last, llama.cpp's
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
# Filler of no meaning for the question. How many tokens a line has, the model is asked: tokenizers differ threefold.
LINE = "The clerk counted the crates in hall {number} and wrote the sum down.\n"
SHORT = (2, 12)  # lines of the two prompts by which a line is counted
ROOM = 128  # tokens for the chat template and the question
LONG_ANSWER = 16
FACT = "The code of the blue door is {code}.\n"
CODE = "4729"
PLACES = (10, 50, 90)  # where in the prompt the fact stands, in percent
ANSWER = 256
THINKS = 4096  # a reasoning model needs room before it answers
SCHEMA = {
    "type": "object",
    "properties": {"sky": {"type": "string", "enum": ["blue", "green"]}},
    "required": ["sky"],
    "additionalProperties": False,
}
Found = Dict[str, Any]
Shown = Union[str, Mapping[str, str]]  # of a model, or in both languages
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a town.",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
Check = Callable[[Client, "Asked"], Tuple[Optional[bool], Shown]]


class Asked:
    """What the checks need to know: the model's name, its longest request in tokens, whether it thinks and calls tools.

    `room`: tokens for an answer that nobody judges. `page`: the chat page. `refused`: routes that must be closed.
    `thinks`: by the catalogue; llama.cpp and Ollama have no setting that tells it.
    """

    def __init__(
        self, plan: Mapping[str, Any], room: int = 0, page: Optional[around.Page] = None, refused: Sequence[str] = (),
        thinks: bool = False,
    ) -> None:  # fmt: skip
        self.page, self.refused, self._room = page, refused, room
        self.model: str = plan["model"]["served_name"]
        self.longest: int = plan["model"]["context"]
        units = [unit for node in plan["nodes"].values() for unit in node["units"]]
        words = [str(word) for unit in units for word in unit.get("args") or ()]
        self.reasoning = thinks or any(PARSER in word for word in words)
        self.tools = any(word.startswith(CALLS) for word in words)

    @property
    def room(self) -> int:
        """For an answer: half of a short context, else enough to think."""
        return min(self.longest // 2, self._room or (THINKS if self.reasoning else ANSWER))


def check_all(client: Client, asked: Asked, tell: Callable[[str], None] = lambda _name: None) -> List[Found]:
    """Every check, as `{id, name, verdict, evidence}`; none stops the others."""
    found: List[Found] = []
    for key, (zh, en, check) in CHECKS.items():
        tell(key)
        evidence: Shown
        good: Optional[bool]
        try:
            good, evidence = check(client, asked)
        except Unanswered as error:
            good, evidence = False, str(error)
        verdict = "skipped" if good is None else "pass" if good else "fail"
        shown = evidence[:400] if isinstance(evidence, str) else evidence
        found.append({"id": key, "name": bilingual(zh, en), "verdict": verdict, "evidence": shown})
    return found


def _ask(client: Client, asked: Asked, text: str, **more: Any) -> Reply:
    body = {
        "model": asked.model,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": asked.room,
        "temperature": 0,
    }
    return client.ask(CHAT, {**body, **more})


def _chinese(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    reply = _ask(client, asked, "请用一句话说明天空为什么是蓝色的。")
    return bool(HAN.search(reply.answer)), _said(reply)


def _english(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    reply = _ask(client, asked, "Why is the sky blue? One sentence, in English.")
    return bool(LATIN.search(reply.answer)), _said(reply)


def _answers(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    reply = _ask(client, asked, "1 + 1 = ?")
    shown = bilingual(f"{reply.tokens} 词元，{reply.finish}", f"{reply.tokens} tokens, {reply.finish}")
    return bool(reply.answer or reply.thinking) and bool(reply.tokens), shown


def _thought(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    """The thought stands apart from the answer, and no tag of it is left in the answer."""
    if not asked.reasoning:
        return True, bilingual("该模型不显示思考过程", "the model shows no thinking")
    reply = _ask(client, asked, "17 * 23 = ?")
    apart = bool(reply.thinking) and "<think>" not in reply.answer and "</think>" not in reply.answer
    sizes = len(reply.thinking), len(reply.answer)
    return apart, bilingual("思考 {} 字，回答 {} 字".format(*sizes), "thinking {} characters, answer {}".format(*sizes))


def _json(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    """An answer bound by a schema is valid by it, whatever the model would have liked to say."""
    form = {"type": "json_schema", "json_schema": {"name": "sky", "schema": SCHEMA, "strict": True}}
    reply = _ask(client, asked, "Which colour is the sky by day?", response_format=form)
    text = reply.answer or reply.thinking
    try:
        value = json.loads(text)
    except ValueError:
        return False, _said(reply)
    return isinstance(value, dict) and value.get("sky") in ("blue", "green"), text


def _tools(client: Client, asked: Asked) -> Tuple[Optional[bool], Shown]:
    """The model calls a tool that it was offered, with an argument of the form that was asked for."""
    if not asked.tools:
        return None, bilingual("引擎未启用工具调用", "this engine offers no tools here")
    message = {"role": "user", "content": "What is the weather in Paris? Use the tool."}
    body = {"model": asked.model, "messages": [message], "max_tokens": asked.room, "temperature": 0, "tools": [TOOL]}
    try:
        said = client.json(CHAT, body)["choices"][0]["message"]
        called = (said.get("tool_calls") or [{"function": {}}])[0]["function"]
        town = json.loads(called.get("arguments") or "{}").get("town")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        return False, str(error)
    good = called.get("name") == "weather" and isinstance(town, str) and "paris" in town.lower()
    return good, f"{called.get('name')}({called.get('arguments')})" if called else str(said.get("content") or "-")


def _long(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    """A prompt as long as planned is taken, and its tokens are counted."""
    each = _line_tokens(client, asked)
    counted = _counted(client, asked, haystack(asked, PLACES[0], each, LONG_ANSWER), LONG_ANSWER)
    shown = bilingual(f"{counted} / {asked.longest} 词元", f"{counted} of {asked.longest} tokens")
    return counted >= asked.longest - LONG_ANSWER - 2 * ROOM, shown


def _needle(client: Client, asked: Asked) -> Tuple[bool, Shown]:
    """A fact is found wherever in a long prompt it stands."""
    seen, each = [], _line_tokens(client, asked)
    for place in PLACES:
        reply = _ask(
            client,
            asked,
            haystack(asked, place, each, asked.room)
            + "What is the code of the blue door? Answer with the number alone.",
        )
        seen.append((place, CODE in reply.answer))
    zh = "，".join(f"{place}%：{'找到' if good else '未找到'}" for place, good in seen)
    en = ", ".join(f"{place} %: {'found' if good else 'missed'}" for place, good in seen)
    return all(good for _place, good in seen), bilingual(zh, en)


def haystack(asked: Asked, place: int, line_tokens: float, room: int) -> str:
    """Filler with one fact at `place` percent, as long as planned, less `room` for the answer."""
    lines = max(2, int((asked.longest - room - ROOM) / line_tokens))
    text = [LINE.format(number=number) for number in range(1000, 1000 + lines)]
    text.insert(lines * place // 100, FACT.format(code=CODE))
    return "".join(text)


def _line_tokens(client: Client, asked: Asked) -> float:
    """How many tokens the model counts for a line of filler: from two short prompts, so that its template falls out."""
    counted = [_counted(client, asked, "".join(LINE.format(number=1000 + n) for n in range(lines))) for lines in SHORT]
    return max(1.0, (counted[1] - counted[0]) / (SHORT[1] - SHORT[0]))


def _counted(client: Client, asked: Asked, text: str, answer: int = 1) -> int:
    """The tokens of a prompt, by the server's own count."""
    body = {
        "model": asked.model,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": answer,
        "temperature": 0,
    }
    value = client.json(CHAT, body)
    return int((value.get("usage") or {}).get("prompt_tokens") or 0)


def _said(reply: Reply) -> str:
    return (reply.answer or reply.thinking or "-").replace("\n", " ")


CHECKS: Mapping[str, Tuple[str, str, Check]] = {
    "answers": ("接口作答并计数", "the API answers and counts tokens", _answers),
    "thought": ("思考过程与回答分开", "thinking is apart from the answer", _thought),
    "chinese": ("用中文作答", "answers in Chinese", _chinese),
    "english": ("用英文作答", "answers in English", _english),
    "json": ("按 JSON 模式作答", "answers by a JSON schema", _json),
    "tools": ("调用工具", "calls a tool", _tools),
    "long": ("接受规划长度的输入", "takes a prompt as long as planned", _long),
    "needle": ("长文检索（10%、50%、90% 处）", "finds a fact at 10, 50 and 90 % of a long prompt", _needle),
    "page": ("通过对话页面作答", "answers through the chat page", lambda _client, asked: around.page(asked)),
    "upload": ("上传文件并读出文字", "takes a file and reads its text", lambda _client, asked: around.upload(asked)),
    "knowledge": ("按知识库内容作答", "answers from a knowledge base", lambda _client, asked: around.knowledge(asked)),
    "doors": (
        "未公布的接口已关闭",
        "what is not published is closed",
        lambda client, asked: around.doors(client, asked.refused),
    ),
}
