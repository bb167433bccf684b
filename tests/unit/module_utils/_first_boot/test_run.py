# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a run become its status."""

from __future__ import annotations

import io
import json
import pathlib

from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import run as boot
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import stick

from tests.unit.module_utils._first_boot.samples import KEY


def test_events_become_a_status(monkeypatch):
    told = []
    teller = type("T", (), {"tell": lambda self, status, now=False: told.append(dict(status))})()
    lines = [{"event": "task", "name": "docker : Start"}, {"event": "failed", "host": "h", "text": "[LLM101] full"},
             {"event": "stats", "changed": 3, "failed": 1}]  # fmt: skip
    status = {}
    boot.follow(io.StringIO("".join(json.dumps(x) + "\n" for x in lines) + "h: 1.2 of 3 GB\n"), status, teller)
    assert status["task"] == "Start" and status["error"] == "[LLM101] full" and status["detail"] == "h: 1.2 of 3 GB"
    assert len(told) == 4


def test_an_error_stays_until_a_stick_mends_it(tmp_path, monkeypatch):
    for name in ("SETTINGS", "STATE", "COMPLETED"):
        monkeypatch.setattr(boot, name, str(tmp_path / name))
    taken = []
    monkeypatch.setattr(boot.who, "take", taken.append)
    boot.identity(lambda: stick.Stick({}, error="[LLM956] bad"))
    boot.identity(lambda: None)
    assert boot.load(boot.SETTINGS) == {"error": "[LLM956] bad"}
    boot.identity(lambda: stick.Stick({"hostname": "a"}))
    boot.identity(lambda: None)
    assert boot.load(boot.SETTINGS) == {"hostname": "a"} == taken[-1]


def test_a_machine_that_stands_is_set_up_no_more(tmp_path, monkeypatch):
    """Also one whose record is from before there was the mark."""
    for name in ("SETTINGS", "STATE", "COMPLETED"):
        monkeypatch.setattr(boot, name, str(tmp_path / name))
    monkeypatch.setattr(boot.who, "take", lambda settings: None)
    for path, text in ((boot.STATE, '{"stage": "done"}'), (boot.COMPLETED, "")):
        pathlib.Path(path).write_text(text, encoding="utf-8")
        boot.identity(lambda: stick.Stick({"ssh_key": KEY}))
        assert "ssh_key" not in boot.load(boot.SETTINGS) and "LLM963" in boot.load(boot.SETTINGS)["notice"]
        pathlib.Path(path).unlink()


def test_the_page_follows_what_the_watch_sees(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(boot.Teller, "tell", lambda _self, status, now=False: told.append(status))
    monkeypatch.setattr(boot, "address", lambda: "10.0.0.5")
    for name in ("SETTINGS", "STATE"):
        monkeypatch.setattr(boot, name, str(tmp_path / name))
    for name in ("STATE", "TIMER"):
        monkeypatch.setattr(boot.watch_state, name, str(tmp_path / f"watch-{name}"))
    boot.keep(boot.STATE, {"stage": "running"})
    assert boot.main(["show"]) == 0 and told == []  # a run says itself how far it is
    boot.keep(boot.STATE, {"stage": "done"})
    boot.main(["show"])
    assert told[-1]["stage"] == "done"  # nobody looks on this machine
    (tmp_path / "watch-TIMER").write_text("")
    boot.main(["show"])
    assert told[-1]["stage"] == "starting"
    down = [{"what": {"en": "x", "zh": "x"}, "fix": {"en": "y", "zh": "y"}}]
    (tmp_path / "watch-STATE").write_text(json.dumps({"written": boot.time.time(), "down": down}))
    boot.main(["show"])
    assert told[-1]["stage"] == "down" and told[-1]["down"] == down and told[-1]["address"] == "10.0.0.5"
