# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text, in columns that line up in Chinese too."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain, pad, width, wrap_args

from tests.sizing.common import declared, plan


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text(catalog, language):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    text = explain(made, language)
    assert "1,043," in text and "--tensor-parallel-size 8" in text and "TP 8 x PP 2 x DP 1" in text
    assert ("权重" in text) == (language == "zh")
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    assert "CPU" in explain(lab, language) and "█" in explain(lab, language)


def test_columns_count_chinese_as_two():
    assert width("模型a") == 5 and width(pad("模型", 8)) == 8
    assert wrap_args(["/m", "--a", "1", "--b", "--c", "2"]) == ["/m", "--a 1", "--b", "--c 2"]
