# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor tells each host about its peers, and about a host that nobody reached."""

from __future__ import annotations

import copy

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.judge import judge
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules

from tests.unit.module_utils._doctor.healthy import HEALTHY


def test_judge_gives_peers_of_the_same_deployment_only():
    rules = load_rules()
    item = {key: copy.deepcopy(HEALTHY[key]) for key in ("node", "plan", "settings", "measures", "clock")}
    other = copy.deepcopy(item)
    other["node"]["nvidia"]["driver_version"] = "570.1"
    other["settings"]["deployment"] = "elsewhere"

    def status(seen):
        return {(r["id"], r["host"]): r["status"] for r in judge(rules, seen, "run", [])}["LLM403", "gpu01"]

    assert status({"gpu01": item, "gpu02": other}) == "unknown"
    other["settings"]["deployment"] = "demo"
    assert status({"gpu01": item, "gpu02": other}) == "fail"


def test_of_a_node_nobody_saw_only_that_is_said():
    why = {
        "ok": False,
        "address": "10.0.0.9",
        "reason": {"en": "r", "zh": "r"},
        "remedy": {"en": "mend `it`", "zh": "修 `it`"},
    }
    seen = {"gpu09": {"node": {}, "measures": {"reach": why}}, "gpu01": {"node": HEALTHY["node"]}}
    found = judge(load_rules(), seen, "run", [])
    dark = [r for r in found if r["host"] == "gpu09"]
    assert [(r["id"], r["status"], r["fix"]["en"]) for r in dark] == [("LLM107", "fail", "mend `it`")]
    assert len([r for r in found if r["host"] == "gpu01"]) > 20, "the others are judged"
