# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule of the catalogue on the healthy node and on spoilt ones."""

from __future__ import annotations

import collections
import importlib.util
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System, matches
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import distributions
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context, evaluate
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue, load_rules

from tests.unit.module_utils._doctor.checks.cases import CASES
from tests.unit.module_utils._doctor.healthy import spoil
from tests.unit.module_utils.machines import NAMES, load, read

ALL_RULES = load_rules()


UNITS = [{"name": "yitiji-vllm", "serves": True, "args": ["--dtype", "bfloat16", "--quantization", "fp8"]}]
PLAN = {
    "verdict": "fits",
    "engine": {"name": "vllm", "device": "cuda"},
    "image": {"ref": "vllm:1", "min_driver": "550.54"},
}


DISTRIBUTIONS = distributions.resolved(catalogue((), (distributions.KIND,))[distributions.KIND]).values()


def entry_of(node):
    system = System(str(node["os"].get("id")), str(node["os"].get("version")))
    return next((entry for entry in DISTRIBUTIONS if matches(entry, system)), {})


def judge_machine(name):
    node = read(name)
    plan = dict(PLAN, nodes={"n1": {"gpus": [gpu["index"] for gpu in node["gpus"]], "units": UNITS}})
    if node["gpus"] and node["gpus"][0]["vendor"] != "nvidia":
        plan["engine"] = {"name": "vllm", "device": "npu"}
        plan["nodes"] = {"n1": {"gpus": list(range(8)), "units": UNITS}}
    context = Context(node=node, plan=plan, host="n1", settings={"distribution": entry_of(node)})
    return {r["id"]: r for phase in ("pre", "post", "run") for r in evaluate(ALL_RULES, context, phase, PROBES, NEEDS)}


@pytest.mark.parametrize("name", NAMES)
def test_rules_say_what_the_machine_has(name):
    results = judge_machine(name)
    for rule, status in load(name)["expect"].items():
        assert results[rule]["status"] == status, (rule, results[rule]["evidence"])


ROOT = Path(__file__).resolve().parents[5]


RULES = {rule["id"]: rule for rule in load_rules()}


# On the healthy node these do not apply, or the engine itself explains them.
NOT_ON_HEALTHY = {"LLM115": "skip", "LLM208": "skip", "LLM404": "skip", "LLM506": "skip", "LLM601": "fail"}


# Rules about what every machine has: there is no hardware to lack, so they never skip.
NEVER_SKIP = {
    "LLM101",
    "LLM102",
    "LLM105",
    "LLM106",
    "LLM109",
    "LLM110",
    "LLM111",
    "LLM157",
    "LLM176",
    "LLM301",
    "LLM801",
}


def judge(rule_id, changes, ignore=None):
    rule = RULES[rule_id]
    return rules.evaluate([rule], spoil(changes), rule["phase"][0], PROBES, NEEDS, ignore)[0]


@pytest.mark.parametrize("rule_id", RULES)
def test_healthy(rule_id):
    result = judge(rule_id, {})
    assert result["status"] == NOT_ON_HEALTHY.get(rule_id, "pass"), result["evidence"]


@pytest.mark.parametrize(("rule_id", "status", "changes", "word"), CASES)
def test_case(rule_id, status, changes, word):
    result = judge(rule_id, changes)
    assert result["status"] == status, result["evidence"]
    assert word in result["evidence"]["en"]
    assert result["evidence"]["zh"]


@pytest.mark.parametrize("rule_id", RULES)
def test_every_status_is_tried(rule_id):
    tried = collections.defaultdict(set)
    for case in CASES:
        tried[case[0]].add(case[1])
    tried[rule_id].add(NOT_ON_HEALTHY.get(rule_id, "pass"))
    bad = "warn" if RULES[rule_id]["severity"] == "warn" else "fail"
    wanted = {"pass", bad, "unknown"} | (set() if rule_id in NEVER_SKIP else {"skip"})
    assert wanted <= tried[rule_id]


@pytest.mark.parametrize("rule_id", RULES)
def test_silenced_counts_as_skip_and_stays_visible(rule_id):
    changes = next(case[2] for case in CASES if case[0] == rule_id and case[1] in ("fail", "warn"))
    result = judge(rule_id, changes, {rule_id: "known here"})
    assert result["status"] in ("fail", "warn") and result["silenced"] == "known here"
    assert rules.counted(result) == "skip" and rules.exit_code([result]) == 0


@pytest.mark.parametrize("rule_id", RULES)
def test_remedy_has_no_open_brace(rule_id):
    for case in CASES:
        if case[0] == rule_id and case[1] in ("fail", "warn"):
            fix = judge(rule_id, case[2])["fix"]
            assert "{" not in fix["en"] + fix["zh"]


@pytest.mark.parametrize("rule_id", RULES)
def test_nothing_known_is_never_pass(rule_id):
    """With no fact at all a rule may skip, complain or not know; it must not pass."""
    rule = RULES[rule_id]
    context = rules.Context(node={}, plan=None)
    result = rules.evaluate([rule], context, rule["phase"][0], PROBES, NEEDS)[0]
    assert result["status"] != "pass", result["evidence"]


def test_rules_are_whole():
    for rule in RULES.values():
        for key in ("title", "why", "looks", "fix"):
            assert rule[key]["zh"] and rule[key]["en"], (rule["id"], key)
    assert set(RULES) == set(PROBES)


def test_pages_are_up_to_date():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "rules" / "pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    assert pages.stale() == []


def test_scenes_are_of_rules_and_say_what_is_feigned():
    """The lab tests' own list: fifteen rules at least are broken for real, and the rest does not pretend."""
    lab = yaml.safe_load((ROOT / "tests/doctor/scenes.yml").read_text(encoding="utf-8"))
    rows = lab["scenes"] + lab["fleet"]
    assert {row["rule"] for row in rows} <= set(RULES)
    assert len({row["rule"] for row in rows if not row.get("feigned")}) >= 15
    assert [row["about"] for row in rows if row.get("wear") and not row.get("feigned")] == []
    for scene in lab["scenes"]:
        assert scene["phase"] in RULES[scene["rule"]]["phase"], scene["about"]
