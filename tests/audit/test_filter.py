# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A content filter between a real nginx and the engines: each question and answer passes it, and nothing without it."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest

from tests.audit.filter import SECRET, Filter
from tests.audit.test_local import body
from tests.audit.world import MODELS, TEAMS, Engine, Server, World, free_port, jwt, until


class Other(Engine):
    """The second model's engine, so that one sees who answered."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Authorization"]
        self.send(json.dumps({"choices": [{"message": {"content": f"second {key}"}}], "usage": {}}).encode())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port, Filter.back = free_port(), free_port()
    found = World(tmp_path_factory.mktemp("filter") / "world", gateway_content_filter=f"http://127.0.0.1:{port}",
                  gateway_content_filter_return=Filter.back)  # fmt: skip
    found.servers[1].RequestHandlerClass = Other
    found.filter_port = port
    yield found.start()
    found.stop()


@pytest.fixture
def there(world):
    """The filter runs."""
    server = Server(("127.0.0.1", world.filter_port), Filter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Filter.asked.clear()
    yield world
    server.shutdown()
    server.server_close()


def said(text: str) -> str:
    return json.loads(text)["choices"][0]["message"]["content"]


def question(content: str, model: str = MODELS[0], **more) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


def test_without_it_nothing_is_answered(world):
    status, _headers, text = world.post("/v1/chat/completions", body(MODELS[0], 2, 1), TEAMS["default"])
    error = json.loads(text)["error"]
    assert (status, error["code"]) == (503, "content_filter_unavailable"), text
    assert "内容过滤服务" in error["message"]
    assert world.post("/v1/chat/completions", body(MODELS[0], 2, 1), TEAMS["default"])[0] == 503, "again, at once"


def test_the_api_and_the_page_pass_it(there):
    status, headers, text = there.post("/v1/chat/completions", body(MODELS[0], 2, 3), TEAMS["research"])
    assert (status, said(text)) == (200, "好好好"), "the answer as the filter left it"
    assert there.post("/api/chat/completions", body(MODELS[0], 2, 2), jwt("id-1"))[0] == 200
    api, page = Filter.asked
    assert api["X-Yitiji-Team"] == "research" and api["X-Yitiji-Model"] == MODELS[0]
    assert api["X-Request-Id"] == headers["X-Request-Id"], "as in the audit"
    assert page["X-Yitiji-User"] == "id-1"


def test_what_it_refuses_no_engine_sees_and_the_audit_has_it(there):
    status, headers, text = there.post("/v1/chat/completions", question(f"{SECRET} 1"), TEAMS["research"])
    assert (status, said(text)) == (200, "不回答")
    (row,) = until(lambda: there.find("--id", headers["X-Request-Id"]), 10, "no record")
    assert row["team"] == "research", row


def test_a_stream_passes_piece_by_piece(there):
    ask = {**body(MODELS[0], 2, 4), "stream": True, "seed": 300}
    door = there.connect()
    door.request("POST", "/v1/chat/completions", json.dumps(ask).encode(),
                 {"Content-Type": "application/json", "Authorization": f"Bearer {TEAMS['default']}"})  # fmt: skip
    answer, t0 = door.getresponse(), time.monotonic()
    first = answer.readline()
    early = time.monotonic() - t0
    rest = answer.read().decode()
    assert "好" in first.decode() and "[DONE]" in rest
    assert time.monotonic() - t0 - early > 0.6, "the first piece came with the last one"


def test_each_model_has_its_own_engine_behind_it(there):
    status, _headers, text = there.post("/v1/chat/completions", question("x 1", MODELS[1]), TEAMS["default"])
    assert (status, said(text)) == (200, "second Bearer engine")


def test_what_the_gateway_refuses_it_never_sees(there):
    assert there.post("/v1/chat/completions", body(MODELS[0], 2, 1), "no-key")[0] == 401
    assert there.post("/v1/chat/completions", body(MODELS[0], 2, 1), TEAMS["shut"])[0] == 403
    assert there.post("/v1/tokenize", body(MODELS[0], 2, 1), TEAMS["default"])[0] == 404
    assert Filter.asked == []


def test_the_list_of_models_is_the_engines_own(tmp_path):
    """Of one model its engine is asked for it, and a filter need not know the question."""
    world = World(tmp_path / "world", models=MODELS[:1], gateway_content_filter=f"http://127.0.0.1:{free_port()}",
                  gateway_content_filter_return=free_port()).start()  # fmt: skip
    try:
        door = world.connect()
        door.request("GET", "/v1/models", headers={"Authorization": f"Bearer {TEAMS['default']}"})
        answer = door.getresponse()
        text = answer.read()
        assert answer.status == 200 and json.loads(text)["data"], text
        assert world.post("/v1/chat/completions", body(MODELS[0], 2, 1), TEAMS["default"])[0] == 503, (
            "all else passes it"
        )
    finally:
        world.stop()


def test_the_way_back_publishes_nothing_more(there):
    door = http.client.HTTPConnection("127.0.0.1", Filter.back, timeout=10)
    door.request("GET", "/metrics")
    assert door.getresponse().status == 404
