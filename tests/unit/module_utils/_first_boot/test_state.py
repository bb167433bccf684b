# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first boot: the small file, whether there is anything to do, and what it says."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import state

from tests.unit.module_utils._first_boot.samples import CARD, NODE, now


def test_the_second_boot_has_nothing_to_do():
    assert state.reasons({**now(), "stage": "done"}, now()) == []


@pytest.mark.parametrize(("known", "word"), [
    ({}, "first boot"), ({**now(), "stage": "running"}, "cut off"), ({**now(), "stage": "failed"}, "failed"),
    ({**now(address="10.0.0.6"), "stage": "done"}, "address"),
    ({**now(settings={"hostname": "a"}), "stage": "done"}, "settings"),
])  # fmt: skip
def test_why_there_is_something_to_do(known, word):
    assert word in state.reasons(known, now())[0].en


@pytest.mark.parametrize(("change", "word"), [
    ({"uuid": "GPU-2"}, "replaced"), ({"bus": "0000:18:00.0"}, "gone"), (None, "gone"),
])  # fmt: skip
def test_another_card_is_noticed(change, word):
    other = {**NODE, "gpus": [{**CARD, **change}] if change else []}
    assert word in state.changes(state.hardware(NODE), state.hardware(other))[0].en


def test_a_driver_that_came_later_is_no_other_card():
    before = state.hardware({**NODE, "gpus": [{**CARD, "uuid": None}]})
    assert state.changes(before, state.hardware(NODE)) == []


def test_memory_may_differ_a_little():
    less = {**NODE, "memory": {"total_bytes": 63.4 * 2**30}}
    half = {**NODE, "memory": {"total_bytes": 32 * 2**30}}
    assert state.changes(state.hardware(NODE), state.hardware(less)) == []
    assert "memory" in state.changes(state.hardware(NODE), state.hardware(half))[0].en


def test_the_site_wins_over_the_vendor():
    made = state.inventory("demo", "ai01", "/p", [{"appliance_profile": "basic"}, {"appliance_profile": "lab"}])
    host = made["all"]["children"]["appliances"]["children"]["demo"]["hosts"]["ai01"]
    assert host["appliance_profile"] == "lab" and host["ansible_connection"] == "local"
