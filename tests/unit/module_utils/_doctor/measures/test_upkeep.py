# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service stands on, read from real files and recorded commands."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import upkeep
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host

TLS = "/etc/yitiji/tls/"
END = "openssl x509 -noout -enddate -in /etc/yitiji/tls/live.crt"
FILES = {TLS + "live.crt": "x", TLS + "live.key": "x"}


@pytest.mark.parametrize(
    ("files", "commands", "wanted"),
    [
        ({}, {}, None),
        ({TLS + "live.crt": "x"}, {}, "no such file"),
        ({TLS + "live.key": "x"}, {}, "no such file"),
        (FILES, {END: {"rc": 1, "err": "no"}}, "it is no certificate"),
        (FILES, {END: "notAfter=Jan  2 03:04:05 2027 GMT\n"}, 100.0),
        (FILES, {END: "notAfter=garbage\n"}, ""),
        (FILES, {}, ""),
    ],
)
def test_certificate(files, commands, wanted):
    found = upkeep.certificate(Capture({"files": files, "commands": commands}), 1798859045.0 - 100.0)
    if found is not None:
        found = found["left"] if found["left"] is not None else found["problem"]
    assert found == wanted


def test_a_link_to_a_certificate_that_is_gone():
    host = Capture({"files": {TLS + "live.key": "x"}, "links": {TLS + "live.crt": "/no/such.crt"}})
    assert upkeep.certificate(host, 0.0)["problem"] == "no such file"


def test_packet_rules():
    units = {"yitiji-firewall.service": {"active": "active"}}
    node = {"containers": {"docker": {"running": True, "daemon_json": {"data": {}}}}}
    assert upkeep.packet_rules(Capture({}), node, units) is None
    commands = {"nft list tables": "", "nft list table inet yitiji": "", "iptables -w 5 -t nat -S DOCKER": "",
                "iptables -w 5 -t filter -S DOCKER": {"rc": 1}}  # fmt: skip
    unit = {"/etc/systemd/system/yitiji-firewall.service": "ExecStop=/usr/sbin/nft delete table inet yitiji\n"}
    found = upkeep.packet_rules(Capture({"commands": commands, "files": unit}), node, units)
    tables = {"yitiji-firewall.service": True}
    assert found == {"tables": tables, "docker": False, "missing": ["filter: DOCKER"]}
    node["containers"]["docker"]["daemon_json"]["data"] = {"iptables": False}
    assert upkeep.packet_rules(Capture({"commands": commands}), node, units)["docker"] is None


def test_a_published_port_to_which_no_rule_leads():
    row = "-A DOCKER ! -i br-1 -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.18.0.2:80"
    ports = [{"address": "0.0.0.0", "port": 8000}, {"address": "127.0.0.1", "port": 80}, {"address": "[::]", "port": 9}]
    docker = {"containers": [{"name": "web", "ports": ports}]}
    assert upkeep.closed(docker, {"nat": [row]}) == ["nat: DOCKER --dport 80 (web)"]
    assert upkeep.closed(docker, {"nat": []}) == []  # by nft


def test_addresses():
    units = {"yitiji-door.service": {"active": "active"}}
    stop = "ExecStop=-/usr/bin/env ip address del 169.254.213.1/32 dev lo\n"
    unit = {"/etc/systemd/system/yitiji-door.service": stop}
    asked = "ip -o address show dev lo"
    assert upkeep.addresses(Capture({"files": unit}), units) is None
    for said, there in (("1: lo inet 169.254.213.1/32 scope host lo\n", True), ("1: lo inet 127.0.0.1/8\n", False)):
        host = Capture({"files": unit, "commands": {asked: said}})
        assert upkeep.addresses(host, units) == {"yitiji-door.service": there}


def page_in(folder):
    """A node whose page has its data there, as its unit says."""
    return Capture({
        "files": {"/etc/systemd/system/yitiji-open-webui.service":
                  f"  --mount type=bind,source={folder},target=/app/backend/data \\\n"},
    })  # fmt: skip


def test_where_the_pages_data_are():
    assert upkeep.data_folder(page_in("/data/page")) == "/data/page"
    assert upkeep.data_folder(Capture({})) == "/var/lib/yitiji/open-webui"


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    with sqlite3.connect(tmp_path / "webui.db") as db:
        db.execute("CREATE TABLE chat (id INTEGER PRIMARY KEY, title TEXT)")
        db.execute("CREATE INDEX by_title ON chat (title)")
        db.executemany("INSERT INTO chat (title) VALUES (?)", [(f"{number:040d}",) for number in range(5000)])
    db.close()
    return tmp_path


def test_a_whole_database(folder):
    found = upkeep.database(Host(), str(folder))
    assert found == {"path": f"{folder}/webui.db", "problem": "", "whole": True}


@pytest.mark.parametrize("damage", ["truncated", "emptied", "garbage", "overwritten inside", "header"])
def test_a_damaged_database_is_named(folder, damage):
    path = folder / "webui.db"
    data = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(data[: len(data) // 3])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(os.urandom(len(data)))
    elif damage == "header":
        path.write_bytes(b"\0" * 100 + data[100:])
    else:
        middle = len(data) // 2
        path.write_bytes(data[:middle] + b"\xff" * 20000 + data[middle + 20000 :])
    assert upkeep.database(Host(), str(folder))["problem"]


def test_a_database_that_is_too_large_is_not_read_to_its_end(folder, monkeypatch):
    monkeypatch.setattr(upkeep, "DATABASE_SECONDS", -1.0)
    found = upkeep.database(Host(), str(folder))
    assert (found["problem"], found["whole"]) == ("", False)


def test_no_database_at_all():
    record = {"files": {upkeep.RECORD: '{"database": "sqlite"}'}}
    assert upkeep.database(Capture({}), "/data") is None
    assert upkeep.database(Capture(record), "/data")["problem"] == "no such file"
    record["files"][upkeep.RECORD] = '{"database": "postgresql"}'
    assert upkeep.database(Capture(record), "/data")["kind"] == "other"


def test_emptied_files(tmp_path, monkeypatch):
    (tmp_path / "full").write_text("x")
    (tmp_path / "empty").write_text("")
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(upkeep, "FILLED", (str(tmp_path),))
    monkeypatch.setattr(upkeep, "SINGLE", (str(tmp_path / "none"),))
    assert upkeep.emptied(Host()) == [str(tmp_path / "empty")]


def test_the_watch():
    state = {
        "written": 990.0,
        "events": [{"time": 900.0, "by": "watch", "target": "n", "did": "r", "count": 2, "ok": False}],
    }
    files = {upkeep.state.TIMER: "x", upkeep.state.STATE: json.dumps(state), "/proc/uptime": "9999.5 1.0"}
    found = upkeep.watch(Capture({"files": files}), 1000.0)
    assert found == {"installed": True, "fresh": True, "age": 10.0, "booting": False,
                     "repairs": {"n (watch: r)": 2}, "failed": 1}  # fmt: skip
    found = upkeep.watch(Capture({"files": {"/proc/uptime": "17.0 2.0"}}), 1000.0)
    assert (found["installed"], found["fresh"], found["age"], found["booting"]) == (False, False, None, True)
