# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import restart as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer

AWAY = 1.5  # seconds


class Engine(Host):
    """systemd's side of an engine: away for a while after a restart, with another run afterwards."""

    def __init__(self, away=AWAY):
        self.away, self.restarted, self.seen = away, 0.0, []
        outer = self

        class Health(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if outer.up() else 503)
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def up(self):
        return not self.restarted or time.monotonic() - self.restarted > self.away

    def ask(self):
        time.sleep(0.02)
        return self.up()

    def run(self, argv, timeout=5.0):
        self.seen.append(list(argv))
        if "restart" in argv:
            self.restarted = time.monotonic()
        return Output(0, f"InvocationID={'b' if self.restarted else 'a'}\n", "")

    @property
    def units(self):
        return [{"name": "yitiji-vllm", "url": f"http://127.0.0.1:{self.server.server_address[1]}"}]


@pytest.fixture
def engine():
    found = Engine()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_the_time_until_it_answers_again_is_measured_under_load(engine):
    told = []
    found = core.restart(engine, engine.units, "/health", engine.ask, engine.ask, 4, 30, told.append)
    assert AWAY <= found["seconds"] <= AWAY + 1.5 and found["at_once"] == 4
    assert 4 <= found["lost"] <= 16  # each place loses one a second
    assert ["systemctl", "--no-block", "restart", "yitiji-vllm.service"] in engine.seen and told


def test_an_engine_that_does_not_come_back_is_waited_for_no_longer_than_told(engine):
    engine.away = 99
    found = core.restart(engine, engine.units, "/health", engine.ask, engine.ask, 99, 2, lambda _line: None)
    assert (found["seconds"], found["waited"], found["at_once"]) == (None, 2, core.MOST)


def test_an_answer_of_the_engine_that_is_about_to_end_does_not_count(engine, monkeypatch):
    monkeypatch.setattr(engine, "run", lambda argv, timeout=5.0: Output(0, "InvocationID=a\n", ""))
    found = core.restart(engine, engine.units, "/health", engine.ask, engine.ask, 1, 2, lambda _line: None)
    assert found["seconds"] is None and engine.up()


def test_a_question_counts_as_answered_by_its_status_alone(monkeypatch):
    said = [(200, ""), (502, ""), answer.Trouble("connect", "refused")]

    def call(_door, path, key, body, _seconds):
        assert (path, key, body["model"]) == ("/v1/chat/completions", "k", "m")
        found = said.pop(0)
        if isinstance(found, answer.Trouble):
            raise found
        return found

    monkeypatch.setattr(answer, "call", call)
    ask = core.asker(answer.Door(), "k", "m", 5)
    assert [ask(), ask(), ask()] == [True, False, False]
