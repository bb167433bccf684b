# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one look reads, from commands and from real sockets on loopback."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Standing
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import look as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import Served, Settings, Weights

ROOT = Path(__file__).resolve().parents[4]
SHOWN = "\n".join(
    f"Id={name}.service\nLoadState=loaded\nActiveState=active\n" for name in ("yitiji-firewall", "docker")
)
INSPECT = [{
    "Name": "/yitiji-vllm", "Id": "c1", "HostConfig": {"NetworkMode": "yitiji", "PortBindings": {"8000/tcp": []}},
    "NetworkSettings": {"Networks": {"yitiji": {}}},
}]  # fmt: skip


@pytest.fixture(name="service")
def fixture_service():
    """A small HTTP server; `answer` is its status, None for silence."""

    class Handler(http.server.BaseHTTPRequestHandler):
        answer = 200
        wait = threading.Event()

        def do_GET(self):
            if self.answer is None:
                self.wait.wait(5)
                return
            self.send_response(self.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    port = server.server_address[1]
    yield Handler, Served("u.service", "c", port, f"http://127.0.0.1:{port}/health", 60)
    Handler.wait.set()
    server.shutdown()
    server.server_close()


def test_a_door_that_is_well(service):
    assert core.door(service[1]) == {"port": "open", "health": True, "reason": "HTTP 200"}


def test_a_door_that_says_no(service):
    service[0].answer = 503
    assert core.door(service[1]) == {"port": "open", "health": False, "reason": "HTTP 503"}


def test_a_door_that_hangs(service, monkeypatch):
    service[0].answer = None
    monkeypatch.setattr(core, "HEALTH_SECONDS", 0.2)
    found = core.door(service[1])
    assert (found["port"], found["health"]) == ("open", False) and "timed out" in found["reason"]


def test_a_door_that_is_closed(service):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = core.door(service[1]._replace(port=free.getsockname()[1]))
    assert found["port"] == "refused" and found["health"] is False


class Node:
    """Answers commands by their first words."""

    def __init__(self, **answers):
        self.answers = answers

    def __call__(self, words, _seconds):
        return self.answers.get("_".join(words[:2]).replace("-", "_"), (1, ""))


def test_containers():
    node = Node(docker_ps=(0, "yitiji-vllm c1\nother c9\n"), docker_inspect=(0, json.dumps(INSPECT)))
    assert core.containers(["yitiji-vllm", "yitiji-open-webui"], node) == {
        "yitiji-vllm": {"id": "c1", "mode": "yitiji", "networks": ["yitiji"], "published": True}
    }
    assert core.containers(["yitiji-vllm"], Node(docker_ps=(0, ""))) == {}
    assert core.containers(["yitiji-vllm"], Node(docker_ps=(124, ""))) is None
    assert core.containers(["yitiji-vllm"], Node(docker_ps=(0, "yitiji-vllm c1"), docker_inspect=(0, "{"))) == {}
    assert core.containers([], Node()) == {}


FIREWALL = "/etc/systemd/system/yitiji-firewall.service"
LOADED = {FIREWALL: "[Service]\nExecStop=/usr/sbin/nft delete table inet yitiji\n"}.get


def test_tables_of_units_that_are_active_alone():
    found = core.units(Node(systemctl_show=(0, SHOWN)))
    assert core.tables(found, Node(nft_list=(0, "")), LOADED) == {"yitiji-firewall.service": True}
    assert core.tables(found, Node(), LOADED) == {"yitiji-firewall.service": False}
    assert core.tables({}, Node(), LOADED) == {}
    assert core.tables(found, Node(), lambda _path: None) == {}
    found["yitiji-firewall.service"]["active"] = "inactive"
    assert core.tables(found, Node(), LOADED) == {}
    assert core.units(Node()) == {}


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/templates/*.service.j2")), ids=lambda path: path.name)
def test_every_unit_that_loads_a_table_says_which(path):
    text = path.read_text()
    if "nft" in text and "ExecStart" in text and "guard" not in path.name:  # that one watches its table itself
        assert core.LOADS.search(text)


RULES = """table inet yitiji {
    chain services {
        # admin
        ip saddr { 10.0.0.0/8 } tcp dport { 22 } accept
    }
    chain entry {
        type filter hook prerouting priority -150; policy accept;
        jump services
        counter drop
    }
    chain empty_here {
        type filter hook input priority 0; policy accept;
    }
}
"""
LISTED = RULES.replace("        # admin\n", "").replace("counter drop", "counter packets 2 bytes 112 drop")


@pytest.mark.parametrize(
    ("listed", "there"),
    [
        (LISTED, True),
        (LISTED.replace("        jump services\n", "        ip saddr 10.0.0.9 accept\n        jump services\n"), True),
        ("table inet yitiji {\n}\n", False),
        (LISTED.replace("        jump services\n", ""), False),
        (LISTED.replace("        jump services\n        counter packets 2 bytes 112 drop\n", ""), False),
        (LISTED.replace("        ip saddr { 10.0.0.0/8 } tcp dport { 22 } accept\n", ""), False),
    ],
    ids=[
        "whole",
        "a rule of somebody's own",
        "table flushed",
        "one rule deleted",
        "chain flushed",
        "its own chain flushed",
    ],
)
def test_a_table_that_lost_rules_is_not_there(listed, there):
    unit = LOADED(FIREWALL) + "ExecStart=/usr/sbin/nft -f /etc/yitiji/firewall.nft\n"
    read = {FIREWALL: unit, "/etc/yitiji/firewall.nft": "delete table inet yitiji\n" + RULES}.get
    found = core.units(Node(systemctl_show=(0, SHOWN)))
    assert core.tables(found, Node(nft_list=(0, listed)), read) == {"yitiji-firewall.service": there}


DOOR = (ROOT / "roles/gateway/templates/door.service.j2").read_text()
DOOR = DOOR.replace("{{ gateway_balancer_host }}", "169.254.213.1")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ((0, "1: lo    inet 127.0.0.1/8 scope host lo\n1: lo    inet 169.254.213.1/32 scope host lo\n"), True),
        ((0, "1: lo    inet 127.0.0.1/8 scope host lo\n1: lo    inet 169.254.213.11/32 scope host lo\n"), False),
        ((0, ""), False),
        ((1, "Device does not exist."), False),
        ((127, ""), None),
    ],
)
def test_an_address_that_a_unit_gives_the_node(said, wanted):
    found = core.units(Node(systemctl_show=(0, SHOWN)))
    told = core.addresses(found, Node(ip__o=said), {FIREWALL: DOOR}.get)
    assert told == ({} if wanted is None else {"yitiji-firewall.service": wanted})
    found["yitiji-firewall.service"]["active"] = "inactive"
    assert core.addresses(found, Node(ip__o=said), {FIREWALL: DOOR}.get) == {}


def test_where_the_users_data_are():
    mount = "  --mount type=bind,source=/data/page,target=/app/backend/data \\\n"
    assert core.people({f"{core.watched.FOLDER}/yitiji-open-webui.service": mount}.get) == "/data/page"
    assert core.people(lambda _path: None) == ""
    assert core.least([None, 5, 3]) == 3 and core.least([None]) is None


def test_a_whole_look(service, monkeypatch):
    monkeypatch.setattr(core.answer, "SITE", __file__)
    asked = []
    well = {"ok": True, "stage": ""}
    monkeypatch.setattr(core.answer, "ask", lambda door, _keys, model: asked.append((door.port, model)) or well)
    monkeypatch.setattr(core.answer, "page", lambda _door: {"ok": True})
    page = service[1]._replace(unit="yitiji-firewall.service", container="yitiji-open-webui")
    weights = [Weights("/no/such", "a/b")]
    found = core.look(Settings(True, 8443, "r1", [page], weights), Node(systemctl_show=(0, SHOWN), docker_ps=(0, "")))
    assert asked == [(8443, "r1")] and found["page"] == {"ok": True} and found["doors"][page.unit]["health"] is True
    assert found["docker rules"] is False and found["containers"] == {}
    assert found["weights"]["a/b"]
    head = core.look(Settings(False, 443, "r1", [], []), Node(systemctl_show=(0, "")))
    assert (head["answer"], head["docker rules"], head["doors"]) == (None, None, {})


def test_files_and_folders_that_are_not_there():
    assert core.names_in("/no/such") == [] and core.read_file("/no/such") is None


def test_room_on_the_disk(tmp_path):
    assert core.free(str(tmp_path)) > 0 and core.free("/no/such/folder") is None


def test_a_file_server_that_is_gone_does_not_stop_the_watch(monkeypatch):
    gone = threading.Event()
    monkeypatch.setattr(core, "check_stamp", lambda _path, _model: gone.wait(5) and Standing(None, (), ""))
    assert core.unverified(Weights("/mnt/models", "a/b"), seconds=0.1) == "/mnt/models does not answer"
    gone.set()
