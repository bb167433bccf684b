# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

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
        return core.measure(
            Client(TARGET.url), Asked(plan), TARGET, steps, str(tmp_path / "work"), timeout, told.append, plan, run
        )

    call.told, call.kept = told, tmp_path / "work" / core.KEPT
    return call


def row(step, *_args):
    return {"concurrency": step.concurrency}


def test_every_step_is_measured_once_and_nothing_is_kept_afterwards(go):
    found = go(row)
    assert found == {"function": [{"id": "json"}], "speed": [{"concurrency": 1}, {"concurrency": 4}], "resumed": 0}
    assert not go.kept.exists()
    assert [line.split(":")[0] for line in go.told] == ["step 1 of 2", "step 2 of 2"]
    assert "min left" in go.told[1]


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
