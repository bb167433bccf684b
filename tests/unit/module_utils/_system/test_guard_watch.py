# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's table is kept true: what the node can't tell just now stays as it was, and a flushed table comes back."""

from __future__ import annotations

import socket
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import guard_watch as watch


class Kernel:
    """Stands in for nft and docker."""

    def __init__(self, monkeypatch):
        self.table, self.loads, self.network = "", 0, "\n"
        monkeypatch.setattr(watch, "run", self.run)

    def run(self, words, timeout=60, stdin=None):
        done = lambda code, out="": subprocess.CompletedProcess(words, code, out, "")  # noqa: E731 - one answer
        if words[0] == "docker":
            return done(0 if self.network.strip() else 1, self.network)
        if words[:2] == ["nft", "-f"]:
            self.table, self.loads = stdin, self.loads + 1
            return done(0)
        if "delete" in words:
            self.table = ""
        return done(0 if self.table else 1, self.table)


@pytest.fixture
def kernel(monkeypatch):
    return Kernel(monkeypatch)


@pytest.fixture
def keeper(kernel, tmp_path):
    (tmp_path / "guard.d").mkdir()
    (tmp_path / "guard.d/engine.json").write_text('{"doors": [{"ports": [8000], "users": ["root"]}]}')
    return watch.Keeper(str(tmp_path / "guard.d"), str(tmp_path / "state"))


def test_a_table_that_is_true_is_not_loaded_again(keeper, kernel):
    assert not keeper.look() and keeper.look() and keeper.look()
    assert kernel.loads == 1


def test_a_flushed_table_comes_back(keeper, kernel):
    keeper.look()
    kernel.table = ""
    assert not keeper.look() and "8000" in kernel.table


def test_a_table_that_somebody_changed_comes_back(keeper, kernel):
    keeper.look()
    kernel.table = kernel.table.replace("reject", "accept")
    assert not keeper.look() and "accept meta" not in kernel.table and kernel.loads == 2


def test_what_a_role_writes_is_loaded(keeper, kernel, tmp_path):
    keeper.look()
    (tmp_path / "guard.d/page.json").write_text('{"doors": [{"ports": [8080], "users": []}]}')
    assert not keeper.look() and "8080" in kernel.table


def test_a_script_that_nft_refuses_is_told(keeper, monkeypatch):
    refuse = lambda words, *_args, **_more: subprocess.CompletedProcess(words, 1, "", "Error: syntax")  # noqa: E731 - one answer
    monkeypatch.setattr(watch, "run", refuse)
    with pytest.raises(OSError, match="syntax"):
        keeper.look()


def test_the_bridge_of_an_older_network_counts_too(kernel, tmp_path):
    node = watch.Node(str(tmp_path))
    assert node.bridges("yitiji") == ["br-yitiji"]
    kernel.network = "ce6776ffdced0123 <no value>\n"
    assert node.bridges("yitiji") == ["br-ce6776ffdced", "br-yitiji"]
    kernel.network = ""  # Docker is down
    assert watch.Node(str(tmp_path)).bridges("yitiji") == ["br-ce6776ffdced", "br-yitiji"]
    kernel.network = "0123456789abcdef br-own\n"
    assert node.bridges("yitiji") == ["br-own", "br-yitiji"]


def test_a_name_that_does_not_resolve_keeps_its_addresses(kernel, tmp_path, monkeypatch):
    node = watch.Node(str(tmp_path))
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 0))]
    monkeypatch.setattr(watch.socket, "getaddrinfo", lambda *_args, **_more: rows)
    assert node.addresses("sso.example.org") == ["10.0.0.5"]

    def fails(*_args, **_more):
        raise socket.gaierror

    monkeypatch.setattr(watch.socket, "getaddrinfo", fails)
    assert node.addresses("sso.example.org") == ["10.0.0.5"] and node.addresses("other.example.org") == []


def test_users_are_numbers_and_one_who_is_not_there_is_none(tmp_path, monkeypatch):
    assert watch.uids("root") == [0] and watch.uids("10001") == [10001] and watch.uids("nobody-of-this-name") == []
    config = tmp_path / "nginx.conf"
    config.write_text("worker_processes auto;\nuser root;\n")
    monkeypatch.setattr(watch, "NGINX_CONFIG", str(config))
    assert watch.uids("@nginx") == [0]


def test_a_resolver_of_the_node_itself_is_not_the_containers(tmp_path, monkeypatch):
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\n")
    real.write_text("nameserver 10.0.0.2\nnameserver fd00::2\n")
    monkeypatch.setattr(watch, "RESOLVERS", (str(stub), str(real)))
    assert watch.nameservers() == ["10.0.0.2", "fd00::2"]
    monkeypatch.setattr(watch, "RESOLVERS", (str(stub),))
    assert watch.nameservers() == []


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("postgresql://u:p@db.example.org/x\n", "db.example.org:5432"),
        ("postgresql://u:p@[fd00::3]:5433/x", "[fd00::3]:5433"),
        ("postgresql:///x", ""),
        ("http://a:b/", ""),
        ("ldaps://d/x", "d:636"),
        ("ldap://d", "d:389"),
        ("redis://d", "d:6379"),
        ("https://d", "d:443"),
        ("http://d", "d:80"),
        ("other://d", "d:443"),
        ("", ""),
    ],
)
def test_the_place_in_a_secret(tmp_path, address, found):
    (tmp_path / "secret").write_text(address)
    assert watch.place(str(tmp_path / "secret")) == found


def test_the_command(keeper, kernel, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(watch, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(watch, "Keeper", lambda: keeper)
    assert watch.main([], ["check"]) == 1
    assert watch.main([], ["load"]) == 0 and kernel.loads == 1
    assert watch.main([], ["check"]) == 0
    assert watch.main([], ["show"]) == 0 and "table inet yitiji_guard" in capsys.readouterr().out
    assert watch.main([], ["remove"]) == 0 and kernel.table == ""


def test_a_look_that_fails_is_told_and_not_the_last(keeper, monkeypatch, capsys):
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 2:
            raise OSError("no nft")
        if len(looks) == 4:
            raise KeyboardInterrupt
        return len(looks) == 1

    monkeypatch.setattr(keeper, "look", look)
    monkeypatch.setattr(watch, "Keeper", lambda: keeper)
    monkeypatch.setattr(watch.time, "sleep", lambda _seconds: None)
    with pytest.raises(KeyboardInterrupt):
        watch.main([], ["watch"])
    told = capsys.readouterr()
    assert "no nft" in told.err and "loaded again" in told.out


def test_what_was_loaded_is_noted_for_root_alone(keeper, tmp_path):
    keeper.look()
    assert (tmp_path / "state/loaded").stat().st_mode & 0o777 == 0o600
