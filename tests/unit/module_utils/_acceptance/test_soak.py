# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import soak as core

ROOT = Path(__file__).resolve().parents[4]
LIMITS = yaml.safe_load((ROOT / "plugins/catalog/acceptance/limits.yml").read_text(encoding="utf-8"))["default"]
CARD = {
    "index": 0, "name": "NVIDIA H200", "degrees": [35, 71], "watts": [77, 690], "mhz": [345, 1980], "mhz_max": 1980,
    "slowed": ["sw_power_cap"], "uncorrected": [0, 0], "corrected": [0, 3], "replays": [2, 2],
    "link_width": 16, "link_width_max": 16, "link_gen": 5, "link_gen_max": 5,
}  # fmt: skip


def counters(**more):
    return {
        "runs": {"yitiji-vllm": "a"}, "images": {}, "xid": 0, "sent": 1000, "sent_again": 1, "cpu_periods": 0,
        "cpu_held": 0, "io_stalled": 0, **more,
    }  # fmt: skip


def seen(card=None, before=None, after=None, **more):
    return {
        "looks": 12, "requests": 4, "requests_most": 4, "engine_bytes": 4 << 30, "node_bytes": 9 << 30,
        "gpus": [{**CARD, **(card or {})}], "before": counters(**(before or {})), "after": counters(**(after or {})),
        **more,
    }  # fmt: skip


def slices(number=6, change=lambda _number: {}, node=lambda _number: {}):
    rows = []
    for each in range(number):
        row = {"requests": 100, "failed": 0, "latency_ms": {"p50": 1000.0}, "errors": [], **change(each)}
        rows.append({**row, "nodes": {"gpu01": seen(**node(each))}})
    return rows


def soak(rows, **more):
    return {
        "minutes": 6, "prompt": 64, "answer": 32, "concurrency": 4, "slices": rows, "restart": None, "others": 0, **more
    }  # fmt: skip


def judged(**more):
    return {row["key"]: row for row in core.figures(soak(slices(**more)), LIMITS)}


@pytest.mark.parametrize(
    ("minutes", "wanted"),
    [(0, (0, 0)), (1, (1, 60)), (10, (10, 60)), (60, (60, 60)), (600, (60, 600)), (72 * 60, (144, 1800))],
)
def test_a_soak_is_cut_into_slices_of_a_minute_to_half_an_hour(minutes, wanted):
    assert core.slices(minutes) == wanted


def test_a_slice_has_prompts_enough_that_none_comes_twice():
    assert core.step((64, 32), 4, 60, [{"concurrency": 4, "requests_per_second": 10.0}]).requests == 908
    assert core.step((64, 32), 4, 60, []).requests == 4 * 60 * 1.5 + 8


def test_a_steady_soak_passes_in_every_figure():
    found = judged()
    assert {row["verdict"] for row in found.values()} == {"pass"} and set(found) == {
        "others", "soak_failed_percent", "soak_drift", "soak_engine_bytes", "soak_node_bytes", "soak_starts",
        "card_slowed", "card_errors", "card_link", "card_xid", "cpu_held", "sent_again",
    }  # fmt: skip
    assert all(row["step"] == {"prompt": 64, "answer": 32, "concurrency": 4} for row in found.values())
    assert all(row["text"]["zh"] and row["text"]["en"] and row["rule"] and row["remedy"] for row in found.values())


FAULTS = pytest.mark.parametrize(
    ("key", "verdict", "rule", "change", "node"),
    [
        ("soak_failed_percent", "fail", "LLM858", lambda n: {"failed": int(n == 3), "errors": ["HTTP 500"]}, None),
        ("soak_drift", "conditional", "LLM859", lambda n: {"latency_ms": {"p50": 1000.0 + 40 * n}}, None),
        ("soak_engine_bytes", "conditional", "LLM860", None, lambda n: {"engine_bytes": (4 << 30) + n * (64 << 20)}),
        ("soak_node_bytes", "conditional", "LLM860", None, lambda n: {"node_bytes": (9 << 30) + n * (160 << 20)}),
        ("soak_starts", "fail", "LLM861", None,
         lambda n: {when: {"runs": {"yitiji-vllm": "b" if n > 2 else "a"}} for when in ("before", "after")}),
        ("card_slowed", "conditional", "LLM862", None,
         lambda n: {"card": {"slowed": ["hw_thermal_slowdown"] * (n > 4)}}),
        ("card_errors", "fail", "LLM863", None, lambda n: {"card": {"uncorrected": [0, 1]}}),
        ("card_xid", "fail", "LLM863", None, lambda n: {"after": {"xid": int(n == 5)}}),
        ("card_link", "conditional", "LLM864", None, lambda n: {"card": {"link_width": 8}}),
        ("card_link", "conditional", "LLM864", None, lambda n: {"card": {"link_gen": 3}}),
        ("card_link", "conditional", "LLM864", None, lambda n: {"card": {"replays": [2, 2 + n]}}),
        ("cpu_held", "conditional", "LLM865", None, lambda n: {"after": {"cpu_periods": 1000, "cpu_held": 400}}),
        ("sent_again", "conditional", "LLM866", None, lambda n: {"after": {"sent": 9000, "sent_again": 401}}),
        ("others", "conditional", "LLM857", None, lambda n: {"requests": 9}),
    ],
)  # fmt: skip


def unchanged(_number):
    return {}


@FAULTS
def test_each_fault_is_found_alone_and_by_its_rule(key, verdict, rule, change, node):
    found = judged(change=change or unchanged, node=node or unchanged)
    assert {name: row["verdict"] for name, row in found.items() if row["verdict"] != "pass"} == {key: verdict}
    assert found[key]["rule"] == rule


def test_faults_are_named_with_their_values():
    found = judged(change=lambda n: {"failed": 2, "errors": ["HTTP 500"]}, node=lambda n: {"card": {"link_width": 8}})
    assert "12 of 600 requests of the soak failed: HTTP 500" in found["soak_failed_percent"]["text"]["en"]
    assert "gpu01, NVIDIA H200 0: PCIe x8 gen 5 of x16 gen 5" in found["card_link"]["text"]["en"]
    assert found["card_link"]["remedy"]["zh"]


def test_caches_that_fill_in_the_first_slice_are_no_growth():
    assert judged(node=lambda n: {"engine_bytes": (2 if n == 0 else 4) << 30})["soak_engine_bytes"]["verdict"] == "pass"


def test_what_a_machine_does_not_tell_is_not_judged():
    silent = {"gpus": [], "engine_bytes": None, "node_bytes": None, "before": {"xid": None}, "after": {"xid": None}}
    found = judged(node=lambda n: silent)
    assert not {"soak_engine_bytes", "soak_node_bytes", "card_slowed", "card_xid"} & set(found)
    none = {"uncorrected": None, "degrees": None, "link_width_max": None, "replays": None}
    assert not {"card_errors", "card_link"} & set(judged(node=lambda n: {"card": none}))
    assert "others" not in {row["key"] for row in core.figures(soak(slices(), others=None), LIMITS)}
    assert core.figures({}, LIMITS) == []


def test_one_slice_has_no_drift():
    assert not {"soak_drift", "soak_engine_bytes"} & set(judged(number=1))


def test_a_probe_of_the_appliance_itself_is_nobody_else():
    assert judged(node=lambda n: {"requests_most": 5})["others"]["verdict"] == "pass"


def test_requests_of_others_before_the_start_are_marked():
    [found] = core.figures({"others": 3, "concurrency": 4}, LIMITS)
    assert (found["key"], found["verdict"], found["measured"]) == ("others", "conditional", 3)


def test_failed_requests_are_told_with_what_was_said_and_none_with_nothing():
    assert judged()["soak_failed_percent"]["text"]["en"] == "0 of 600 requests of the soak failed"
    found = judged(change=lambda n: {"failed": int(n == 3), "errors": ["HTTP 500"] if n == 3 else []})
    assert found["soak_failed_percent"]["text"]["zh"] == "长稳测试的 600 个请求中 1 个失败: HTTP 500"
