# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who fetches for whom, files and the engine's image."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.share import image_share, share

NODES = {"a": {"address": "10.0.0.1", "head": True}, "b": {"address": "10.0.0.2"}, "c": {"address": "fd00::3"}}


def test_sharing():
    found = share(NODES, "b", {"a": True, "b": False, "c": False}, 8810)
    assert found == {
        "active": True,
        "fetches": False,
        "mirrors": ["https://10.0.0.1:8810", "https://[fd00::3]:8810"],
        "address": "10.0.0.2",
        "allow": ["10.0.0.1", "fd00::3"],
        "name": "IP:10.0.0.2",
        "peers": ["a", "c"],
    }
    assert share(NODES, "a", {"a": False, "b": False}, 8810)["fetches"]


def test_the_name_in_a_certificate():
    nodes = {"a": {"address": "fd00::03", "head": True}, "b": {"address": "gpu02.example.org"}}
    verified = {"a": False, "b": False}
    assert [share(nodes, host, verified, 8810)["name"] for host in nodes] == ["IP:fd00::3", "DNS:gpu02.example.org"]


@pytest.mark.parametrize(
    ("nodes", "verified", "wanted"),
    [
        (NODES, {"a": True, "b": True, "c": True}, True),  # nothing to do
        (NODES, {"b": False}, True),  # one node alone
        ({"b": {"address": "10.0.0.2", "head": True}}, {"b": False}, True),  # and that is the head
        (NODES, {"b": False, "c": False}, True),  # without the head nobody has it
        (NODES, {"a": False, "b": False}, False),
        ({}, {"b": False}, True),
    ],
)
def test_no_sharing(nodes, verified, wanted):
    found = share(nodes, "b", verified, 8810, wanted)
    assert not found["active"] and found["fetches"] and not found["mirrors"]


def test_no_sharing_where_an_address_is_unknown_or_the_node_is_not_in_the_run():
    verified = {"a": False, "b": False}
    assert not share({**NODES, "b": {}}, "b", verified, 8810)["active"]
    assert not share(NODES, "c", verified, 8810)["active"] and share(NODES, "b", verified, 8810)["active"]


def test_the_head_is_first_wherever_it_stands():
    nodes = {"b": {"address": "b"}, "a": {"address": "a", "head": True}, "c": {"address": "c"}}
    verified = dict.fromkeys(nodes, False)
    assert share(nodes, "c", verified, 1)["peers"] == ["a", "b"]
    assert share(nodes, "a", verified, 1)["peers"] == ["b", "c"]


LACKS = "https://r/x:1"


def test_the_head_hands_an_image_to_those_that_lack_it():
    sources = {"a": LACKS, "b": LACKS, "c": "node"}
    head, taker, other = (image_share(NODES, host, sources, 8810) for host in "abc")
    assert head["active"] and head["fetches"] and head["peers"] == ["b"] and head["allow"] == ["10.0.0.2"]
    assert taker["active"] and not taker["fetches"] and taker["mirrors"] == ["https://10.0.0.1:8810"]
    assert not other["active"], "it has the image, and neither serves nor takes"
    assert image_share(NODES, "a", {**sources, "a": "node"}, 8810) == head, "a head that has it hands it on as well"


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        ({"a": "node", "b": "node", "c": "node"}, True),
        ({"a": LACKS, "b": "node", "c": "node"}, True),  # the head alone lacks it
        ({"b": LACKS, "c": LACKS}, True),  # a run without the head
        ({"a": LACKS}, True),
        ({"a": LACKS, "elsewhere": LACKS}, True),
        ({"a": LACKS, "b": LACKS}, False),
        ({}, True),
    ],
)
def test_no_image_is_handed_on(sources, wanted):
    assert not any(image_share(NODES, host, sources, 8810, wanted)["active"] for host in NODES)
