# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import measure as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.function import Asked
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.generator import Target
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client

STEPS = [Step(64, 32, 1, 8, 1), Step(64, 32, 4, 8, 4)]
TARGET = Target("http://127.0.0.1:9", "m", "/tok", "aiperf", 1, 5)
PLAN = {"model": {"served_name": "m", "context": 512}, "nodes": {}}


@pytest.fixture
def go(tmp_path, monkeypatch):
    monkeypatch.setattr(core, "check_all", lambda *_args: [{"id": "json"}])
    told: list[str] = []

    def call(run, steps=STEPS, plan=PLAN, timeout=60):
        return call.session(run, steps, plan).measure(Client(TARGET.url), Asked(plan), timeout)

    def session(run, steps=STEPS, plan=PLAN, minutes=0):
        return core.Session(TARGET, steps, (minutes, 4), str(tmp_path / "work"), told.append, plan, run)

    call.told, call.kept, call.session = told, tmp_path / "work" / core.KEPT, session
    return call


def row(step, *_args):
    return {"concurrency": step.concurrency, "requests_per_second": 2.0}


def test_every_step_is_measured_once_and_kept_until_the_report_is_written(go):
    found = go(row)
    assert found["function"] == [{"id": "json"}] and found["resumed"] == 0 and found["todo"] == []
    assert [each["concurrency"] for each in found["speed"]] == [1, 4] and found["soak"]["slices"] == []
    assert [line.split(":")[0] for line in go.told] == ["step 1 of 2", "step 2 of 2"]
    assert "min left" in go.told[1]
    assert go(killed)["speed"] == found["speed"]  # nothing is asked again


def killed(step, *_args):
    if step.concurrency == 4:
        raise KeyboardInterrupt
    return row(step)


def test_a_killed_run_goes_on_where_it_was(go):
    with pytest.raises(KeyboardInterrupt):
        go(killed)
    asked = []
    found = go(lambda step, *_args: asked.append(step.concurrency) or row(step))
    assert asked == [4] and found["resumed"] == 1 and len(found["speed"]) == 2


@pytest.mark.parametrize("change", ["plan", "steps", "damaged"])
def test_another_plan_or_other_steps_are_measured_anew(go, change):
    with pytest.raises(KeyboardInterrupt):
        go(killed)
    more = {"plan": {**PLAN, "more": 1}} if change == "plan" else {}
    if change == "steps":
        more = {"steps": [STEPS[0], Step(64, 32, 4, 99, 4)]}
    if change == "damaged":
        go.kept.write_text("{")
    assert go(row, **more)["resumed"] == 0


def test_the_time_is_bounded(go):
    with pytest.raises(Refusal) as caught:
        go(row, timeout=-1)
    assert caught.value.rule == "LLM852"


def test_a_soak_is_asked_slice_by_slice_with_a_seed_and_prompts_of_its_own(go):
    asked = []

    def run(step, target, *_args):
        asked.append((step, target.seed))
        return row(step)

    session = go.session(run, minutes=2)
    assert session.measure(Client(TARGET.url), Asked(PLAN), 60)["todo"] == [0, 1]
    del asked[:]
    assert session.slice(0)["slice"]["began"].endswith("Z") and "slice 1 of 2" in go.told[-1]
    session.slice(1)
    assert [(step.seconds, step.concurrency, step.prompt, step.warm_up, seed) for step, seed in asked] == [
        (60, 4, 64, 0, 2), (60, 4, 64, 0, 3),
    ]  # fmt: skip
    assert asked[0][0].requests == 2 * 60 * 1.5 + 8  # by the speed that was measured


def test_a_killed_soak_goes_on_and_a_slice_counts_only_with_what_the_nodes_showed(go):
    session = go.session(row, minutes=3)
    session.measure(Client(TARGET.url), Asked(PLAN), 60)
    session.slice(0)
    session.keep(0, {"gpu01": {"looks": 9}})
    session.slice(1)  # killed here, before the nodes were read
    again = go.session(row, minutes=3).measure(Client(TARGET.url), Asked(PLAN), 60)
    assert again["todo"] == [1, 2] and again["resumed"] == 2
    assert [each["nodes"] for each in again["soak"]["slices"]] == [{"gpu01": {"looks": 9}}]
    assert go.session(row, minutes=2).measure(Client(TARGET.url), Asked(PLAN), 60)["todo"] == [0, 1]


def test_a_run_that_nobody_watches_ends(go, tmp_path):
    session = go.session(row)
    assert session.wanted()  # nobody said that it is watched
    session.watch()
    assert session.wanted()
    long_ago = time.time() - core.AWAY - 1
    os.utime(tmp_path / "work" / core.WATCHED, (long_ago, long_ago))
    assert not session.wanted()


def test_a_run_ends_where_another_one_took_its_place(go, tmp_path):
    old, new = go.session(row), go.session(row)
    old.watch()
    new.watch()
    assert new.wanted() and not old.wanted()
    (tmp_path / "work" / core.WATCHED).unlink()
    assert not new.wanted()


def test_questions_are_asked_once_and_again_only_where_they_differ(go, monkeypatch):
    asked = []

    def ask_all(_client, model, questions, room, at_once, _tell):
        asked.append((model, len(questions), room, at_once))
        return [{"id": row["id"]} for row in questions]

    monkeypatch.setattr(core.quality, "ask_all", ask_all)
    for questions in ([{"id": "a"}], [{"id": "a"}], [{"id": "b"}]):
        found = go.session(row).measure(Client(TARGET.url), Asked(PLAN), 60, questions, 4096)
        assert found["quality"] == questions
    assert asked == [("m", 1, 256, 4)] * 2  # half of a short context, and no more at once than planned
