# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every engine of a node is looked at: with two of them on one node, and one of them not well."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    each_unit,
    engine_ports,
    units,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.collect import collect, questions
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    evaluate,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

from tests.sizing.common import declared, plan
from tests.unit.module_utils._doctor.healthy import HEALTHY

ONE, TWO = "yitiji-vllm-1", "yitiji-vllm-2"


@pytest.fixture
def two(catalog):
    """A well node whose plan has two engines of one model."""
    data = copy.deepcopy(HEALTHY)
    made = plan(catalog, declared("rtx-4090-24g", 2), profile="basic", model="deepseek-r1-1.5b", replicas=2)
    data["plan"] = json.loads(json.dumps(made))
    data["host"], data["node"]["hostname"], data["peers"] = "n1", "n1", {}
    kv = made["nodes"]["n1"]["units"][0]["capacity"]["kv_tokens"]
    state, box = (part.pop("yitiji-vllm") for part in (data["node"]["services"], data["measures"]["containers"]))
    for name in (ONE, TWO):
        data["node"]["services"][name] = copy.deepcopy(state)
        data["measures"]["containers"][name] = {**copy.deepcopy(box), "shm_bytes": 2**35, "shm_available_bytes": 2**35}
        data["measures"]["net"][f"{name} without key"] = {"ok": True, "status": 401, "body": None}
    data["measures"]["journals"] = {name: [f"GPU KV cache size: {kv:,} tokens"] for name in (ONE, TWO)}
    return data


def judge(data, rule):
    rows = evaluate(load_rules(), Context(**data), "run", {**PROBES}, NEEDS)
    return next(row for row in rows if row["id"] == rule)


def test_two_well_engines_are_well(two):
    for rule in ("LLM303", "LLM304", "LLM552", "LLM505", "LLM803"):
        assert judge(two, rule)["status"] == "pass", judge(two, rule)["evidence"]


@pytest.mark.parametrize("name", [ONE, TWO])
def test_a_failed_engine_is_told_whichever_it_is(two, name):
    two["node"]["services"][name] = {"active": "failed", "result": "exit-code", "condition": "yes"}
    found = judge(two, "LLM505")
    assert found["status"] == "fail" and name in found["evidence"]["en"] and name in found["evidence"]["zh"]
    assert f"journalctl -u {name} " in found["fix"]["en"]


def test_an_engine_that_was_never_installed_is_told(two):
    del two["node"]["services"][TWO]
    assert judge(two, "LLM505")["status"] == "fail"


def test_each_cache_is_compared_with_its_own_part(two):
    """Half of the sum is what one of two has to say; half of that is not."""
    assert "(+0%)" in judge(two, "LLM552")["evidence"]["en"]
    two["measures"]["journals"][TWO] = ["GPU KV cache size: 16 tokens"]
    found = judge(two, "LLM552")
    assert found["status"] == "warn" and TWO in found["evidence"]["en"] and ONE not in found["evidence"]["en"]


def test_each_container_is_looked_at(two):
    two["measures"]["containers"][TWO]["shm_bytes"] = 2**20
    assert judge(two, "LLM304")["status"] == "fail" and TWO in judge(two, "LLM304")["evidence"]["en"]
    two["measures"]["containers"][TWO]["infiniband"] = False
    assert PROBES["LLM305"](Context(**two)).status == "warn"


def test_each_engine_is_asked_without_its_key(two):
    two["measures"]["net"][f"{TWO} without key"]["status"] = 200
    assert judge(two, "LLM803")["status"] == "fail"
    assert engine_ports(Context(**two)) == [8000, 8001]
    assert {f"{name} without key" for name in (ONE, TWO)} <= set(questions(Capture({}), Context(**two)))


def test_a_second_engine_that_listens_everywhere_is_told(two):
    row = {"protocol": "tcp", "address": "0.0.0.0", "port": 8001, "process": "docker-proxy", "container": TWO}
    two["node"]["listeners"] = [row]
    assert judge(two, "LLM803")["status"] == "fail"


def test_the_cards_are_in_use_while_any_engine_runs(two):
    two["node"]["services"][ONE]["active"] = "inactive"
    assert judge(two, "LLM506")["status"] == "skip"


def test_journals_of_all_engines_are_read(two):
    lines = {f"journalctl -u {name} -b -n 4000 -o cat --no-pager": "Maximum concurrency 2x" for name in (ONE, TWO)}
    found = collect(Capture({"commands": lines}), two["node"], two["plan"], {"network": False})
    assert set(found["journals"]) == {ONE, TWO}


def test_ray_is_known_by_the_plan_and_not_by_a_flag():
    data = copy.deepcopy(HEALTHY)
    data["plan"]["cluster"] = {"ray_port": None}
    data["plan"]["nodes"]["gpu01"]["units"][0]["args"] += ["--distributed-executor-backend", "ray"]
    assert judge(data, "LLM402")["status"] == "skip"
    data["plan"]["cluster"] = {"ray_port": 6379}
    data["plan"]["nodes"]["gpu01"]["units"][0]["args"] = []
    assert judge(data, "LLM402")["status"] == "pass"


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([passed("a", "a"), failed("b", "b")], "fail"),
        ([warned("a", "a"), unknown("b", "b")], "warn"),
        ([skipped("a", "a"), passed("b", "b")], "pass"),
        ([skipped("a", "a"), skipped("b", "b")], "skip"),
    ],
)
def test_the_worst_counts(found, status):
    nodes = {"n1": {"units": [{"name": f"u{number}"} for number in range(len(found))]}}
    context = Context(node={}, plan={"nodes": nodes}, host="n1")
    answers = iter(found)
    assert each_unit(context, lambda _context, _unit: next(answers)).status == status


def test_without_a_plan_the_usual_engine_is_looked_for():
    assert [unit["name"] for unit in units(Context(node={}))] == ["yitiji-vllm"]
