# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ollama's API and its store. The answers have the form of Ollama 0.9.3's own, which a server here replays."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ollama as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered


class Ollama(http.server.BaseHTTPRequestHandler):
    vram, context, calls, models = 0, 2048, [], {}

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/api/tags":
            rows = [{"name": name, "digest": digest} for name, digest in self.models.items()]
            self.reply(200, {"models": rows})
        elif self.path == "/api/ps":
            self.reply(200, {"models": [{"name": "m:latest", "size": 6134272, "size_vram": self.vram}]})
        else:
            self.reply(200, {"version": "0.9.3"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append((self.path, body))
        if self.path == "/api/create" and body["files"] == {"model.gguf": "sha256:bad"}:
            self.reply(400, {"error": "invalid digest format"})
        elif self.path in ("/api/create", "/api/pull"):
            self.models[core.tagged(body["model"])] = "d1"
            self.reply(200, {"status": "success"})
        elif self.path == "/api/copy":
            self.models[core.tagged(body["destination"])] = "d1"
            self.reply(200, {})
        elif "prompt" in body:
            self.reply(200, {"prompt_eval_count": min(self.context, 3 + 2 * body["prompt"].count(" a"))})
        else:
            self.reply(200, {"done": True, "done_reason": "load"})

    def do_DELETE(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply(200 if self.models.pop(core.tagged(body["model"]), None) else 404, {})

    def log_message(self, *_args):
        pass


@pytest.fixture
def client():
    Ollama.vram, Ollama.context, Ollama.calls, Ollama.models = 0, 2048, [], {}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ollama)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Client(f"http://127.0.0.1:{server.server_address[1]}", 5)
    server.shutdown()
    server.server_close()


def test_create_says_what_a_modelfile_says(client):
    core.create(client, "m", "abc", "T", {"num_ctx": 2048})
    assert Ollama.calls == [
        ("/api/create", {"model": "m", "files": {"model.gguf": "sha256:abc"}, "stream": False, "template": "T",
                         "parameters": {"num_ctx": 2048}}),
    ]  # fmt: skip
    assert core.digest_of(client, "m") == "d1" and core.digest_of(client, "other") == ""


def test_a_refusal_of_ollama_is_told(client):
    with pytest.raises(Unanswered, match="invalid digest"):
        core.create(client, "m", "bad", "", {})
    failed = core.failed("m", Unanswered("why"))
    assert failed.rule == "LLM708" and "why" in failed.reason.en and "yitiji-ollama" in failed.remedy.zh


def test_pull_is_served_under_our_name(client):
    core.pull(client, "mirror.example/library/deepseek-r1:7b", "deepseek-r1-7b")
    assert [path for path, _body in Ollama.calls] == ["/api/pull", "/api/copy"]
    assert core.digest_of(client, "deepseek-r1-7b") == "d1"
    core.delete(client, "deepseek-r1-7b")
    core.delete(client, "deepseek-r1-7b")  # twice is well
    assert core.digest_of(client, "deepseek-r1-7b") == ""


def test_a_silent_fallback_to_the_cpu_is_refused(client):
    where = core.load(client, "m")
    assert where == {"size": 6134272, "size_vram": 0}
    core.placed(where, 0)  # a plan without cards
    with pytest.raises(Refusal) as caught:
        core.placed(where, 29)
    assert caught.value.rule == "LLM718"
    Ollama.vram = 6134272
    core.placed(core.load(client, "m"), 29)


def test_a_cut_context_is_refused(client):
    assert core.whole_context(client, "m", 2048) >= 0.88 * 2048
    with pytest.raises(Refusal) as caught:
        core.whole_context(client, "m", 8192)
    assert caught.value.rule == "LLM508" and "2048" in caught.value.reason.en


def test_record_knows_what_the_model_was_made_of():
    record = core.Record("")
    text = record.with_model("m", core.fingerprint({"a": 1}), "d1")
    again = core.Record(text)
    assert again.holds("m", core.fingerprint({"a": 1}), "d1")
    assert not again.holds("m", core.fingerprint({"a": 2}), "d1")
    assert not again.holds("m", core.fingerprint({"a": 1}), "d2")  # somebody made it anew by hand
    assert not again.holds("m", core.fingerprint({"a": 1}), "")
    assert again.others("n") == ["m"] and not core.Record("not json").rows
