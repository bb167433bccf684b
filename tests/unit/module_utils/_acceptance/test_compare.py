# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import compare as core

from tests.unit.module_utils._acceptance.test_report import FUNCTION, PLAN, STEP, document


def rows(before, after, kind=None):
    found = core.against(before, after)["rows"]
    return [(row["of"], row["key"], row["before"], row["after"]) for row in found if kind in (None, row["kind"])]


def changed_machine(**more):
    report = copy.deepcopy(document())
    report["identity"]["gpu01"].update(more)
    return report


def test_the_same_report_has_nothing_changed():
    found = core.against(document(), document())
    assert found["number"] == document()["number"] and found["made"] == document()["made"]
    assert {row["kind"] for row in found["rows"]} == {"figure"} and {row["percent"] for row in found["rows"]} == {0.0}


def test_figures_are_compared_by_their_steps_in_percent():
    after = document(speed=[{**STEP, "tokens_per_second": 40.0}, {**STEP, "concurrency": 9}])
    found = [row for row in core.against(document(), after)["rows"] if row["kind"] == "figure"]
    assert [(row["of"], row["key"], row["percent"]) for row in found] == [
        ("64 / 32 · 4", "tokens_per_second", -20.0), ("64 / 32 · 4", "first_token_p90", 0.0),
        ("64 / 32 · 4", "latency_p90", 0.0),
    ]  # fmt: skip


def test_a_card_that_was_taken_out_and_one_that_came_are_both_told():
    other = [{"name": "G2", "uuid": "GPU-2"}]
    assert rows(document(), changed_machine(gpus=other), "hardware") == [
        ("gpu01", "gpus", "G GPU-1", None), ("gpu01", "gpus", None, "G2 GPU-2"),
    ]  # fmt: skip
    assert rows(document(), changed_machine(disks=[]), "hardware") == [("gpu01", "disks", "D N1", None)]


def test_a_disk_without_a_number_is_known_by_its_model():
    was, now = (changed_machine(disks=[{"model": model, "serial": ""}]) for model in ("A", "B"))
    assert rows(was, now, "hardware") == [("gpu01", "disks", "A (A)", None), ("gpu01", "disks", None, "B (B)")]
    assert rows(was, was, "hardware") == []


def test_versions_and_hardware_that_differ_are_told_and_others_not():
    after = changed_machine(kernel="6.12", memory_bytes=2 << 30)
    assert rows(document(), after, "software") == [("gpu01", "kernel", "6.1", "6.12")]
    assert rows(document(), after, "hardware") == [("gpu01", "memory_bytes", 1 << 30, 2 << 30)]
    newer = document(plan={**PLAN, "engine": {"name": "vllm", "version": "0.33.0"}}, collection="1.1.0")
    keys = [row[1] for row in rows(document(), newer, "software")]
    assert keys == ["engine", "collection", "plan_sha256"]


def test_a_machine_more_or_less_is_told():
    gone = {**document(), "identity": {}}
    assert ("gpu01", "serial", "S1", None) in rows(document(), gone)
    assert ("gpu01", "gpus", None, "G GPU-1") in rows(gone, document())


def test_scores_and_checks_are_compared_where_both_have_them():
    score = {"areas": [{"area": "maths", "percent": 80.0}, {"area": "code", "percent": 50.0}]}
    was = {**document(), "quality": {"areas": score["areas"][:1]}}
    areas = [{"area": "maths", "percent": 60.0}, score["areas"][1]]
    now = {**document(function=[{**FUNCTION[0], "verdict": "fail"}]), "quality": {"areas": areas}}
    found = [row for row in core.against(was, now)["rows"] if row["of"] in ("quality", "function")]
    assert [(row["key"], row["before"], row["after"], row["percent"]) for row in found] == [
        ("maths", 80.0, 60.0, -25.0), ("json", "pass", "fail", None),
    ]  # fmt: skip


def test_another_image_and_other_weights_are_told_as_versions():
    was = changed_machine(images=[{"ref": "vllm:1", "sha256": "a"}], weights=[{"model": "o/m (r1)", "sha256": "b"}])
    now = changed_machine(images=[{"ref": "vllm:1", "sha256": "c"}], weights=[{"model": "o/m (r1)", "sha256": "b"}])
    assert rows(was, now, "hardware") == []
    assert rows(was, now, "software") == [("gpu01", "images", "vllm:1 a", None), ("gpu01", "images", None, "vllm:1 c")]
