# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: answers, exit codes, and files that only their owner reads."""

from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import cli as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import store


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("YITIJI_LANGUAGE", "en")
    monkeypatch.setattr(store, "lock", lambda _path, _flag: True)
    (tmp_path / "log").mkdir()
    config = {"folder": str(tmp_path / "log"), "days": 180, "segment_mb": 1, "reserve_mb": 1, "language": "en",
              "quotas": [{"team": "research", "requests": 9}]}  # fmt: skip
    (tmp_path / "audit.json").write_text(json.dumps(config))
    now = time.time()
    kept = store.Store(config, str(tmp_path / "key"))
    kept.append(
        [{"time": store.stamp(now), "kind": "api", "team": "research", "model": "r1", "status": 200, "seconds": 1}], now
    )
    kept.seal(now)

    def run(*words):
        code = core.main(None, ["--config", str(tmp_path / "audit.json"), *words])
        return code, capsys.readouterr()

    run.path = tmp_path
    return run


def test_it_finds_and_writes_tables(call):
    code, said = call("find", "--user", "research")
    assert code == 0 and json.loads(said.out)["model"] == "r1"
    assert call("find", "--model", "other")[1].out == ""
    assert call("find", "--csv", str(call.path / "t.csv"))[0] == 0
    assert (call.path / "t.csv").read_text("utf-8-sig").count("research") == 1
    assert os.stat(call.path / "t.csv").st_mode & 0o777 == 0o600
    assert '"team research"' in call("report")[1].out
    assert call("report", "--csv", str(call.path / "u.csv"), "--html", str(call.path / "u.html"))[0] == 0
    assert "<td>team research" in (call.path / "u.html").read_text("utf-8-sig")
    assert " 1/9 " in call("today")[1].out


def test_it_verifies(call):
    code, said = call("verify", "--key", str(call.path / "verify-key"))
    assert code == 0 and said.out.startswith("3 records from 1, 1 seals; head 3:")
    head = said.out.split()[-1]
    assert call("verify", "--head", head)[0] == 0
    code, said = call("verify", "--head", "3:" + "0" * 64)
    assert code == 1 and "is not there" in said.out
    path = call.path / "log/audit-000000000001.jsonl"
    path.write_text(path.read_text().replace("r1", "r2"))
    code, said = call("verify")
    assert code == 1 and "audit-000000000001.jsonl:2: record 2 was changed" in said.out


def test_what_cannot_be_read_is_a_refusal(call, monkeypatch):
    (call.path / "audit.json").unlink()
    code, said = call("find")
    assert code == 2 and "[LLM884]" in said.err
    with pytest.raises(SystemExit):
        call("find", "--since", "yesterday")


def test_a_reader_that_leaves_is_no_error(call, monkeypatch):
    def gone(*_words):
        raise BrokenPipeError

    monkeypatch.setitem(core.COMMANDS, "today", gone)
    monkeypatch.setattr(core.os, "dup2", lambda *_words: None)
    assert call("today")[0] == 0


def test_the_unit_runs_the_collector(call, monkeypatch):
    ran: list = []
    monkeypatch.setattr(core.collect, "run", ran.append)
    assert call("collect")[0] == 0 and ran[0]["language"] == "en"
