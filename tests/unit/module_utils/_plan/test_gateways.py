# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways before independent nodes, and the address that one of them holds."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import gateways_of, placed_units
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import explain

from tests.sizing.common import declared, plan

FACTS = {"gpus": [], "memory": {"total_bytes": 24 * 2**30}, "cpu": {"cores": 2}}
TWO = {"second_gateway": "n2", "virtual_address": "10.0.0.9"}


def interfaces(number, *more):
    rows = [
        {"name": "docker0", "addresses": ["10.0.0.1/16"]},
        {"name": "eth1", "addresses": [f"192.168.0.{number}/24", f"fd00::{number}/64"]},
        {"name": "eth0", "addresses": [f"10.0.0.{number}/24", *more]},
    ]
    return {"interfaces": rows}


def read(*more):
    """Three nodes as they were read; `more`: further addresses of the second."""
    return {
        f"n{at}": {"address": f"10.0.0.{at}", "facts": {**FACTS, "network": interfaces(at, *(more if at == 2 else ()))}}
        for at in (1, 2, 3)
    }


def made(catalog, there, **wish):
    return plan(catalog, there, **{"independent_nodes": True, "profile": "lab", **TWO, **wish})


def test_both_are_named_and_ask_the_same_engines(catalog):
    found = made(catalog, read())
    rows = {f"n{at}": {"interface": "eth0", "address": f"10.0.0.{at}"} for at in (1, 2)}
    assert found["gateways"] == {"address": "10.0.0.9", "router": 77, "nodes": rows}
    assert gateways_of(found) == ["n1", "n2"]
    assert [unit["url"] for _name, unit in placed_units(found)] == [f"http://10.0.0.{at}:8000" for at in (1, 2, 3)]
    assert "n1, n2" in explain(found, "en") and "10.0.0.9" in explain(found, "zh")


def test_the_rest_of_the_plan_is_as_ever(catalog):
    found, before = made(catalog, read()), made(catalog, read(), second_gateway="", virtual_address="")
    assert "gateways" not in before and gateways_of(before) == ["n1"]
    del found["gateways"]
    found["nodes"]["n1"]["units"][0]["url"] = "http://127.0.0.1:8000"
    assert found == before


def test_the_network_of_the_address_need_not_be_the_one_between_the_nodes(catalog):
    found = made(catalog, read(), virtual_address="fd00::9", virtual_router=3)["gateways"]
    assert found["nodes"]["n2"] == {"interface": "eth1", "address": "fd00::2"} and found["router"] == 3


def test_the_address_may_be_there_already(catalog):
    assert made(catalog, read("10.0.0.9/32")) == made(catalog, read())


def test_declared_machines_have_no_interface_yet(catalog):
    there = declared("rtx-4090-24g", 8, 2)
    found = made(catalog, there, profile="basic")["gateways"]
    assert [row["interface"] for row in found["nodes"].values()] == [None, None]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"virtual_address": ""}, "one of them is empty"),
        ({"second_gateway": ""}, "one of them is empty"),
        ({"independent_nodes": False}, "two nodes or more"),
        ({"second_gateway": "n4"}, "n4 is not another node of the deployment; besides the head there are: n2, n3"),
        ({"second_gateway": "n1"}, "n1 is not another node"),
        ({"virtual_router": 0}, "1 to 255"),
        ({"virtual_router": 256}, "1 to 255"),
        ({"virtual_address": "10.0.0.9/24"}, "not an address"),
        ({"virtual_address": "gateway.example"}, "not an address"),
        ({"virtual_address": "127.0.0.5"}, "not an address"),
        ({"virtual_address": "fe80::1"}, "not an address"),
        ({"virtual_address": "10.0.0.3"}, "own address of n3"),
        ({"virtual_address": "192.168.0.2"}, "own address of n2"),
        ({"virtual_address": "10.0.1.9"}, "n1 has no interface in the network"),
    ],
    ids=str,
)
def test_what_cannot_be(catalog, wish, said):
    with pytest.raises(Refusal) as caught:
        made(catalog, read(), **wish)
    assert caught.value.rule == "LLM559" and said in caught.value.reason.en and caught.value.remedies


def test_one_node_alone(catalog):
    there = read()
    with pytest.raises(Refusal, match="two nodes"):
        made(catalog, {"n1": there["n1"]})


def test_the_head_must_hold_its_address_too(catalog):
    there = read()
    there["n1"]["address"] = "head.example"
    with pytest.raises(Refusal) as caught:
        made(catalog, there)
    assert caught.value.rule == "LLM401" and "n1" in caught.value.reason.en
