# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs left, one after another: numbers, what stays whole, the way back, how it is told."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import LANGUAGE
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import history as core

STATE = {"collection": "1", "engine": "vllm 0.31", "images": {}, "models": {}, "nodes": {}}


def row(letter="a", **more):
    files = {"/etc/x": {"mode": 0o644, "uid": 0, "gid": 0, "text": letter}}
    told = {"plan": {"p": letter}, "by": "me@here", "verdict": "converged"}
    return core.made({**STATE, **more}, {"r/x:1": "sha256:1"}, files, **told)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "generations")


def keep(folder, letters):
    return [core.keep(row(letter), folder) for letter in letters]


def test_numbers_go_on_and_files_are_for_root(folder):
    assert keep(folder, "ab") == [1, 2]
    assert [kept["of"] for kept in generations.rows(folder)] == [1, 2]
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(f"{folder}/2.json").st_mode) == 0o600


def test_the_newest_and_the_one_before_it_stay_whole(folder):
    keep(folder, "abc")
    whole = [("files" in kept, "plan" in kept) for kept in generations.rows(folder)]
    assert whole == [(False, False), (True, True), (True, True)]
    assert generations.before(generations.rows(folder))["number"] == 2


def test_without_another_one_there_is_no_way_back(folder):
    assert generations.before([]) == {} and generations.rows(folder) == []
    keep(folder, "a")
    assert generations.before(generations.rows(folder)) == {}


def test_after_going_back_the_one_that_was_left_is_not_the_way_back(folder):
    keep(folder, "ab")
    core.keep({**generations.before(generations.rows(folder)), "verdict": "rolled back"}, folder, of=1)
    kept = generations.rows(folder)
    assert [(one["number"], one["of"]) for one in kept] == [(1, 1), (2, 2), (3, 1)]
    assert generations.before(kept) == {}
    keep(folder, "c")
    assert generations.before(generations.rows(folder))["number"] == 3


def test_a_failed_upgrade_leaves_the_way_back_of_before(folder):
    keep(folder, "ab")
    core.keep({**generations.rows(folder)[-1], "verdict": "rolled back", "why": "LLM505"}, folder, of=2)
    assert generations.before(generations.rows(folder))["number"] == 1


def test_old_ones_are_forgotten(folder, monkeypatch):
    monkeypatch.setattr(core, "MOST", 3)
    keep(folder, "abcde")
    assert [kept["number"] for kept in generations.rows(folder)] == [3, 4, 5]


def test_a_damaged_one_is_none(folder):
    keep(folder, "ab")
    with open(f"{folder}/1.json", "w", encoding="utf-8") as stream:
        stream.write("{")
    with open(f"{folder}/.yitiji-x", "w", encoding="utf-8") as stream:
        stream.write("half")
    assert [kept["number"] for kept in generations.rows(folder)] == [2]


@pytest.mark.parametrize("other", [row("b"), row("a", engine="vllm 0.32"), {**core.made(STATE, {}, {})}])
def test_what_differs_makes_another(other):
    assert row()["digest"] == row()["digest"] != other["digest"]


def test_lines_say_when_who_and_what(folder, monkeypatch):
    monkeypatch.setattr(core.time, "time", lambda: 0)
    keep(folder, "a")
    core.keep(row("b", engine="vllm 0.32", collection="2"), folder)
    core.keep({**row("a"), "verdict": "rolled back", "why": "LLM505: it crashed"}, folder, of=1)
    many = {f"r/{number}": {"ref": str(number)} for number in range(8)}
    core.keep(row("c", images=many), folder)
    one, two, three, four = core.lines(generations.rows(folder))
    assert one == "1  1970-01-01 00:00:00Z  me@here  converged"
    assert two.endswith("converged; collection: 1 -> 2; engine: vllm 0.31 -> vllm 0.32")
    assert "  rolled back (1); " in three and three.endswith("; LLM505: it crashed")
    assert four.count("images.r/") == 6 and four.endswith("; +2")


def test_an_unfinished_one_is_noted_once_and_what_served_then_is_behind_it(folder):
    assert generations.behind(folder) == {} and generations.unfinished(folder) == 0
    keep(folder, "ab")
    assert generations.behind(folder)["number"] == 2
    assert core.begin(2, folder) and generations.unfinished(folder) == 2
    keep(folder, "c")
    assert not core.begin(3, folder), "what a killed run noted stays"
    assert generations.behind(folder)["number"] == 2
    core.finish(folder)
    core.finish(folder)
    assert generations.unfinished(folder) == 0 and generations.behind(folder)["number"] == 3


def test_a_damaged_note_is_none(folder):
    keep(folder, "a")
    with open(f"{folder}/{generations.UNFINISHED}", "w", encoding="utf-8") as stream:
        stream.write("half")
    assert generations.unfinished(folder) == 0 and generations.behind(folder)["number"] == 1


def test_the_way_back_and_its_disk(folder, tmp_path, monkeypatch):
    def served(name, image):
        model = {"path": str(tmp_path / name)}
        files = {"/etc/x": {"mode": 0o644, "uid": 0, "gid": 0, "text": name}}
        return core.made(STATE, {"r/x:1": image}, files, plan={"model": model, "models_beside": []}, by="", verdict="")

    (tmp_path / "a/inner").mkdir(parents=True)
    (tmp_path / "a/inner/weights").write_bytes(b"x" * 5_000_000)
    assert core.way_back([], str) == ""
    core.keep(served("a", "sha256:1"), folder)
    assert core.way_back(generations.rows(folder), str) == ""
    core.keep(served("b", "sha256:2"), folder)
    told = core.way_back(generations.rows(folder), lambda words: "2000000000\n" if words[-1] == "sha256:1" else "")
    assert " 1; " in told and "2.0 GB" in told and "5 MB" in told
    core.keep(served("c", "sha256:2"), folder)
    assert core.way_back(generations.rows(folder), lambda _words: 1 / 0).count(" 0 MB") == 4, "in both languages"
    monkeypatch.setenv(LANGUAGE, "zh")
    told = core.way_back(generations.rows(folder), lambda _words: 1 / 0)
    assert told.count(" 0 MB") == 2 and "way back" not in told
