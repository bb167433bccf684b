# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes need that compute together, and that one node alone needs nothing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.cluster import (
    check_addresses,
    cluster_part,
    group_words,
    node_devices,
    node_env,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import Node

ONE = Node("n1", "10.0.0.1", (), None, None, "facts", interface="eth0")
TWO = replace(ONE, name="n2", address="10.0.0.2", interface="ib0", rdma=True)
THREE = replace(ONE, name="n3", address="10.0.0.3", source="declared", interface=None)
NODES = [ONE, TWO, THREE]


def test_an_address_that_no_interface_holds_is_refused_where_facts_are_known():
    check_addresses(NODES)
    with pytest.raises(Refusal) as refused:
        check_addresses([ONE, replace(TWO, interface=None)])
    assert refused.value.rule == "LLM401"
    assert "n2" in refused.value.reason.en and "10.0.0.2" in refused.value.reason.en


def test_one_node_needs_nothing():
    assert cluster_part([ONE], "mp") is None and node_env(ONE, None) == {}
    assert group_words(None, [ONE], 0, "http://h") == [] and node_devices(TWO, False) == []


def test_nodes_know_their_head_and_peers():
    plain, ray = cluster_part(NODES, "mp"), cluster_part(NODES[:2], "ray")
    assert plain == {
        "executor": "mp", "head": "10.0.0.1", "port": 29500, "ray_port": None,
        "peers": ["10.0.0.1", "10.0.0.2", "10.0.0.3"], "ports": ["1024-65535"], "wide": [29501],
    }  # fmt: skip
    assert (ray["executor"], ray["ray_port"], ray["wide"]) == ("ray", 6379, [6379])
    assert node_env(TWO, plain) == {
        "VLLM_HOST_IP": "10.0.0.2", "NCCL_SOCKET_IFNAME": "=ib0", "GLOO_SOCKET_IFNAME": "ib0",
    }  # fmt: skip
    assert node_env(THREE, ray) == {
        "VLLM_HOST_IP": "10.0.0.3", "RAY_ADDRESS": "10.0.0.1:6379", "RAY_AUTH_MODE": "token",
    }  # fmt: skip
    assert node_devices(TWO, True) == ["/dev/infiniband"] and node_devices(ONE, True) == []


def test_each_rank_meets_the_head_and_the_head_watches_all():
    part = cluster_part(NODES, "mp")
    assert group_words(part, NODES, 2, "http://h") == ["--head", "10.0.0.1:29500", "--rank", "2"]
    assert group_words(part, NODES, 0, "http://h") == [
        "--listen", "10.0.0.1:29500", "--health", "http://h", "--peer", "1=n2=10.0.0.2", "--peer", "2=n3=10.0.0.3",
    ]  # fmt: skip
