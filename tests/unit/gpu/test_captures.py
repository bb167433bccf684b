# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real H200, as it was read on 28 November 2026 (docs/gpu-tested.md): facts, verdicts and plans of what it said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.distributions import resolved
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.all import PROBES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context, evaluate
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver.plan import make_plan as driver_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.read import read_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.make import make_plan
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.wish import read_wish

ROOT = Path(__file__).resolve().parents[3]
CATALOG = ROOT / "plugins" / "catalog"
CAPTURE = json.loads((ROOT / "tests" / "fixtures" / "captures" / "h200-vm.json").read_text(encoding="utf-8"))
CUDA_TOTAL = 150109880320  # what CUDA itself called the card's whole memory there


@pytest.fixture(name="node", scope="module")
def _node() -> dict[str, Any]:
    return read_node(Capture(CAPTURE), epoch=0.0)


@pytest.fixture(name="plan", scope="module")
def _plan(node: dict[str, Any]) -> dict[str, Any]:
    catalog = read_catalog([str(CATALOG)], yaml.safe_load)
    wanted = {"deployment": "gpu", "profile": "basic", "nodes": {"gpu": {"facts": node, "address": "127.0.0.1"}}}
    return make_plan(read_wish(wanted, catalog), catalog)


def verdicts(node: dict[str, Any], plan: dict[str, Any], phase: str) -> dict[str, str]:
    rules = [
        rule
        for path in sorted((CATALOG / "rules").glob("*.yml"))
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    ]
    context = Context(node=node, plan=plan, settings={"host": "gpu"}, host="gpu")
    return {row["id"]: row["status"] for row in evaluate(rules, context, phase, PROBES, NEEDS, {})}


def test_nothing_trips(node):
    assert node["problems"] == []


def test_the_card(node):
    (card,) = node["gpus"]
    assert (card["name"], card["pci_id"], card["compute_capability"]) == ("NVIDIA H200", "10de:2335", "9.0")
    assert card["architecture"] == "Hopper" and card["mig"] is False and card["ecc_errors"] == 0
    assert card["uuid"] == "GPU-00000000-0000-0000-0000-000000000001" and card["link_width"] == 16


def test_memory_is_what_cuda_has(node):
    """The driver keeps 616 MiB for itself, and nvidia-smi counts them into the total."""
    assert abs(node["gpus"][0]["memory_bytes"] - CUDA_TOTAL) < 2 * 1024**2


def test_the_driver(node):
    driver = node["nvidia"]
    assert (driver["driver_version"], driver["library_version"], driver["flavour"]) == (
        "580.159.04",
        "580.159.04",
        "open",
    )


@pytest.mark.parametrize("rule", ["LLM203", "LLM205", "LLM209", "LLM212", "LLM213", "LLM216", "LLM501", "LLM507"])
def test_a_card_that_works_passes(node, plan, rule):
    assert verdicts(node, plan, "pre")[rule] == "pass"


def test_no_rule_about_the_card_fails(node, plan):
    bad = {rule for rule, status in verdicts(node, plan, "pre").items() if status in ("fail", "unknown")}
    assert not {rule for rule in bad if rule.startswith(("LLM2", "LLM5"))}


def test_a_machine_whose_kernel_comes_from_elsewhere(plan):
    """It had no /lib/modules, so nothing could load nouveau; its /lib was not recorded, but was there."""
    capture = {**CAPTURE, "directories": [*CAPTURE["directories"], "/lib/x86_64-linux-gnu"]}
    assert verdicts(read_node(Capture(capture), epoch=0.0), plan, "pre")["LLM201"] == "pass"


def test_a_driver_that_works_is_left_alone(node):
    kinds = read_catalog([str(CATALOG)], yaml.safe_load, ("drivers", "distributions"))
    catalog = {**kinds["drivers"], "systems": resolved(kinds["distributions"])}
    plan = driver_plan(node, catalog, {"today": "2026-11-28"})
    assert (plan["verdict"], plan["families"], plan["fabric_manager"]) == ("present", ["Hopper"], False)


def test_it_is_planned_as_it_is(plan):
    (unit,) = plan["nodes"]["gpu"]["units"]
    assert unit["layout"] == {"tensor": 1, "pipeline": 1, "data": 1} and unit["gpus"] == [0]
    assert unit["memory"]["per_gpu_gib"]["total"] == 139.8
    assert plan["image"]["min_driver"] == "580.65"


def test_it_holds_nothing_that_tells_whose_it_was():
    text = json.dumps(CAPTURE)
    assert "(builder@host)" in text
    for word in ("/home/", "sandbox", "@nix"):
        assert word not in text
