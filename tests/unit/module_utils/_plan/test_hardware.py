# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards found by id, name and size."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import (
    GIB,
    Gpu,
    Node,
    match_gpu,
    read_nodes,
)

CARD = {"index": 3, "pci_id": "10de:2684", "vendor": "nvidia"}


def test_cards_are_found_by_id_name_and_size(catalog):
    assert match_gpu({"pci_id": "10DE:2684", "memory_bytes": int(23.5 * 2**30)}, catalog)[0] == "rtx-4090-24g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-80GB", "memory_bytes": 79 * 2**30}, catalog)[0] == "a100-80g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-40GB", "memory_bytes": 39 * 2**30}, catalog)[0] == "a100-40g"
    assert match_gpu({"name": "NVIDIA H20", "memory_bytes": 140 * 2**30}, catalog)[0] == "h20-141g"
    assert match_gpu({"name": "NVIDIA H200", "memory_bytes": 140 * 2**30}, catalog)[0] == "h200-141g"
    assert match_gpu({"name": "Riva 128"}, catalog) == ("Riva 128", {})


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"name": "NVIDIA H20-3e", "memory_bytes": 140 * GIB}, "h20-141g"),
        ({"name": "NVIDIA GeForce RTX 4090", "memory_bytes": int(23.5 * GIB * 1.17)}, "rtx-4090-24g"),
        ({"name": "NVIDIA GeForce RTX 4090", "memory_bytes": 36 * GIB}, "NVIDIA GeForce RTX 4090"),
        ({"pci_id": "10de:2684", "memory_bytes": 36 * GIB}, "10de:2684"),
        ({"name": "NVIDIA GeForce RTX 4090"}, "rtx-4090-24g"),
        ({"pci_id": "10DE:2685", "name": "NVIDIA H20"}, "rtx-4090-24g"),
        ({}, "unknown"),
    ],
)
def test_a_card_of_another_size_is_another_card(catalog, raw, found):
    assert match_gpu(raw, catalog)[0] == found


def read(catalog, gpus, **facts):
    [node] = read_nodes({"n": {"address": "10.0.0.1", "facts": {"gpus": gpus, "memory": {}, **facts}}}, catalog)
    return node


def test_what_a_driver_does_not_say_is_the_catalogues(catalog):
    [card] = read(catalog, [CARD]).gpus
    assert card == Gpu(3, "rtx-4090-24g", "nvidia", int(23.5 * GIB), None, 8.9, False, True, True)
    assert card.name == "NVIDIA RTX 4090 24 GB"
    said = {
        **CARD,
        "vendor": "",
        "memory_bytes": 23 * GIB,
        "free_bytes": 5,
        "compute_capability": "8.6",
        "nvlink": True,
    }
    [card] = read(catalog, [said]).gpus
    assert card == Gpu(3, "rtx-4090-24g", "nvidia", 23 * GIB, 5, 8.6, True, True, True)
    [card] = read(catalog, [{"pci_id": "10de:2329", "nvlink": False}]).gpus
    assert card == Gpu(0, "h20-96g", "nvidia", int(95.2 * GIB), None, 9.0, False, True, True)
    [card] = read(catalog, [{"pci_id": "10de:2329"}]).gpus
    assert card.nvlink, "as the catalogue has it"
    [card] = read(catalog, [{"name": "Riva 128"}]).gpus
    assert card == Gpu(0, "Riva 128", "unknown", 0, None, None, False, False, True)


def test_a_node_as_it_was_read(catalog):
    network = {
        "rdma": True,
        "interfaces": [
            {"name": "lo"},
            {"name": "eth0", "addresses": ["10.0.0.10/24"]},
            {"name": "ib0", "addresses": ["fe80::1/64", "10.0.0.1/24"]},
        ],
    }
    facts = {
        "memory": {"total_bytes": 7}, "nvidia": {"driver_version": "595.10"}, "cpu": {"cores": 4, "sockets": 2},
        "network": network, "kernel": "6.1",
    }  # fmt: skip
    node = read(catalog, [], **facts)
    assert (node.name, node.address, node.source, node.interface) == ("n", "10.0.0.1", "facts", "ib0")
    assert (node.memory_bytes, node.driver, node.cpu_cores, node.cpu_sockets) == (7, "595.10", 4, 2)
    assert node.rdma is True and node.link_gbps is None and node.machine.kernel == "6.1"
    bare = read(catalog, [], kernel="6.1")
    assert (bare.interface, bare.memory_bytes, bare.driver, bare.cpu_cores, bare.rdma) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_a_node_as_it_is_declared(catalog):
    hardware = {
        "gpus": [{"model": "rtx-4090-24g"}, {"model": "h20-96g", "count": 2}],
        "memory_gib": 1.5, "cpu": {"sockets": 2, "cores_per_socket": 32},
        "network": [{"speed_gbps": 25}, {"speed_gbps": 400, "rdma": True}, {}],
    }  # fmt: skip
    [node] = read_nodes({"n": {"hardware": hardware}}, catalog)
    assert [(card.index, card.kind) for card in node.gpus] == [(0, "rtx-4090-24g"), (1, "h20-96g"), (2, "h20-96g")]
    assert node.gpus[1] == Gpu(1, "h20-96g", "nvidia", int(95.2 * GIB), None, 9.0, True, True, True)
    seen = (node.address, node.source, node.memory_bytes, node.cpu_cores, node.cpu_sockets, node.link_gbps, node.rdma)
    assert seen == ("n", "declared", 1610612736, 64, 2, 400.0, True)
    [node] = read_nodes({"n": {"hardware": {"cpu": {"cores_per_socket": 8}}}}, catalog)
    assert node == Node("n", "n", (), None, None, "declared", cpu_cores=8)
    [node] = read_nodes({"n": {"hardware": {"gpus": [{"model": "ascend-910b-64g"}], "cpu": {"sockets": 2}}}}, catalog)
    assert node.gpus[0].vendor == "huawei" and node.gpus[0].verified is False and node.gpus[0].capability is None
    assert node.cpu_cores is None and node.cpu_sockets == 2


def test_facts_win_and_nothing_is_refused(catalog):
    both = {"facts": {"gpus": [CARD]}, "hardware": {"gpus": [{"model": "h20-96g"}]}}
    assert read_nodes({"n": both}, catalog)[0].gpus[0].kind == "rtx-4090-24g"
    for nodes, rule in (
        ({}, "LLM512"),
        ({"n": {}}, "LLM513"),
        ({"n": {"hardware": {"gpus": [{"model": "x"}]}}}, "LLM525"),
    ):
        with pytest.raises(Refusal) as refused:
            read_nodes(nodes, catalog)
        assert refused.value.rule == rule
