# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as people write them, and mistakes as they make them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._new_site.nodes import (
    Node,
    check_group,
    check_ip,
    check_network,
    check_url,
    parts,
    read_nodes,
)


def rules(value, site="campus"):
    return [refusal.rule for refusal in read_nodes("nodes", value, site)[1]]


@pytest.mark.parametrize(
    ("value", "nodes"),
    [
        ("gpu01=10.0.0.11", [Node("gpu01", "10.0.0.11")]),
        ("gpu01=10.0.0.11,gpu02=10.0.0.12", [Node("gpu01", "10.0.0.11"), Node("gpu02", "10.0.0.12")]),
        ("  gpu01=10.0.0.11 ;\n gpu02=10.0.0.12 ", [Node("gpu01", "10.0.0.11"), Node("gpu02", "10.0.0.12")]),
        (
            "ｇｐｕ01＝１０．０．０．１１，gpu02=10.0.0.12、gpu03=10.0.0.13",
            [Node("gpu01", "10.0.0.11"), Node("gpu02", "10.0.0.12"), Node("gpu03", "10.0.0.13")],
        ),
        (["gpu01=10.0.0.11", "gpu02=10.0.0.12"], [Node("gpu01", "10.0.0.11"), Node("gpu02", "10.0.0.12")]),
        (
            [{"name": "gpu01", "address": "10.0.0.11", "data_address": "10.1.0.11"}, "gpu02=10.0.0.12"],
            [Node("gpu01", "10.0.0.11", 0, "10.1.0.11"), Node("gpu02", "10.0.0.12")],
        ),
        ({"name": "gpu01"}, [Node("gpu01", "")]),
        ("10.0.0.11 10.0.0.12", [Node("campus01", "10.0.0.11"), Node("campus02", "10.0.0.12")]),
        ("2001:db8::1", [Node("campus01", "2001:db8::1")]),
        ("gpu01=[2001:db8::1]:2222", [Node("gpu01", "2001:db8::1", 2222)]),
        ("gpu01=[2001:db8::1]", [Node("gpu01", "2001:db8::1")]),
        ("gpu01=10.0.0.11:2222", [Node("gpu01", "10.0.0.11", 2222)]),
        ("gpu01.example.com", [Node("gpu01.example.com", "")]),
        ("gpu01.example.com:2222", [Node("gpu01.example.com", "", 2222)]),
        ("GPU_01=gpu01.lan", [Node("GPU_01", "gpu01.lan")]),
        ("gpu01=local", [Node("gpu01", "local")]),
        ("local", [Node("campus01", "local")]),
    ],
)
def test_what_is_understood(value, nodes):
    assert read_nodes("nodes", value, "campus") == (nodes, [])


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        # addresses
        ("gpu01=10.0.0.300", ["LLM179"]),
        ("gpu01=10.0.0", ["LLM179"]),
        ("10.0.0", ["LLM179"]),
        ("gpu01=10.0.0.1/24", ["LLM179"]),
        ("gpu01=10.0.0.1:0", ["LLM179"]),
        ("gpu01=10.0.0.1:", ["LLM179"]),
        ("gpu01=10.0.0.1:65536", ["LLM179"]),
        ("gpu01=10.0.0.1:ssh", ["LLM179"]),
        ("gpu01=[2001:db8::1", ["LLM179"]),
        ("gpu01=[2001:db8::1]x", ["LLM179"]),
        ("gpu01=2001:db8::g", ["LLM179"]),
        ("gpu01=root@10.0.0.1", ["LLM179"]),
        ("gpu01=", ["LLM179"]),
        ("=10.0.0.1", ["LLM179"]),
        ("gpu01=0.0.0.0", ["LLM179"]),
        ("gpu01=::", ["LLM179"]),
        ("gpu01=224.0.0.1", ["LLM179"]),
        ("gpu01=255.255.255.255", ["LLM179"]),
        ("gpu01=127.0.0.1", ["LLM179"]),
        ("gpu01=::1", ["LLM179"]),
        ("gpu01=localhost", ["LLM179"]),
        ("gpu01=LOCALHOST.", ["LLM179"]),
        ("gpu01=169.254.1.1", ["LLM179"]),
        ("gpu01=fe80::1", ["LLM179"]),
        ("gpu01=-gpu", ["LLM179"]),
        ("gpu01=a..b", ["LLM179"]),
        ("gpu01=local gpu02=local", ["LLM179"]),
        ([{"name": "gpu01", "address": "10.0.0.1", "data_address": "data01"}], ["LLM179"]),
        # names
        ("gpu[01:10]=10.0.0.1", ["LLM178"]),
        ("gpu-=10.0.0.1", ["LLM178"]),
        ("节点=10.0.0.1", ["LLM178"]),
        ("all=10.0.0.1", ["LLM178"]),
        ("Localhost=10.0.0.1", ["LLM178"]),
        ("appliances=10.0.0.1", ["LLM178"]),
        ("campus=10.0.0.1", ["LLM178"]),
        ("x" * 254 + "=10.0.0.1", ["LLM178"]),
        # twice
        ("gpu01=10.0.0.1 gpu01=10.0.0.2", ["LLM180"]),
        ("gpu01=10.0.0.1 GPU01=10.0.0.2", ["LLM180"]),
        ("gpu01=10.0.0.1 gpu02=10.0.0.1", ["LLM180"]),
        ("gpu01=10.0.0.1 gpu02=10.0.0.1:2222", ["LLM180"]),
        ("gpu01=2001:db8::1 gpu02=2001:DB8:0::1", ["LLM180"]),
        ("gpu01=a.lan gpu02=A.lan.", ["LLM180"]),
        ("a.lan a.lan", ["LLM180"]),
        # keys of a dictionary
        ([{"name": "gpu01", "ip": "10.0.0.1"}], ["LLM183"]),
        ([{"data_address": "10.1.0.1"}], ["LLM183"]),
        # all at once
        ("gpu01=10.0.0.300 all=10.0.0.1 gpu03=10.0.0.3 gpu03=10.0.0.4", ["LLM179", "LLM178", "LLM180"]),
    ],
)
def test_what_is_refused(value, wrong):
    assert rules(value) == wrong


@pytest.mark.parametrize("name", ["campus", "a", "a_1", "x" * 63])
def test_a_name_for_a_group(name):
    check_group("name", name)


@pytest.mark.parametrize(
    "name", ["Campus", "1a", "a-b", "a b", "a.b", "校园", "", "x" * 64, "all", "appliances", "hosts"]
)
def test_no_name_for_a_group(name):
    with pytest.raises(Refusal) as caught:
        check_group("name", name)
    assert caught.value.rule == "LLM178"


@pytest.mark.parametrize("text", ["10.1.0.0/16", "2001:db8::/32", "10.0.0.5"])
def test_networks(text):
    assert check_network("networks", text).startswith(text)


@pytest.mark.parametrize(
    ("text", "says"), [("10.0.0.5/24", "10.0.0.0/24"), ("office", "10.1.0.0/16"), ("10.0.0.0/33", "/16")]
)
def test_no_networks(text, says):
    with pytest.raises(Refusal) as caught:
        check_network("networks", text)
    assert caught.value.rule == "LLM179" and says in str(caught.value)


@pytest.mark.parametrize(
    "text", ["http://10.0.0.1:3128", "https://mirror.example.com/docker/", "http://[2001:db8::1]:80"]
)
def test_urls(text):
    assert check_url("proxy", text) == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1:3128",
        "ftp://a",
        "http://",
        "http://a b",
        "http://[::1",
        "http://a:99999",
        "http://{{ x }}",
        'http://a"',
    ],
)
def test_no_urls(text):
    with pytest.raises(Refusal) as caught:
        check_url("proxy", text)
    assert caught.value.rule == "LLM183"


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(Refusal) as caught:
        check_url("proxy", "http://me:secret@proxy.lan:3128")
    assert caught.value.rule == "LLM183" and "secret" not in caught.value.message("localhost")


def test_an_address_of_the_data_network_is_an_address():
    check_ip("data", "10.1.0.1")
    for text in ("data01", "127.0.0.1", "fe80::1", "0.0.0.0"):
        with pytest.raises(Refusal):
            check_ip("data", text)


def test_parts():
    assert parts(None) == parts("") == parts([]) == []
    assert parts(["a b", "c"]) == ["a", "b", "c"]
