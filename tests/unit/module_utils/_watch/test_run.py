# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: a look, its repairs, and what it leaves behind."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state as state
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import run as core

from tests.unit.module_utils._watch.nodes import CONFIG, NGINX, SETTINGS, doors, seen, units

LOOK = {"written": 1.0, "down": [], "starting": False}


def one_look(before=None, **changed):
    def carry_out(repair, _rules, _containers):
        return {"did": " ".join(repair.words), "ok": True, "said": ""}

    return core.one_look(
        SETTINGS,
        before or {},
        lambda _settings, _run: seen(**changed),
        lambda _words, _seconds: (0, ":A - [1:2]\n"),
        carry_out,
    )


def test_a_healthy_look():
    found = one_look()
    assert found["down"] == [] and found["events"] == [] and found["answer"]["ok"] is True
    assert found["memory"]["rules"] == {
        "for": ["c1", "c2"],
        "tables": {"nat": [":A - [0:0]"], "filter": [":A - [0:0]"]},
    }
    assert json.loads(json.dumps(found)) == found


def test_what_was_repaired_is_told(capsys):
    broken = units(nginx={"active": "failed", "result": "signal"})
    first = one_look(units=broken)
    assert first["events"][0]["did"] == f"restart {NGINX}" and first["events"][0]["by"] == "watch"
    assert first["down"][0]["what"]["en"] == "nginx.service: failed"
    assert "nginx.service has failed (signal): restart nginx.service (done)" in capsys.readouterr().out
    second = one_look(before=first, units=units(nginx={"restarts": 2}))
    assert state.total(second, second["written"]) == [1.0, 2.0, 0.0]
    assert one_look(before=second, units=units(nginx={"restarts": 2}))["events"] == second["events"]


def test_restarts_of_before_the_first_look_are_not_told():
    assert one_look(units=units(nginx={"restarts": 5}))["events"] == []


def test_old_events_go():
    old = {"time": 5.0, "by": "watch", "target": "x", "did": "y", "count": 1, "ok": True}
    assert one_look(before={"events": [old]})["events"] == []


def test_a_configuration_that_was_cut_short_later_takes_nothing_from_the_watch(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(core, "one_look", lambda settings, _before: {**LOOK, "settings": settings.as_dict()})
    config, place = tmp_path / "doctor.json", tmp_path / "run" / "state.json"
    words = ["--config", str(config), "--state", str(place)]
    assert core.main([], words) == 1 and "run site.yml" in capsys.readouterr().out
    config.write_text(json.dumps(CONFIG))
    assert core.main([], words) == 0
    assert place.stat().st_mode & 0o777 == 0o644
    config.write_text('{"plan": {"sch')
    assert core.main([], words) == 0
    assert json.loads(place.read_text())["settings"]["services"][0]["unit"] == "yitiji-vllm.service"
    place.write_text("[")
    assert core.main([], words) == 1


def test_a_change_is_marked_for_those_who_wait(tmp_path, monkeypatch):
    config, place = tmp_path / "doctor.json", tmp_path / "state.json"
    config.write_text(json.dumps(CONFIG))
    look = dict(LOOK)
    monkeypatch.setattr(core, "one_look", lambda settings, _before: {**look, "settings": settings.as_dict()})
    marks = []
    for down in ([], [], [{"what": {}}], [{"what": {}}], []):
        look.update(down=down, written=look["written"] + 1)
        core.main([], ["--config", str(config), "--state", str(place)])
        marks.append((tmp_path / "state.json.changed").read_text())
    assert [mark.strip() for mark in marks] == ["2.0", "2.0", "4.0", "4.0", "6.0"]


def test_a_service_that_loads_is_starting_and_not_down():
    hangs = {"port": "open", "health": False, "reason": "HTTP 503"}
    fresh = units(engine={"since": 1900.0, "invocation": "run-2"})
    assert one_look(units=fresh, doors=doors(engine=hangs))["starting"] is True
    late = units(engine={"since": 100.0, "invocation": "run-2"})
    assert one_look(units=late, doors=doors(engine=hangs))["starting"] is False
    assert one_look(units=fresh)["starting"] is False
    assert one_look(units=units(engine={"active": "failed"}))["starting"] is False


def test_rules_of_docker_that_were_flushed_in_part_are_seen():
    before = one_look()
    before["memory"]["rules"]["tables"]["nat"].append("-A DOCKER -i docker0 -j RETURN")
    after = one_look(before=before)
    assert after["events"][0]["did"] == "docker rules" and after["memory"]["rules"] == before["memory"]["rules"]
    going = units(engine={"active": "deactivating"})  # Docker takes its rules away itself
    assert [e["did"] for e in one_look(before=before, units=going)["events"]] == []
    before["memory"]["rules"]["for"] = ["of others"]
    assert one_look(before=before)["events"] == []


def test_the_memory_of_another_release_is_begun_anew():
    before = one_look()
    before.update(version=1, memory={"pauses": {"failed nginx.service": ["?"]}, "bad": 7})
    broken = units(nginx={"active": "failed", "result": "signal"})
    assert one_look(before=before, units=broken)["events"][0]["number"] == 1
