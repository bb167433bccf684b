# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that drops a few requests is found by the real load generator, and named with its likely causes."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import generator, judge, soak
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.load import Step

from tests.acceptance import generators

CATALOGUE = Path(__file__).resolve().parents[2] / "plugins/catalog/acceptance/limits.yml"
LIMITS, CAUSES = judge.limits_of(yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")), "basic")


def test_two_percent_of_dropped_requests_fail_a_step_by_name(tmp_path):
    with generators.engine(0.05, 0.005, fail=2) as url:
        row = generators.by_aiperf(url, Step(64, 16, 8, 200, 8), tmp_path)
    assert row["failed"] == 4  # the warm-up took none of them: the 50th, 100th, 150th and 200th of 208 fail
    [figure] = [
        each for each in judge.figures([row], {"concurrency": 8}, {}, LIMITS) if each["key"] == "failed_percent"
    ]
    assert (figure["verdict"], figure["measured"]) == ("fail", 2.0) and CAUSES["failed_percent"]


def test_two_percent_of_dropped_requests_fail_a_soak_by_rule_and_with_what_the_engine_said(tmp_path):
    with generators.engine(0.05, 0.005, fail=2) as url:
        program = str(generators.environment("aiperf") / "aiperf")
        target = generator.Target(url, "stub", str(generators.tokenizer(tmp_path / "tokenizer")), program, 1, 60)
        row = generator.run(Step(64, 16, 8, 2000, 0, seconds=10), target, str(tmp_path / "soak"), 120)
    assert row["requests"] > 200
    found = soak.figures({"slices": [{**row, "nodes": {}}], "concurrency": 8}, LIMITS)
    [figure] = [each for each in found if each["key"] == "soak_failed_percent"]
    assert (figure["verdict"], figure["rule"]) == ("fail", "LLM858") and 1.5 <= figure["measured"] <= 2.0
    assert "failed as told" in figure["text"]["en"] and "journalctl" in figure["remedy"]["en"]


def test_an_engine_that_fails_nobody_passes(tmp_path):
    with generators.engine(0.05, 0.005) as url:
        row = generators.by_aiperf(url, Step(64, 16, 8, 100, 8), tmp_path)
    assert {each["verdict"] for each in judge.figures([row], {"concurrency": 8}, {}, LIMITS)} == {"pass"}
