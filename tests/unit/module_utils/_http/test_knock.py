# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knocking at real servers on loopback."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._http import knock as http_probe


class Page(http.server.BaseHTTPRequestHandler):
    """/gone is 404, /broken 500, /json an object, /slow never."""

    def do_HEAD(self):
        code = {"/gone": 404, "/broken": 503, "/key": 401}.get(self.path, 200)
        if self.path == "/slow":
            time.sleep(3)
        self.send_response(code)
        self.end_headers()
        if self.command == "GET" and code == 200:
            self.wfile.write(b'{"features": {}}' if self.path == "/json" else b"<html>")

    do_GET = do_HEAD

    def log_message(self, *_args):
        pass


@pytest.fixture(name="server", scope="module")
def fixture_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("path", "must_exist", "ok"),
    [
        ("/", False, True),
        ("/gone", False, True),
        ("/gone", True, False),
        ("/broken", False, False),
        ("/key", False, True),
    ],
)
def test_knock(server, path, must_exist, ok):
    assert http_probe.knock(server + path, 2, must_exist)["ok"] is ok


def test_knock_is_bounded_and_says_why(server):
    started = time.monotonic()
    assert http_probe.knock(server + "/slow", 0.3)["reason"] == "timed out"
    assert time.monotonic() - started < 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "refused" in http_probe.knock(f"http://127.0.0.1:{port}/", 1)["reason"]
    assert http_probe.knock("http://nowhere.invalid/", 2)["reason"] == "the name does not resolve"
    assert http_probe.knock("file:///etc/passwd", 1)["ok"] is False


def test_the_proxy_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert http_probe.proxy_for("http://outside.example/") == "proxy.example:3128"
    assert http_probe.proxy_for("http://inside.example/") == ""
    assert "secret" not in json.dumps(http_probe.proxies())


def test_fetch_json(server):
    assert http_probe.fetch_json(server + "/json", 2)["body"] == {"features": {}}
    assert http_probe.fetch_json(server + "/", 2) == {"ok": True, "status": 200, "body": None}
    assert http_probe.fetch_json(server + "/key", 2)["status"] == 401
    assert http_probe.fetch_json("http://127.0.0.1:1/", 1)["ok"] is False
