# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every reader of a plan needs."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    SCHEMA,
    current,
    head_of,
    independent,
    placed_units,
    serving_units,
    units_of,
)

OTHERS = [None, "", "text", [], {}, {"schema": 1, "args": []}, {"schema": "2"}, {"verdict": "fits"}]


@pytest.mark.parametrize("plan", OTHERS)
def test_what_this_release_cannot_read_is_no_plan(plan):
    assert current(plan) == {}


def test_a_plan_of_this_release_is_read():
    assert current({"schema": SCHEMA, "nodes": {}}) == {"schema": SCHEMA, "nodes": {}}


def test_units_of_a_node_and_of_the_head():
    first, rank, second = ({"name": "a", "serves": True}, {"name": "a", "serves": False}, {"name": "b", "serves": True})
    plan = {"nodes": {"n1": {"units": [first, second]}, "n2": {"units": [rank]}}}
    assert units_of(plan, "n1") == serving_units(plan) == [first, second]
    assert units_of(plan, "n2") == [rank] and units_of(plan, "elsewhere") == []


def test_nodes_that_serve_by_themselves():
    one, other = {"name": "a", "serves": True}, {"name": "a", "serves": True}
    plan = {"cluster": None, "nodes": {"n1": {"head": True, "units": [one]}, "n2": {"head": False, "units": [other]}}}
    assert independent(plan) and head_of(plan) == "n1" and placed_units(plan) == [("n1", one), ("n2", other)]
    assert not independent({**plan, "cluster": {"port": 1}}) and not independent({"nodes": {"n1": {}}})
    assert not independent({})
