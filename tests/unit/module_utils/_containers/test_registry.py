# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry is asked before anything is pulled."""

from __future__ import annotations

import hashlib
import http.server
import json
from typing import ClassVar

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import registry

from tests.unit.module_utils._containers.anyone import anyone
from tests.unit.module_utils.serving import serving

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


def bases(ref, mirrors, reach=anyone):
    return [place.base for place in registry.candidates(registry.split(ref), mirrors, reach)]


def test_candidates():
    assert bases("a/b:1", ["https://m/"]) == ["https://m", "https://" + registry.HUB]
    assert bases("ghcr.io/a/b:1", ["https://m/"]) == ["https://ghcr.io"]


def test_an_insecure_registry_may_speak_http_and_no_other():
    insecure = registry.Access(verify=False)
    assert bases("r:5000/a", [], lambda _: insecure) == ["https://r:5000", "http://r:5000"]


class Handler(http.server.BaseHTTPRequestHandler):
    asked = None
    sent = None
    token = True
    login = None  # asked for where the token comes from
    plain = None  # asked for by a registry without tokens
    elsewhere = ""

    def do_HEAD(self):
        self.asked.append(self.path)
        if self.plain and self.headers.get("Authorization") != self.plain:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="r"')
        elif self.token and self.headers.get("Authorization") != "Bearer T":
            self.send_response(401)
            realm = f"http://127.0.0.1:{self.server.server_port}/token"
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="r",scope="repository:a/b:pull"')
        else:
            self.send_response(200 if DIGEST in self.path else 404)
        self.end_headers()

    def do_GET(self):
        self.asked.append(self.path)
        self.sent[self.path] = self.headers.get("Authorization")
        if self.plain and self.path.startswith("/v2") and self.headers.get("Authorization") != self.plain:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="r"')
            self.end_headers()
            return
        if self.elsewhere and self.path.startswith("/v2"):
            self.send_response(307)
            self.send_header("Location", self.elsewhere + "/elsewhere")
            self.end_headers()
            return
        right = self.login in (None, self.headers.get("Authorization"))
        body = json.dumps({"token": "T"}).encode()
        self.send_response(200 if right else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    handler = type("H", (Handler,), {"asked": [], "sent": {}})
    with serving(handler) as url:
        yield handler, url


def at(url, **how):
    return registry.Place(url, registry.Access(timeout=5, **how))


@pytest.mark.parametrize("token", [True, False])
def test_probe(server, token):
    handler, url = server
    handler.token = token
    ref = registry.split("a/b:1")
    assert registry.probe(at(url), ref, DIGEST) is None
    assert registry.probe(at(url), ref, "sha256:other") == "it is not there: HTTP 404"
    assert any(path.startswith("/token?") and "scope=repository" in path for path in handler.asked) is token


def test_the_token_is_asked_for_with_the_login(server):
    handler, url = server
    handler.login = "Basic dTpw"
    ref = registry.split("a/b:1")
    assert registry.probe(at(url, login="dTpw"), ref, DIGEST) is None
    problem = registry.probe(at(url), ref, DIGEST)
    assert problem.startswith("no token: HTTP Error 403")


def test_a_registry_with_plain_logins(server):
    handler, url = server
    handler.token, handler.plain = False, "Basic dTpw"
    ref = registry.split("a/b:1")
    assert registry.probe(at(url, login="dTpw"), ref, DIGEST) is None
    assert registry.probe(at(url, login="wrong"), ref, DIGEST) == "the login is missing or wrong: HTTP 401"
    assert registry.probe(at(url), ref, DIGEST) == "the login is missing or wrong: HTTP 401"


def test_a_login_does_not_follow_to_another_machine(server):
    handler, url = server
    handler.token, handler.plain = False, "Basic dTpw"
    handler.elsewhere = url.replace("127.0.0.1", "localhost")
    session = registry.Session(at(url, login="dTpw"))
    session.json("a/b/blobs/here")
    assert handler.sent["/elsewhere"] is None
    assert handler.sent["/v2/a/b/blobs/here"] == "Basic dTpw"


def test_a_login_that_came_over_tls_does_not_leave_without_it(server):
    handler, url = server
    asked = f'Bearer realm="{url}/token",service="r"'
    session = registry.Session(at("https://r.example", login="dTpw"))
    assert session._answer(session.access.opener(), asked) == "" and handler.sent == {}
    plain = registry.Session(at(url, login="dTpw"))
    assert plain._answer(plain.access.opener(), asked).startswith("Bearer ")


def test_nothing_but_http_is_asked():
    with pytest.raises(OSError, match="only http and https"):
        registry.Session(at("file:///etc")).open("a/manifests/1", "GET")


def test_mirror_first_and_reasons_when_none(server):
    _handler, url = server
    ref, dead = registry.split("a/b:1"), "http://127.0.0.1:1"
    place, reasons = registry.locate(ref, DIGEST, [at(dead), at(url)])
    assert place.base == url
    assert list(reasons) == [dead]
    place, reasons = registry.locate(ref, DIGEST, [at(dead)])
    assert place is None
    assert "refused" in reasons[dead]


class Tagged(http.server.BaseHTTPRequestHandler):
    """Has one manifest by a tag; says its digest in the header, or leaves that to whoever reads it."""

    header: ClassVar[str] = ""
    body: ClassVar[bytes] = b'{"layers": []}'

    def do_HEAD(self):
        self.send_response(200 if self.path == "/v2/a/b/manifests/1" else 404)
        if self.header:
            self.send_header("Docker-Content-Digest", self.header)
        self.end_headers()

    def do_GET(self):
        self.do_HEAD()
        self.wfile.write(self.body)

    def log_message(self, *_args):
        pass


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (DIGEST, DIGEST),
        ("", "sha256:" + hashlib.sha256(Tagged.body).hexdigest()),
        ("sha256:short", ""),
        (DIGEST + "\tx", ""),
    ],
)
def test_the_digest_of_a_tag(header, told):
    with serving(type("T", (Tagged,), {"header": header})) as url:
        assert registry.digest_of(at(url), registry.split("a/b:1")) == told
        assert registry.digest_of(at(url), registry.split("a/b:2")) == ""
    assert registry.digest_of(at(url), registry.split("a/b:1")) == "", "it no longer answers"
