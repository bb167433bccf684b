# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question through the gateway: what counts as an answer, and what is said of everything else."""

from __future__ import annotations

import socket
import threading

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer

from tests.unit.module_utils._watch.gateway import KEY, certificate, running


@pytest.fixture(name="gateway")
def fixture_gateway(tmp_path):
    with running(tmp_path) as found:
        yield found


def test_a_short_answer_is_an_answer(gateway):
    found = answer.ask(gateway.door, [KEY], "r1")
    assert found["ok"] is True and found["model"] == "r1" and found["status"] == 200
    method, path, headers, body = gateway.seen[-1]
    assert (method, path, body["max_tokens"], body["stream"]) == ("POST", "/v1/chat/completions", 4, False)
    assert headers["Host"] == f"127.0.0.1:{gateway.door.port}"
    assert KEY not in str(found)


def test_the_next_key_is_tried_when_one_is_suspended(gateway):
    assert answer.ask(gateway.door, ["a" * 43, KEY], "r1")["ok"] is True
    assert answer.ask(gateway.door, ["a" * 43, "b" * 43], "r1")["stage"] == "keys"


def test_without_a_key_nobody_can_ask(gateway):
    found = answer.ask(gateway.door, [], "r1")
    assert found["ok"] is None and found["stage"] == "no key"


@pytest.mark.parametrize(
    ("status", "reply", "stage"),
    [
        (503, {"error": {}}, "engine"),
        (502, "<html>", "engine"),
        (504, {}, "silent"),
        (429, {}, "busy"),
        (400, {"error": {"message": "no"}}, "reply"),
        (500, "oh", "reply"),
        (200, "", "reply"),
        (200, {"choices": []}, "reply"),
        (200, {"choices": [{"message": None}]}, "reply"),
        (200, [], "reply"),
        (200, "{", "reply"),
    ],
)
def test_anything_else_is_none(gateway, status, reply, stage):
    gateway.answers["/v1/chat/completions"] = (status, reply)
    found = answer.ask(gateway.door, [KEY], "r1")
    assert (found["ok"], found["stage"]) == (False, stage) and found["reason"]


def test_a_model_that_is_not_listed(gateway):
    gateway.models = ["other"]
    found = answer.ask(gateway.door, [KEY], "r1")
    assert found["stage"] == "engine" and "r1 is not listed (other)" in found["reason"]
    gateway.models = []
    assert answer.ask(gateway.door, [KEY])["stage"] == "engine"
    gateway.models = ["r1:7b"]  # Ollama lists it with its tag
    assert answer.ask(gateway.door, [KEY], "r1")["model"] == "r1:7b"
    gateway.models = ["any"]  # the plan was lost: whatever is listed
    assert answer.ask(gateway.door, [KEY])["model"] == "any"


def test_silence_ends(gateway):
    gateway.hold.clear()
    found = answer.ask(gateway.door, [KEY], "r1", timeout=0.3)
    assert found["stage"] == "silent" and found["seconds"] < 3


def test_nobody_listens(gateway):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        door = gateway.door._replace(port=free.getsockname()[1])
        found = answer.ask(door, [KEY], "r1")
    assert found["stage"] == "connect" and "refused" in found["reason"]


def test_a_key_goes_to_the_certificate_on_the_disk_alone(gateway, tmp_path):
    other, _key = certificate(tmp_path, "other")
    found = answer.ask(gateway.door._replace(certificate=other), [KEY], "r1")
    assert found["stage"] == "other certificate" and gateway.seen == []


@pytest.mark.parametrize("text", [None, "", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", "garbage"])
def test_a_certificate_that_cannot_be_read(gateway, tmp_path, text):
    path = tmp_path / "gone.crt"
    if text is not None:
        path.write_text(text)
    assert answer.ask(gateway.door._replace(certificate=str(path)), [KEY])["stage"] == "certificate"


def test_a_port_that_speaks_no_tls(gateway):
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def refuse():
            other, _address = plain.accept()
            with other:
                other.recv(4096)
                other.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        found = answer.ask(gateway.door._replace(port=plain.getsockname()[1]), [KEY])
        thread.join()
    assert found["stage"] == "tls"


@pytest.mark.parametrize(
    ("status", "reply", "ok"),
    [(200, {"features": {}}, True), (200, "<html>", False), (500, {}, False), (502, {}, False), (504, {}, False)],
)
def test_the_page(gateway, status, reply, ok):
    gateway.answers["/api/config"] = (status, reply)
    found = answer.page(gateway.door)
    assert found["ok"] is ok and bool(found["reason"]) is not ok


def test_the_page_of_a_gateway_that_is_down(gateway):
    assert answer.page(gateway.door._replace(certificate="/no"))["stage"] == "certificate"


def test_the_name_is_that_of_nginx_own_site():
    site = "server {\n    server_name _;\n}\nserver {\n    server_name ai.example 10.0.0.9;\n}\n"
    assert answer.door_of({answer.SITE: site}.get, 8443) == answer.Door(8443, "ai.example")
    assert answer.door_of(lambda _path: None, 443).name == "127.0.0.1"
    assert answer.Door().where == "127.0.0.1:443"


def test_keys_of_the_node():
    keys = {"a": "A1\n", "default": "D1\n", "empty": "", "b": "two words", "c": "C", "d": "D", "e": "E"}
    files = {f"/s/gateway-key-{name}": value for name, value in keys.items()}
    names = [path.rsplit("/", 1)[1] for path in files] + ["engine-key"]
    assert answer.keys_of(names, files.get, "/s") == ["D1", "A1", "C", "D"]


def test_a_gateway_that_lets_nobody_in_is_not_waited_for_twice(gateway):
    found, page = answer.both(gateway.door, [KEY], "r1", has_page=True)
    assert found["ok"] is True and page["ok"] is True
    assert answer.both(gateway.door, [KEY], "r1", has_page=False)[1] is None
    asked = len(gateway.seen)
    found, page = answer.both(gateway.door._replace(certificate="/no"), [KEY], "r1", has_page=True)
    assert found["stage"] == page["stage"] == "certificate" and "model" not in page and len(gateway.seen) == asked
    gateway.answers["/v1/chat/completions"] = (503, {})
    assert answer.both(gateway.door, [KEY], "r1", has_page=True)[1]["ok"] is True


def test_a_handshake_that_hangs_ends_early(gateway, monkeypatch):
    monkeypatch.setattr(answer, "HANDSHAKE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        found = answer.ask(gateway.door._replace(port=deaf.getsockname()[1]), [KEY], "r1")
    assert found["stage"] == "tls" and found["seconds"] < 3
