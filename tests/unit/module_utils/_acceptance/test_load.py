# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import load
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


@pytest.mark.parametrize(
    ("planned", "wanted"),
    [
        (1, [1, 2]),
        (2, [1, 2, 3]),
        (4, [1, 2, 4, 6]),
        (30, [1, 2, 4, 8, 16, 30, 45]),
        (64, [1, 2, 4, 8, 16, 32, 64, 96]),
    ],
)
def test_numbers_double_up_to_the_planned_one_and_go_one_step_beyond(planned, wanted):
    assert load.at_once(planned) == wanted


def test_the_usual_lengths_are_those_that_fit():
    assert load.lengths(32768) == [(1024, 1024), (4096, 1024), (32768 - load.TEMPLATE - 256, 256)]
    assert load.lengths(4096) == [(1024, 1024), (4096 - load.TEMPLATE - 256, 256)]
    assert load.lengths(256) == [(96, 96)]  # nothing usual fits: half and half


def test_lengths_that_somebody_asked_for_are_refused_where_they_do_not_fit():
    assert load.lengths(2048, [{"prompt": 0, "answer": 100}]) == [(2048 - load.TEMPLATE - 100, 100)]
    assert load.lengths(2048, [{"prompt": 1884, "answer": 100}]) == [(1884, 100)]
    for prompt, answer in ((1885, 100), (8, 100), (100, 8), (0, 1980)):
        with pytest.raises(Refusal) as caught:
            load.lengths(2048, [{"prompt": prompt, "answer": answer}])
        assert caught.value.rule == "LLM850"


def test_every_pair_is_asked_at_every_number_and_often_enough():
    found = load.steps([(100, 50)], [1, 8], rounds=3, least=10)
    assert [(step.concurrency, step.requests, step.warm_up) for step in found] == [(1, 10, 1), (8, 24, 8)]
    assert found[1].tokens == 150 * 32


def test_the_time_left_is_told_by_the_nearest_step_that_is_done():
    steps = load.steps([(100, 100), (300, 100)], [1, 4], rounds=1, least=1)
    assert load.left({}, steps, steps) == 0
    done = {steps[0].name: load.START + 10, steps[1].name: load.START + 20}  # 400 tokens in 10 s, 1600 in 20 s
    assert load.left(done, steps[2:], steps) == pytest.approx(800 / 40 + 3200 / 80 + 2 * load.START)
