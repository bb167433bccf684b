# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the doors finds each that is open."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import closed
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import gateway as core

KEY = "the-key-of-a-team"


class Door(BaseHTTPRequestHandler):
    open_to_all: ClassVar[set[str]] = set()
    models: ClassVar[list[str]] = ["m"]

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = 404
        if self.path == "/v1/models" or self.path.startswith("/v1/chat"):
            status = 200 if self.headers.get("Authorization") == f"Bearer {KEY}" else 401
        if self.path in self.open_to_all:
            status = 200
        error = {"error": {"message": "no", "type": "t", "param": None, "code": "c"}}
        body = json.dumps(error if status != 200 else {"data": [{"id": model} for model in self.models]}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def client():
    Door.open_to_all, Door.models = set(), ["m"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Client(f"http://127.0.0.1:{server.server_port}", 5)
        server.shutdown()


def test_all_is_shut(client):
    assert core.check(client, KEY, ["POST /pause", "GET /metrics"], "m") == {"refused": 5, "models": ["m"]}
    assert core.check(client, "", ["POST /pause"], "m") == {"refused": 4, "models": []}


@pytest.mark.parametrize("path", ["/pause", "/v1/models", "/v1/chat/completions"])
def test_a_door_that_is_open_is_named(client, path):
    Door.open_to_all = {path}
    with pytest.raises(Refusal) as caught:
        core.check(client, KEY, ["POST /pause"], "m")
    assert caught.value.rule == "LLM810" and path in caught.value.reason.en and KEY not in caught.value.reason.en


def test_a_refusal_in_another_form_is_none(client):
    assert not closed.is_error("<html>404</html>") and not closed.is_error('{"detail": "Not Found"}')


def test_a_tag_that_the_engine_adds_is_no_other_model(client):
    Door.models = ["m:latest"]
    assert core.check(client, KEY, [], "m")["models"] == ["m:latest"]


def test_a_key_that_opens_nothing(client):
    Door.models = ["another"]
    with pytest.raises(Refusal) as caught:
        core.check(client, KEY, [], "m")
    assert caught.value.rule == "LLM715"
