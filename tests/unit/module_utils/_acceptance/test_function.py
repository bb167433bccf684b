# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import function as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client

from tests.unit.module_utils.serving import serving


def plan(longest=2048, args=()):
    return {"model": {"served_name": "m", "context": longest}, "nodes": {"a": {"units": [{"args": list(args)}]}}}


class Model(http.server.BaseHTTPRequestHandler):
    """A model that can do all that is asked for; `faults` are what it cannot."""

    faults: frozenset = frozenset()
    thinking = ""

    def send(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.send(200 if "doors" in self.faults else 401, {"error": {"message": "", "type": "", "code": ""}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not body:
            self.do_GET()
            return
        text = body["messages"][0]["content"]
        answer = {"chinese": "因为散射", "english": "It scatters.", "json": '{"sky": "blue"}', "needle": "4729"}
        asked = (
            "json" if "response_format" in body
            else "needle" if "Answer with the number" in text
            else "chinese" if "请" in text
            else "english"
        )  # fmt: skip
        said = "?" if asked in self.faults else answer[asked]
        if "needle at 90" in self.faults and asked == "needle" and text.index("blue door") > len(text) * 0.8:
            said = "none"
        status = 400 if "long" in self.faults and body["max_tokens"] == core.LONG_ANSWER else 200
        tokens = {"prompt_tokens": len(text) // 4, "completion_tokens": None if "count" in self.faults else 3}
        message = {"content": said, "reasoning_content": self.thinking}
        if "tools" in body and "tools" not in self.faults:
            town = "Rome" if "another town" in self.faults else "Paris"
            called = {"name": "weather", "arguments": json.dumps({"town": town})}
            message = {"content": None, "tool_calls": [{"type": "function", "function": called}]}
        value = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": tokens}
        self.send(status, value)

    def log_message(self, *_args):
        pass


def asked(monkeypatch, faults=(), thinking="", args=()):
    monkeypatch.setattr(Model, "faults", frozenset(faults))
    monkeypatch.setattr(Model, "thinking", thinking)
    with serving(Model) as url:
        return core.check_all(Client(url), core.Asked(plan(args=args)))


def verdicts(monkeypatch, faults=(), thinking="", args=()):
    return {row["id"]: row["verdict"] for row in asked(monkeypatch, faults, thinking, args)}


PAGE = ["page", "upload", "knowledge"]  # these have tests of their own (test_around.py)


def test_a_model_that_does_it_all(monkeypatch):
    found = verdicts(monkeypatch, args=["--jinja"])
    assert [key for key, verdict in found.items() if verdict != "pass"] == PAGE and found["page"] == "skipped"


def test_tools_are_judged_where_the_engine_offers_them(monkeypatch):
    assert verdicts(monkeypatch)["tools"] == "skipped"
    for fault in ("tools", "another town"):
        assert verdicts(monkeypatch, [fault], args=["--tool-call-parser=hermes"])["tools"] == "fail"
    told = {row["id"]: row["evidence"] for row in asked(monkeypatch, args=["--jinja"])}
    assert told["tools"] == 'weather({"town": "Paris"})'


def test_a_model_whose_answers_nobody_judges_gets_less_room():
    assert core.Asked(plan(), room=64).room == 64 and core.Asked(plan(100), room=64).room == 50
    assert core.Asked(plan()).room == core.ANSWER


def test_what_was_seen_is_told_in_the_readers_language_and_what_was_said_as_it_was(monkeypatch):
    told = {row["id"]: row["evidence"] for row in asked(monkeypatch, ["needle at 90"])}
    assert told["needle"] == {
        "zh": "10%：找到，50%：找到，90%：未找到", "en": "10 %: found, 50 %: found, 90 %: missed",
    }  # fmt: skip
    assert "词元" in told["long"]["zh"] and "词元" in told["answers"]["zh"] and isinstance(told["english"], str)


@pytest.mark.parametrize(
    ("fault", "missed"),
    [("chinese", "chinese"), ("json", "json"), ("needle", "needle"), ("needle at 90", "needle"), ("long", "long"),
     ("count", "answers"), ("doors", "doors")],
)  # fmt: skip
def test_each_fault_is_found_and_no_other(monkeypatch, fault, missed):
    found = verdicts(monkeypatch, [fault])
    assert [key for key, verdict in found.items() if verdict == "fail"] == [missed]


def test_a_reasoning_model_has_to_show_its_thought_apart(monkeypatch):
    args = ["--reasoning-parser", "deepseek_r1"]
    assert core.Asked(plan(args=args)).reasoning and not core.Asked(plan()).reasoning
    assert verdicts(monkeypatch, args=args)["thought"] == "fail"
    assert verdicts(monkeypatch, thinking="17 times 23 is 391", args=args)["thought"] == "pass"


def test_a_model_that_thinks_gets_room_for_it_whatever_its_engine_tells():
    assert core.Asked(plan(32768), thinks=True).reasoning and core.Asked(plan(32768), thinks=True).room == core.THINKS


def test_nobody_answers(monkeypatch):
    found = core.check_all(Client("http://127.0.0.1:9", timeout=2), core.Asked(plan()))
    assert {row["verdict"] for row in found if row["id"] not in ("thought", "tools", *PAGE)} == {"fail"}
    assert all(row["evidence"] for row in found)


@pytest.mark.parametrize("longest", [512, 2048, 16384])
def test_the_long_prompt_leaves_room_for_the_answer(longest):
    asked = core.Asked(plan(longest))
    for place in core.PLACES:
        text = core.haystack(asked, place, 18, asked.room)
        assert text.count(core.CODE) == 1
        assert abs(text.index(core.CODE) / len(text) - place / 100) < 0.15
        assert longest - 36 <= len(text.splitlines()) * 18 + asked.room + core.ROOM <= longest + 18
