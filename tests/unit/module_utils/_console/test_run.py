# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass of the collector: what it writes, when, and that what hangs or is missing stops nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._console import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import programs, zipapp

CORES = Path(zipapp.__file__).resolve().parents[1]


@pytest.fixture
def node(tmp_path, monkeypatch):
    """An empty node: none of the files that are read is there."""
    for name in ("CONFIG", "SECRETS", "API_LOG"):
        monkeypatch.setattr(run, name, str(tmp_path / "none"))
    monkeypatch.setattr(run.watched, "FOLDER", str(tmp_path / "none"))
    monkeypatch.setattr(run.watch_state, "STATE", str(tmp_path / "none"))
    monkeypatch.setattr(run.figures, "BACKUP", str(tmp_path / "none"))
    monkeypatch.setattr(run.figures, "certificate_end", lambda _path: None)
    return tmp_path / "console"


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}


def test_an_empty_node_is_shown_as_one(node):
    console = run.Console(str(node), None, lambda *_words, **_more: "")
    console.look(1e9)
    console.asked.join(5)
    assert written(node) == {
        f"data/{name}" for name in ("state.json", "log.json", "use.json", "use.csv", "reports.json")
    }
    state = json.loads((node / "data/state.json").read_text())
    assert state["at"] == 1e9 and state["wrong"] == [] and state["figures"] == {} and state["watched"] is False


def test_each_part_has_its_pace(node):
    asked = []

    def ask(path, values):
        asked.append(values.get("step", path))

    console = run.Console(str(node), ask, lambda *_words, **_more: "")
    for second in (0, 10, 20, 30):
        console.look(1e9 + second)
    console.asked.join(5)
    hours, days = len(run.queries.SERIES["engine"]) + len(run.queries.SERIES["nodes"]), 1
    assert asked.count(30) == 2 * hours and asked.count(600) == days * hours
    assert asked.count("alerts") == 4 and asked.count("query") == 4 * len(run.queries.NOW)
    assert asked.count(86400) == 1


def test_a_doctor_that_hangs_does_not_stop_the_state(node):
    go, calls = threading.Event(), []

    def output(*words, **_more):
        if words[0] == "systemd-run":
            calls.append(words)
            go.wait(20)
            Path(words[-1]).write_text("<p>page", "utf-8")
            return json.dumps({"time": "now", "results": []})
        return ""

    console = run.Console(str(node), None, output)
    console.look(1e9)
    console.look(1e9 + 700)  # due again, and still under way
    assert len(calls) == 1 and json.loads((node / "data/state.json").read_text())["doctor"] is None
    go.set()
    console.asked.join(10)
    console.look(1e9 + 710)
    console.asked.join(10)
    assert json.loads((node / "data/state.json").read_text())["doctor"] == "now"
    assert (node / "reports/doctor.html").read_text() == "<p>page" and not (node / ".doctor.html").exists()
    assert [name for name, _time in json.loads((node / "data/reports.json").read_text())] == [
        "doctor.html",
        "doctor.json",
    ]
    console.asked.join(10)


def test_a_report_that_cannot_be_read_leaves_the_last_one(node):
    console = run.Console(str(node), None, lambda *_words, **_more: "Traceback")
    console.report = {"time": "before", "results": []}
    console.doctor()
    assert console.report["time"] == "before"


def test_a_plan_of_another_release_is_none(node, tmp_path, monkeypatch):
    (tmp_path / "doctor.json").write_text(json.dumps({"host": "a", "plan": {"schema": 1}}))
    monkeypatch.setattr(run, "CONFIG", str(tmp_path / "doctor.json"))
    run.Console(str(node), None, lambda *_words, **_more: "").look(1e9)
    state = json.loads((node / "data/state.json").read_text())
    assert (state["host"], state["models"], state["versions"]) == ("a", [], [])


def test_a_folder_that_cannot_be_written_is_said(node, capsys, monkeypatch):
    (node.parent / "file").write_text("")
    assert run.main(argv=["--folder", str(node.parent / "file")]) == 1
    assert "yitiji-console: " in capsys.readouterr().err


def test_it_is_a_program_of_its_own(tmp_path):
    """As it lies on the node: packed with all that it imports."""
    place = tmp_path / "console"
    place.write_bytes(zipapp.pack(str(CORES), programs.PROGRAMS["console"].start, []))
    done = subprocess.run([sys.executable, place, "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "--prometheus" in done.stdout


def test_a_clock_that_is_set_back_stops_nothing(node):
    console = run.Console(str(node), None, lambda *_words, **_more: "")
    assert [console.due("x", 60, 1e9 + step) for step in (0, 1, -8 * 3600, -8 * 3600 + 1)] == [True, False, True, False]
