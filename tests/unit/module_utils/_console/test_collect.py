# SPDX-License-Identifier: GPL-3.0-or-later
"""What the console shows: figures, what is wrong, versions, logs without secrets, use."""

from __future__ import annotations

import http.server
import json
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._console import collect

UNIT = {"load": "loaded", "active": "active", "sub": "running", "enabled": "enabled", "result": "", "condition": True,
        "restarts": 0, "type": "simple", "restart": "always", "remains": False}  # fmt: skip


class Prometheus(http.server.BaseHTTPRequestHandler):
    status, answer, asked = 200, b"", []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_words):
        pass


@pytest.fixture
def prometheus():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Prometheus.status, Prometheus.asked = 200, []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_asks_with_a_time_limit(prometheus):
    Prometheus.answer = b'{"data": {"result": []}}'
    assert collect.asker(prometheus)("query", {"query": "sum(a)"}) == {"result": []}
    assert Prometheus.asked == ["/api/v1/query?query=sum%28a%29&timeout=10s"]


@pytest.mark.parametrize("status, answer", [(200, b"not JSON"), (200, b"{}"), (422, b"{}"), (503, b"")])
def test_a_bad_answer_is_none_and_the_next_question_is_asked(prometheus, status, answer):
    Prometheus.status, Prometheus.answer = status, answer
    ask = collect.asker(prometheus)
    assert ask("query", {}) is None and ask("query", {}) is None
    assert len(Prometheus.asked) == 2


def test_who_does_not_answer_is_waited_for_once(monkeypatch):
    """A pass of thirty questions must not take thirty times the limit: an engine that stopped is told meanwhile."""
    asked, now = [], [1000.0]
    monkeypatch.setattr(collect.time, "monotonic", lambda: now[0])

    class Silent:
        def open(self, url, timeout):
            asked.append(timeout)
            raise TimeoutError

    monkeypatch.setattr(collect.urllib.request, "build_opener", lambda _proxy: Silent())
    ask = collect.asker("http://127.0.0.1:9090")
    assert [ask("query", {}) for _ in range(3)] == [None] * 3 and len(asked) == 1
    now[0] += 29
    ask("query", {})
    assert len(asked) == 1
    now[0] += 2
    ask("query", {})
    assert len(asked) == 2


def test_present_figures():
    rows = [{"metric": {"node": "a"}, "value": [1, "0.123456"]}, {"metric": {"node": "b"}, "value": [1, "NaN"]}]
    answers = {"q": {"result": rows}, "none": None}
    found = collect.now_figures(lambda _path, values: answers[values["query"]], {"x": "q", "y": "none"})
    assert found == {"x": [[{"node": "a"}, 0.1235], [{"node": "b"}, None]], "y": []}


def test_many_series_are_cut():
    rows = [{"metric": {}, "value": [1, "1"], "values": []}] * (collect.MOST_SERIES + 1)
    assert len(collect.now_figures(lambda *_: {"result": rows}, {"x": "q"})["x"]) == collect.MOST_SERIES
    assert len(collect.series(lambda *_: {"result": rows}, {"x": "q"}, "hour", 1e9)["rows"]["x"]) == collect.MOST_SERIES


def test_a_line_has_its_gaps():
    asked = []

    def ask(path, values):
        asked.append((path, values))
        return {"result": [{"metric": {"node": "a"}, "values": [[999999990, "1"], [999996420 + 30, "2"], [5, "9"]]}]}

    found = collect.series(ask, {"x": "q"}, "hour", 1_000_000_007)
    assert asked == [("query_range", {"query": "q", "start": 999996420, "end": 999999990, "step": 30})]
    line = found["rows"]["x"][0][1]
    assert (len(line), line[1], line[-1], line[0], line[2]) == (120, 2, 1, None, None)
    assert (found["start"], found["step"], found["count"]) == (999996420, 30, 120)


def test_alerts_that_fire_the_worst_first():
    def alert(name, severity, state="firing"):
        said = {f"{part}_{tongue}": f"{part} {name} {tongue}" for part in ("summary", "fix") for tongue in ("zh", "en")}
        return {"state": state, "labels": {"severity": severity}, "annotations": said}

    rows = {"alerts": [alert("a", "warning"), alert("b", "critical"), alert("c", "critical", "pending")]}
    found = collect.alerts(lambda *_: rows)
    assert [row["what"]["en"] for row in found] == ["summary b en", "summary a en"]
    assert found[0]["fix"] == {"zh": "fix b zh", "en": "fix b en"}
    assert collect.alerts(lambda *_: None) == []


def test_a_stopped_unit_has_its_command():
    found = collect.stopped({"yitiji-a.service": UNIT, "yitiji-vllm.service": {**UNIT, "active": "inactive"}})
    assert [row["what"]["zh"] for row in found] == ["yitiji-vllm.service：已停止"]
    assert found[0]["fix"]["en"] == "run `systemctl start yitiji-vllm.service`"


def test_what_the_doctor_found():
    row = {"status": "fail", "id": "LLM101", "title": {"zh": "盘", "en": "disk"}, "evidence": {"en": "full"}, "fix": {}}
    report = {"results": [row, {**row, "status": "warn"}, {**row, "silenced": "known"}]}
    assert (
        collect.failed(report) == [{"what": row["title"], "more": row["evidence"], "fix": {}, "rule": "LLM101"}]
        and collect.failed({}) == []
    )


def test_each_thing_is_said_once():
    one, two = {"what": {"en": "a"}, "fix": 1}, {"what": {"en": "b"}}
    assert collect.wrong([one], [{"what": {"en": "a"}, "fix": 2}, two]) == [one, two]


def test_an_old_watch_says_nothing():
    state = {"written": 1000.0, "down": [{"what": {"en": "x"}}]}
    assert collect.watch_says(json.dumps(state), 1010.0) == state["down"]
    assert collect.watch_says(json.dumps(state), 9000.0) == collect.watch_says("", 1.0) == []


def test_versions_against_the_plan():
    plan = {
        "image": {"ref": "vllm", "id": "sha256:1", "digest": "sha256:2"},
        "nodes": {"a": {"units": [{"name": "yitiji-vllm"}, {"name": "elsewhere"}]}},
        "chat": {"image": {"ref": "page", "id": "sha256:9"}},
    }
    found = collect.versions(plan, "/yitiji-vllm sha256:2\n/yitiji-open-webui sha256:8\nbroken\n")
    assert [(row["unit"], row["same"]) for row in found] == [("yitiji-vllm", True), ("yitiji-open-webui", False)]
    assert collect.versions({**plan, "image": None, "chat": None}, "/yitiji-vllm sha256:2") == []


def test_logs_without_what_opens_doors(tmp_path):
    (tmp_path / "users").mkdir()
    (tmp_path / "users/a").write_text('{"key": "s3cret-word"}\nshort\n')
    (tmp_path / "blob").write_bytes(b"\xff\xfe\x00")
    secrets = collect.secrets_in(str(tmp_path))
    assert secrets == ["s3cret-word"]
    for text in (
        "x s3cret-word y", "Authorization: Bearer abcdef123", 'api_key="abcdef123"', "password=abcdef123",
        "token: abcdef123",
        "key sk-abcdef123", "https://me:abcdef123@host/",
    ):  # fmt: skip
        told = collect.harmless(text, secrets)
        assert "abcdef123" not in told and "s3cret-word" not in told and collect.RED in told, text
    plain = "tokens: 12, 34 tokens/s; max_tokens=4096 GET /v1/models"
    assert collect.harmless(plain, secrets) == plain


def line(day, team="t", user="", status=200):
    return json.dumps({"time": f"{day}T10:00:00+00:00", "team": team, "user": user, "status": status}) + "\n"


def test_use_is_counted_once_and_past_a_rotation(tmp_path):
    log = tmp_path / "api.log"
    now = time.mktime((2026, 11, 29, 12, 0, 0, 0, 0, 0))
    log.write_text(
        line("2026-11-29") + line("2026-11-29", status=429) + line("2026-10-01") + "broken\n" + '{"time": "2026'
    )
    first = collect.used(str(log), {}, {}, now)
    assert first["rows"] == {"2026-11-29\tt\t-": [2, 1]}
    again = collect.used(str(log), json.loads(json.dumps(first)), {}, now)
    assert again["rows"] == first["rows"] and list(again["place"]) == list(first["place"])
    with log.open("a") as file:
        file.write("\n" + line("2026-11-29", team="", user="u1"))
    log.rename(tmp_path / "api.log.1")
    log.write_text(line("2026-11-29", user="u2", status=503))
    last = collect.used(str(log), json.loads(json.dumps(again)), {"m": []}, now)
    assert last["rows"] == {"2026-11-29\t-\tu1": [1, 0], "2026-11-29\tt\t-": [2, 1], "2026-11-29\tt\tu2": [1, 1]}
    assert last["tokens"] == {"m": []}
    assert collect.used(str(log), json.loads(json.dumps(last)), {}, now)["rows"] == last["rows"]
    assert collect.used(str(tmp_path / "none"), {}, {}, now)["rows"] == {}


def test_a_table_program_calculates_nothing():
    text = collect.as_csv({'2026-11-29\t=cmd\t"x"': [2, 1], "2026-11-29\tt\t-": [1, 0]})
    assert text.splitlines() == [
        "day,team,person,requests,failed", '"2026-11-29","\'=cmd","""x""",2,1', '"2026-11-29","t","-",1,0',
    ]  # fmt: skip
