# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import http.server
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import around as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import Asked
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered

from tests.unit.module_utils.serving import serving

PLAN = {"model": {"served_name": "m", "context": 2048}, "nodes": {"a": {"units": [{"args": []}]}}}


class WebUi(http.server.BaseHTTPRequestHandler):
    """Open WebUI as far as it is asked; `faults` are what it cannot, `log` what it was asked."""

    faults: frozenset = frozenset()
    log: tuple = ()

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        WebUi.log += ((self.command, self.path),)
        status, value = 200, {}
        if self.path.endswith("signin"):
            status, value = (400, {"detail": "wrong"}) if "password" in self.faults else (200, {"token": "t"})
        elif self.headers.get("Authorization") != "Bearer t":
            status = 401
        elif self.path.startswith("/api/v1/files/?"):
            assert b'filename="yitiji-acceptance.txt"' in body and b"4729" in body
            status, value = (500 if "upload" in self.faults else 200), {"id": "f1"}
        elif self.path.endswith("/data/content"):
            value = {"content": "" if "unread" in self.faults else "The code of the blue door is 4729.\n"}
        elif self.path.endswith("/create"):
            value = {"id": "k1"}
        elif self.path.endswith("/file/add"):
            status = 400 if "add" in self.faults else 200
            assert json.loads(body) == {"file_id": "f1"}
        elif self.path.endswith("/file/remove?delete_file=true"):
            assert json.loads(body) == {"file_id": "f1"}
        elif self.path == "/api/models":
            value = {"data": [{"id": "m"}]}
        elif self.path == "/api/chat/completions":
            of = json.loads(body).get("files")
            assert of in (None, [{"type": "collection", "id": "k1"}])
            said = "" if "mute" in self.faults else "4729" if of and "blind" not in self.faults else "2"
            value = {"choices": [{"message": {"content": said}}]}
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_args):
        pass


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(WebUi, "log", ())
    with serving(WebUi) as url:

        def with_faults(*faults):
            monkeypatch.setattr(WebUi, "faults", frozenset(faults))
            return Asked(PLAN, page=core.Page(Client(url), "a@b", "secret"))

        yield with_faults


def test_a_page_that_does_it_all_is_signed_in_to_once_and_left_as_it_was(asked):
    whole = asked()
    assert [check(whole)[0] for check in (core.page, core.upload, core.knowledge)] == [True] * 3
    assert sum(path.endswith("signin") for _method, path in WebUi.log) == 1
    gone = [path for method, path in WebUi.log if method == "DELETE" or "remove" in path]
    taken = ["/api/v1/knowledge/k1/file/remove?delete_file=true", "/api/v1/knowledge/k1/delete", "/api/v1/files/f1"]
    assert gone == [*taken, "/api/v1/knowledge/k1/delete", *taken]


@pytest.mark.parametrize(("fault", "check"), [("mute", core.page), ("unread", core.upload), ("blind", core.knowledge)])
def test_what_the_page_can_not_do_is_found(asked, fault, check):
    good, told = check(asked(fault))
    assert good is False and told


@pytest.mark.parametrize(
    ("fault", "gone"), [("upload", []), ("add", ["/api/v1/knowledge/k1/delete"] * 2 + ["/api/v1/files/f1"])]
)
def test_what_was_begun_is_taken_away_again(asked, fault, gone):
    with pytest.raises(Unanswered):
        core.knowledge(asked(fault))
    assert [path for method, path in WebUi.log if method == "DELETE"] == gone


@pytest.mark.parametrize("faults", [("password",), None])
def test_without_its_password_a_page_is_not_judged(asked, faults):
    of = Asked(PLAN) if faults is None else asked(*faults)
    for check in (core.page, core.upload, core.knowledge):
        assert check(of)[0] is None and check(of)[1]["en"]


class Gateway(http.server.BaseHTTPRequestHandler):
    """Closed, but for the paths of `opened`."""

    opened: tuple = ()

    def answer(self):
        known = self.headers.get("Authorization") == "Bearer k"
        status = 200 if self.path in self.opened else 401 if not known else 404
        data = json.dumps({"error": {"message": "", "type": "", "code": ""}}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_args):
        pass


@pytest.mark.parametrize(("opened", "good"), [((), True), (("/v1/models",), False), (("/pause",), False)])
def test_an_open_door_is_found_by_its_name(monkeypatch, opened, good):
    monkeypatch.setattr(Gateway, "opened", opened)
    with serving(Gateway) as url:
        found, told = core.doors(Client(url, key="k"), ["POST /pause", "POST /sleep"])
    assert found is good and ("5" in told["en"] if good else opened[0] in told)


class Node(Host):
    def __init__(self, said):
        self.said = said

    def run(self, argv, timeout=5.0):
        assert argv == [core.DOCTOR, "--json"] and timeout > 60
        return None if self.said is None else Output(2, self.said, "")


def said(*statuses, silenced=None):
    rows = [
        {"id": f"LLM10{n}", "status": status, "silenced": silenced, "evidence": {"zh": "满", "en": "full"}}
        for n, status in enumerate(statuses)
    ]
    return json.dumps({"summary": {key: statuses.count(key) for key in set(statuses)}, "results": rows})


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [(("pass", "skip"), "pass"), (("pass", "warn"), "conditional"), (("warn", "fail"), "fail"), (("unknown",), "pass")],
)
def test_the_doctors_worst_word_counts(statuses, verdict):
    found = core.examined(Node(said(*statuses)))
    [row] = core.doctors({"gpu01": {"doctor": found}})
    assert row["verdict"] == verdict and "gpu01" in row["name"]["zh"]
    assert ("LLM101 full" in row["evidence"]["en"]) == (verdict in ("conditional", "fail"))


def test_a_silenced_rule_and_a_doctor_that_is_not_there_are_no_fault():
    [row] = core.doctors({"gpu01": {"doctor": core.examined(Node(said("fail", silenced={"reason": "x"})))}})
    assert row["verdict"] == "pass"
    for words in (None, "no JSON", "[]"):
        [row] = core.doctors({"gpu01": {"doctor": core.examined(Node(words))}})
        assert row["verdict"] == "skipped"
