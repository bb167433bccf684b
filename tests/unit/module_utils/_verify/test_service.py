# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service is ready, and what is missing."""

from __future__ import annotations

import http.server
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify.service import Service, Wanted

from tests.unit.module_utils.serving import serving


class Handler(http.server.BaseHTTPRequestHandler):
    health, models, sign_ins = 200, ["m1"], 0

    def do_GET(self):
        if self.path == "/health":
            self.reply(self.health, {})
        elif self.headers.get("Authorization") != "Bearer K":
            self.reply(401, {})
        else:
            self.reply(200, {"data": [{"id": name} for name in self.models]})

    def do_POST(self):
        type(self).sign_ins += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = body["password"] == "right"
        self.reply(200 if good else 400, {"token": "K"} if good else {"detail": "The email or password is wrong"})

    def reply(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args):
        pass


@pytest.fixture
def page():
    handler = type("H", (Handler,), {})
    with serving(handler) as url:
        yield handler, url


class Unit:
    """What systemd says of the unit."""

    def __init__(self, active="active", restarts=0):
        self.active, self.restarts, self.asked = active, restarts, []

    def ask(self, words):
        self.asked.append(words)
        if words[0] == "journalctl":
            return 0, "loading\nshard 1\n"
        return 0, f"LoadState=loaded\nActiveState={self.active}\nNRestarts={self.restarts}\nInvocationID=abc\n"


def service(url, unit=None, **wanted):
    return Service(Wanted("yitiji-vllm", url, **wanted), (unit or Unit()).ask)


def test_health_alone(page):
    handler, url = page
    assert service(url).missing() is None
    handler.health = 503
    assert service(url).missing() == "/health answers 503"
    assert service("http://127.0.0.1:1").missing() == "it does not answer on http://127.0.0.1:1 yet"


def test_the_model_must_be_listed_with_the_key(page, tmp_path):
    handler, url = page
    (tmp_path / "key").write_text("K\n")
    asked = {"models": "/v1/models", "key_file": str(tmp_path / "key")}
    assert service(url, model="m1", **asked).missing() is None
    assert service(url, model="m2", **asked).missing() == "model m2 is not listed yet (listed: m1)"
    handler.models = []
    assert "(listed: none)" in service(url, model="m1", **asked).missing()


def test_it_signs_in_once_and_a_wrong_password_ends_the_wait(page, tmp_path):
    handler, url = page
    (tmp_path / "password").write_text("right\n")
    asked = {"models": "/api/models", "email": "a@b", "password_file": str(tmp_path / "password")}
    found = service(url, **asked)
    assert found.missing() is None and found.missing() is None and handler.sign_ins == 1
    (tmp_path / "password").write_text("wrong\n")
    seen = service(url, **asked).look()
    assert seen.refusal is not None and seen.refusal.rule == "LLM706"


def test_a_unit_that_does_not_run_is_not_asked(page):
    _handler, url = page
    seen = service(url, Unit("activating")).look()
    assert seen.missing == "the unit is activating" and seen.log == ["loading", "shard 1"]


def test_after_a_crash_the_log_of_the_run_before_is_read():
    unit = Unit("activating")
    found = service("http://127.0.0.1:1", unit)
    found.look()
    assert any("abc" in word for word in unit.asked[-1]), "one run's log"
    unit.restarts = 1
    found.look()
    assert not any("abc" in word for word in unit.asked[-1]) and found.restarts == 0
