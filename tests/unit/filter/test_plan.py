# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes for the planner, from host variables."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.filter.plan import FilterModule


def test_filter():
    hostvars = {
        "a": {"ansible_host": "10.0.0.1", "appliance_node": {"x": 1}},
        "b": {"appliance_address": "10.9.9.9"},
        "c": {},
    }
    nodes = FilterModule().filters()["plan_nodes"](["b", "a", "c"], hostvars)
    assert list(nodes) == ["b", "a", "c"]
    assert [node["address"] for node in nodes.values()] == ["10.9.9.9", "10.0.0.1", "c"]
    assert nodes["a"]["facts"] == {"x": 1}


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        (["", "", "zh_CN.UTF-8"], "zh"),
        (["zh_TW", "", "en_US.UTF-8"], "zh"),
        (["C.UTF-8", "zh_CN", "zh_CN"], "both"),
        (["", "", ""], "both"),
    ],
)
def test_the_language_of_the_locale(locale, language):
    assert FilterModule().filters()["reader_language"](locale) == language
