# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of a model that is less sure than a plain one."""

from __future__ import annotations

import pytest

from tests.sizing.common import declared, first_unit, plan


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"model_type": "brand_new"}, "LLM570"),
        ({"vision_config": {}}, "LLM569"),
        ({"layer_types": ["full_attention", "sliding_attention"] * 14, "sliding_window": 1024}, "LLM568"),
    ],
)
def test_models_that_are_planned_with_a_margin_of_their_own(catalog, config, rule):
    own = {**catalog["models"]["deepseek-r1-7b"]["config"], **config}
    made = plan(catalog, declared("a100-80g", 1), model="own/er", model_info={"config": own})
    sure = plan(catalog, declared("a100-80g", 1), model="deepseek-r1-7b")
    assert rule in {warning["id"] for warning in made["warnings"]}
    assert first_unit(made)["memory"]["per_gpu_gib"]["margin"] > first_unit(sure)["memory"]["per_gpu_gib"]["margin"]
