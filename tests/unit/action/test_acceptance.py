# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an acceptance asks of an engine is what its gateway lets through."""

from __future__ import annotations

from unittest import mock

import pytest
from ansible_collections.yitiji.deepseek.plugins.action.acceptance_measure import ActionModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.quality import LAB_ROOM, ROOM


def job(engine="vllm", owner="deepseek-ai", name="deepseek-r1-7b", **more):
    plan = {"engine": {"name": engine}, "model": {"id": owner + "/m", "served_name": name}, "profile": "basic"}
    action = ActionModule(mock.Mock(args={}), *(mock.Mock() for _other in range(5)))
    return action.job({"plan": plan, "folder": "/f", "whole_answers": "True", **more})


@pytest.mark.parametrize(
    ("engine", "whole"), [("vllm", True), ("llamacpp", True), ("sglang", True), ("lmdeploy", True), ("ollama", False)]
)
def test_answers_of_a_whole_length_are_asked_for_where_the_engine_knows_how(engine, whole):
    assert job(engine)["whole_answers"] is whole
    assert job(engine, whole_answers="False")["whole_answers"] is False


def test_the_routes_that_must_be_closed_are_the_catalogues():
    assert {"POST /sleep", "ANY /metrics"} <= set(job()["refused"]) and job("ollama")["refused"] == []
    assert job(refused=["GET /x"])["refused"] == ["GET /x"]


@pytest.mark.parametrize(("name", "thinks"), [("deepseek-r1-7b", True), ("deepseek-v3", False), ("mine", False)])
def test_whether_a_model_thinks_is_the_catalogues_word(name, thinks):
    assert job("ollama", name=name)["thinks"] is thinks


def test_a_lab_models_answers_are_short():
    rooms = [(found["function_tokens"], found["question_tokens"]) for found in (job(), job(owner="yitiji-lab"))]
    assert rooms == [(0, ROOM), (LAB_ROOM, LAB_ROOM)]
