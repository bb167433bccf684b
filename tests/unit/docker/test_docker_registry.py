# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A registry is asked before anything is pulled."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils import _docker_registry as registry

DIGEST = "sha256:" + "d" * 64


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag"),
    [
        ("nginx", registry.HUB, "library/nginx", "latest"),
        ("vllm/vllm-openai:v1", registry.HUB, "vllm/vllm-openai", "v1"),
        ("docker.io/vllm/vllm-openai:v1", registry.HUB, "vllm/vllm-openai", "v1"),
        ("ghcr.io/a/b:main@" + DIGEST, "ghcr.io", "a/b", "main"),
        ("localhost:5000/a", "localhost:5000", "a", "latest"),
        ("127.0.0.1:5000/a/b/c:2", "127.0.0.1:5000", "a/b/c", "2"),
    ],
)
def test_split(text, host, repository, tag):
    assert registry.split(text) == registry.Reference(host, repository, tag)


def test_candidates():
    hub, own = registry.split("a/b:1"), registry.split("ghcr.io/a/b:1")
    assert registry.candidates(hub, ["https://m/"]) == ["https://m", "https://" + registry.HUB]
    assert registry.candidates(own, ["https://m/"]) == ["https://ghcr.io"]


class Handler(http.server.BaseHTTPRequestHandler):
    asked = None
    token = True

    def do_HEAD(self):
        self.asked.append(self.path)
        if self.token and self.headers.get("Authorization") != "Bearer T":
            self.send_response(401)
            realm = f"http://127.0.0.1:{self.server.server_port}/token"
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="r",scope="repository:a/b:pull"')
        else:
            self.send_response(200 if DIGEST in self.path else 404)
        self.end_headers()

    def do_GET(self):
        self.asked.append(self.path)
        body = json.dumps({"token": "T"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    handler = type("H", (Handler,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield handler, f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.mark.parametrize("token", [True, False])
def test_probe(server, token):
    handler, url = server
    handler.token = token
    ref = registry.split("a/b:1")
    assert registry.probe(url, ref, DIGEST, 5) is None
    assert registry.probe(url, ref, "sha256:other", 5) == "HTTP 404"
    assert any(path.startswith("/token?") and "scope=repository" in path for path in handler.asked) is token


def test_mirror_first_and_reasons_when_none(server):
    _handler, url = server
    ref = registry.split("a/b:1")
    dead = "http://127.0.0.1:1"
    assert registry.reachable(ref, DIGEST, [dead, url], 5, None) == {}
    got = registry.reachable(registry.split("127.0.0.1:1/a/b"), DIGEST, [url], 1, None)
    assert list(got) == ["https://127.0.0.1:1"]
    assert "refused" in got["https://127.0.0.1:1"]
