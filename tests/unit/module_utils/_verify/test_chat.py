# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a model: the answer, the thinking, and everything that can be wrong with them."""

from __future__ import annotations

import http.server
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import chat

from tests.unit.module_utils.serving import serving


class Handler(http.server.BaseHTTPRequestHandler):
    key, content, asked = "K", "答案 42", None

    def reply(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def allowed(self):
        return not self.key or self.headers.get("Authorization") == "Bearer " + self.key

    def do_GET(self):
        if self.path == "/nojson":
            self.reply(200, b"<html>")
        elif not self.allowed():
            self.reply(401, {"error": "no"})
        else:
            self.reply(200, {"data": [{"id": "m1"}, {"id": "m2"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/v1/auths/signin":
            good = body == {"email": "a@b", "password": "right"}
            self.reply(200 if good else 400, {"token": "K"} if good else {"detail": "The email or password is wrong"})
            return
        if not self.allowed():
            self.reply(401, {})
            return
        type(self).asked = (self.path, body)
        message = {"role": "assistant", "content": self.content}
        self.reply(200, {"model": body["model"], "choices": [{"message": message, "finish_reason": "stop"}]})

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    handler = type("H", (Handler,), {})
    with serving(handler) as url:
        yield handler, url


PARAMS = {"kind": "openai", "model": "", "question": "问?", "expect": "", "max_tokens": 8, "temperature": 0.6}


def test_ask_an_engine(server):
    handler, url = server
    got = chat.ask(api.Client(url, key="K"), PARAMS)
    assert (got["answer"], got["model"], got["models"]) == ("答案 42", "m1", ["m1", "m2"])
    path, body = handler.asked
    assert path == "/v1/chat/completions"
    assert body["messages"] == [{"role": "user", "content": "问?"}]
    assert body["stream"] is False


def test_ask_through_the_page(server):
    handler, url = server
    client = api.Client(url)
    client.sign_in("a@b", "right")
    assert chat.ask(client, {**PARAMS, "kind": "open_webui", "model": "m2"})["model"] == "m2"
    assert handler.asked[0] == "/api/chat/completions"


def test_a_wrong_password_is_told_apart(server):
    _handler, url = server
    with pytest.raises(api.Unanswered) as caught:
        api.Client(url).sign_in("a@b", "wrong")
    assert api.wrong_password(caught.value)
    refusal = chat.unanswered(url, caught.value)
    assert refusal.rule == "LLM706"
    assert "wrong" not in refusal.message().replace("is wrong", "")


@pytest.mark.parametrize(
    ("change", "content", "rule"),
    [
        ({"model": "absent"}, "x", "LLM701"),
        ({"expect": "43"}, "答案 42", "LLM730"),
        ({}, "", "LLM730"),
        ({}, " \n", "LLM730"),
    ],
)
def test_wrong_answers(server, change, content, rule):
    handler, url = server
    handler.content = content
    with pytest.raises(Refusal) as caught:
        chat.ask(api.Client(url, key="K"), {**PARAMS, **change})
    assert caught.value.rule == rule


def test_refused(server):
    handler, url = server
    assert chat.refused(api.Client(url)) == {"refused": 401}
    handler.key = ""
    with pytest.raises(Refusal) as caught:
        chat.refused(api.Client(url))
    assert caught.value.rule == "LLM803"


def test_no_answer(server):
    _handler, url = server
    with pytest.raises(api.Unanswered, match="HTTP 401"):
        api.Client(url).models("/v1/models")
    with pytest.raises(api.Unanswered, match="not JSON"):
        api.Client(url).json("/nojson")
    with pytest.raises(api.Unanswered, match="refused") as caught:
        api.Client("http://127.0.0.1:1").call("/")
    assert chat.unanswered("http://127.0.0.1:1", caught.value).rule == "LLM707"
    with pytest.raises(api.Unanswered, match="only http"):
        api.Client("file:///etc/passwd")
