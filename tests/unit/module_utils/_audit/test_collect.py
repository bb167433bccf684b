# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector: everything once, whatever ends in between; what it says of a full disk, quotas and its own seals."""

from __future__ import annotations

import errno
import json
import os
import signal
from types import SimpleNamespace

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain, store
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import collect as core

from tests.unit.module_utils._audit.test_lines import LINE

NOW = 1_764_500_000.5


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "lock", lambda _path, _flag: True)
    for name in ("log", "spool"):
        (tmp_path / name).mkdir()
    (tmp_path / "nginx.pid").write_text("77\n")
    config = {"folder": str(tmp_path / "log"), "spool": str(tmp_path / "spool"),
              "nginx_pid": str(tmp_path / "nginx.pid"),
              "days": 180, "segment_mb": 1, "share_mb": 64, "reserve_mb": 1,
              "quotas": [{"team": "research", "requests": 3}]}  # fmt: skip
    killed: list = []
    monkeypatch.setattr(core.os, "kill", lambda pid, number: killed.append((pid, number)))
    monkeypatch.setattr(core, "LOW", 0)

    def add(count: int, name: str = "spool.log", **more) -> None:
        with (tmp_path / "spool" / name).open("a") as stream:
            stream.write((json.dumps({**LINE, **more}) + "\n") * count)

    def collector(now: float = NOW, **more):
        return core.Collector({**config, **more}, now, str(tmp_path / "state.json"))

    def kinds() -> list:
        return [json.loads(text)["kind"] for _where, text in store.lines(store.segments(config["folder"]))]

    def state() -> dict:
        return json.loads((tmp_path / "state.json").read_text())

    return SimpleNamespace(add=add, collector=collector, kinds=kinds, state=state, killed=killed, path=tmp_path)


def test_each_line_is_recorded_once_also_after_an_end(world):
    one = world.collector()
    assert one.look(NOW) == 0
    world.add(2)
    assert one.look(NOW) == 2 and one.look(NOW) == 0
    world.add(1)
    again = world.collector()
    assert again.look(NOW) == 1 and world.kinds() == ["begin", "api", "api", "api"]
    assert set(world.state()["over"]) == {"team research"}, "counted again from the records"
    assert world.collector(NOW + 86400).use.rows == {}


def test_a_large_file_is_turned_and_both_are_read(world, monkeypatch):
    monkeypatch.setattr(core, "SPOOL_BYTES", 100)
    one = world.collector()
    world.add(1)
    one.look(NOW)
    assert world.killed == [(77, signal.SIGUSR1)] and not (world.path / "spool/spool.log").exists()
    world.add(1, "spool.1")  # an old worker
    world.add(1)
    assert one.look(NOW) == 2 and len(world.killed) == 1, "not while the other one is not over"
    quiet = os.stat(world.path / "spool/spool.1").st_mtime + core.QUIET + 1
    one.look(quiet)
    assert (world.path / "spool/spool.1").stat().st_size == 0 and (world.path / "spool/spool.2").exists()
    one.look(quiet)
    assert not (world.path / "spool/spool.1").exists()
    world.add(1)
    again = world.collector()
    assert again.look(NOW) == 1 and world.kinds().count("api") == 4


def test_a_file_that_was_cut_is_told(world):
    one = world.collector()
    world.add(3)
    one.look(NOW)
    (world.path / "spool/spool.log").write_text("")
    world.add(1)
    assert one.look(NOW) == 1 and world.kinds()[-2:] == ["cut", "api"]


def test_one_long_line_is_read_whole(world, monkeypatch):
    monkeypatch.setattr(core, "MOST_BYTES", 50)
    world.add(1, question="x" * 500)
    (world.path / "spool/spool.log").open("a").write("x" * 200)
    assert world.collector().look(NOW) == 1


def test_a_full_disk_is_told_and_over_again(world, monkeypatch, capsys):
    one = world.collector()
    one.look(NOW)
    assert os.path.exists(one.store.reserve)
    monkeypatch.setattr(core, "free", lambda _folder: -1)
    one.look(NOW)
    one.look(NOW)
    assert "LLM882" in world.state()["stop"]["en"] and not os.path.exists(one.store.reserve)
    assert capsys.readouterr().err.count("<2>[LLM882]") == 1
    monkeypatch.undo()
    monkeypatch.setattr(store, "lock", lambda _path, _flag: True)
    monkeypatch.setattr(core, "LOW", 0)
    one.look(NOW)
    assert "stop" not in world.state() and world.kinds() == ["begin", "full", "room"]


def test_an_error_of_a_full_disk_is_no_end_and_another_is(world, monkeypatch):
    one = world.collector()
    world.add(1)
    for number, ends in ((errno.ENOSPC, False), (errno.EIO, True)):

        def fail(*_words, number=number):
            raise OSError(number, "no")

        monkeypatch.setattr(one.store, "append", fail)
        if ends:
            with pytest.raises(OSError, match="no"):
                one.look(NOW)
        else:
            one.look(NOW)
            assert one.full


def test_records_beyond_their_share_are_told(world, capsys):
    one = world.collector(share_mb=0)
    world.add(1)
    one.look(NOW)
    one.look(NOW + core.KEEP_EVERY)
    assert "stop" in world.state() and capsys.readouterr().err.count("<2>[LLM883]") == 1 and "share" in world.kinds()


def test_seals_come_by_themselves(world, capsys):
    one = world.collector()
    world.add(1)
    one.look(NOW)
    one.look(NOW + core.SEAL_EVERY)
    one.look(NOW + core.SEAL_EVERY * 2)
    assert world.kinds() == ["begin", "api", "seal"] and "<5>head 3 " in capsys.readouterr().err
    key = (world.path / "verify-key").read_text().strip()
    assert chain.check(store.lines(store.segments(one.store.folder)), key).problems == []


def test_syslog_gets_records_without_content(world, monkeypatch):
    sent: list = []
    monkeypatch.setattr(core.syslog, "syslog", lambda _level, text: sent.append(json.loads(text)))
    one = world.collector(syslog=True)
    world.add(1, question="secret", answer="secret")
    one.look(NOW)
    assert len(sent) == 1 and "secret" not in str(sent) and sent[0]["hash"] == one.store.place.digest


def test_it_runs_until_it_is_told_to_end(world, monkeypatch):
    handlers: dict = {}
    monkeypatch.setattr(core.signal, "signal", lambda number, what: handlers.update({number: what}))
    monkeypatch.setattr(core.syslog, "openlog", lambda *_words: None)
    monkeypatch.setattr(core.syslog, "syslog", lambda *_words: None)
    monkeypatch.setattr(core.os, "umask", lambda _mask: 0)
    monkeypatch.setattr(core.time, "sleep", lambda _seconds: handlers[signal.SIGTERM](15, None))
    monkeypatch.setattr(core.Collector.__init__, "__defaults__", (str(world.path / "state.json"),))
    world.add(1)
    core.run(world.collector(syslog=True).config)
    assert world.kinds() == ["begin", "api", "seal"]
