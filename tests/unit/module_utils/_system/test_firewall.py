# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as text, and who they would shut out."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall as core

from tests.unit.module_utils.preflight_rules import rules_of

SETTINGS = {
    "admin_networks": ["10.1.0.0/16", "fd00:1::/64"],
    "ssh_ports": ["22"],
    "client_networks": ["10.0.0.0/8"],
    "client_ports": ["80", "443"],
    "peers": ["10.9.0.2"],
    "cluster_ports": ["1024-65535"],
    "container_ports": ["8000"],
    "open": [{"ports": ["161"], "networks": ["10.2.0.7"], "protocol": "udp"}],
}


def rules(**changed):
    return core.render({**SETTINGS, **changed})


def test_what_is_open():
    text = rules()
    for line in (
        "ip saddr { 10.1.0.0/16 } tcp dport { 22 } accept",
        "ip6 saddr { fd00:1::/64 } tcp dport { 22 } accept",
        "ip saddr { 10.0.0.0/8 } tcp dport { 80, 443 } accept",
        "ip saddr { 10.9.0.2/32 } tcp dport { 1024-65535 } accept",
        "ip saddr { 10.9.0.2/32 } udp dport { 1024-65535 } accept",
        "ip saddr { 10.2.0.7/32 } udp dport { 161 } accept",
        'iifname { "docker0", "br-*" } tcp dport { 8000 } accept',
    ):
        assert line in text
    assert text.count("accept\n") - text.count("policy accept") < 30


def test_only_our_table_is_named():
    assert "flush" not in rules()
    assert {line.split(maxsplit=1)[1].strip(" {") for line in rules().splitlines() if line.startswith("table")} == {
        core.TABLE
    }


def test_nothing_given_opens_nothing():
    none = {key: [] for key in SETTINGS}
    text = core.render(none)
    assert " dport {" not in text and "counter drop" in text


@pytest.mark.parametrize(
    "changed",
    [
        {"admin_networks": ["10.0.0.0/33"]},
        {"client_networks": ["here"]},
        {"ssh_ports": ["ssh"]},
        {"client_ports": ["0"]},
        {"client_ports": ["9-8"]},
        {"open": [{"ports": ["1"], "networks": ["10.0.0.1; flush ruleset"]}]},
        {"open": [{"ports": ["1"], "networks": ["10.0.0.1"], "protocol": "icmp"}]},
        {"container_ports": ["8000; flush ruleset"]},
    ],
)
def test_what_is_no_network_or_port(changed):
    with pytest.raises(Refusal) as caught:
        rules(**changed)
    assert caught.value.rule == "LLM806"


def test_every_mistake_is_told():
    wrong = {"ssh_ports": ["0", "22"], "client_networks": ["here"], "container_ports": ["x"]}
    wrong["open"] = [{"ports": ["1"], "networks": ["10.0.0.1"], "protocol": "icmp"}]
    assert rules_of(core.problems, SETTINGS) == []
    assert rules_of(core.problems, SETTINGS, **wrong) == ["LLM806"] * 4


@pytest.mark.parametrize(
    ("address", "port", "enters"),
    [
        ("10.1.2.3", 22, True),
        ("fd00:1::5", 22, True),
        ("10.3.0.1", 22, False),
        ("10.3.0.1", 443, True),
        ("10.1.2.3", 2222, False),
        ("10.9.0.2", 2222, True),
        ("127.0.0.1", 22, True),
        ("fe80::1%eth0", 22, False),
        ("10.2.0.7", 161, False),
    ],
)
def test_who_gets_in(address, port, enters):
    assert core.admits(core.doors(SETTINGS), address, port) is enters


def test_ones_own_session_is_never_shut_out():
    core.check_session(core.doors(SETTINGS), [("10.1.2.3", 22)], ["22"])
    core.check_session(core.doors(SETTINGS), [], ["22"])
    with pytest.raises(Refusal) as caught:
        core.check_session(core.doors(SETTINGS), [("192.0.2.1", 22)], ["22"])
    assert caught.value.rule == "LLM807" and "192.0.2.1" in caught.value.remedy.en


def test_the_session_of_a_process():
    assert core.session_of("PATH=/bin\0SSH_CONNECTION=10.0.0.9 40000 10.0.0.1 22\0") == [("10.0.0.9", 22)]
    assert core.session_of("PATH=/bin\0") == core.session_of("SSH_CONNECTION=odd") == []


def test_the_way_back():
    assert core.undo("") == "table inet yitiji\ndelete table inet yitiji\n"
    assert core.undo(rules()) == rules()


def test_peers_of_a_plan():
    nodes = {"a": {"address": "10.9.0.1"}, "b": {"address": "10.9.0.2"}}
    cluster = {"nodes": nodes, "cluster": {"ports": ["1024-65535"]}}
    assert core.peers(cluster, "a", 8810) == {"addresses": ["10.9.0.2"], "ports": ["1024-65535"], "open": []}
    assert core.peers({"nodes": nodes, "cluster": {"ports": ["29501"]}}, "b") == {
        "addresses": ["10.9.0.1"],
        "ports": ["29501"],
        "open": [],
    }
    none = {"addresses": [], "ports": [], "open": []}
    assert core.peers({"nodes": {"a": nodes["a"]}}, "a") == core.peers({}, "a") == none


def test_independent_nodes_are_reached_by_their_head_alone():
    nodes = {name: {"address": f"10.9.0.{at}", "head": at == 1} for at, name in enumerate("abc", 1)}
    plan = {"nodes": nodes, "cluster": None}
    share = {"ports": ["8810"], "networks": ["10.9.0.1", "10.9.0.3"]}
    assert core.peers(plan, "b", 8810) == {"addresses": ["10.9.0.1"], "ports": ["1024-65535"], "open": [share]}
    assert core.peers(plan, "a") == {"addresses": [], "ports": [], "open": []}
    given = core.peers(plan, "b", 8810)
    rows = core.doors({**SETTINGS, "peers": given["addresses"], "cluster_ports": given["ports"], "open": given["open"]})
    asked = [(address, port) for address in ("10.9.0.1", "10.9.0.3", "10.1.2.3") for port in (8000, 8810)]
    open_to = [one for one in asked if core.admits(rows, *one)]
    assert open_to == [("10.9.0.1", 8000), ("10.9.0.1", 8810), ("10.9.0.3", 8810)]


def test_a_second_gateway_reaches_every_engine_and_the_two_talk_by_vrrp():
    nodes = {
        name: {"address": f"10.9.0.{at}", "head": at == 1, "units": [{"port": 8000}, {"port": 8001}]}
        for at, name in enumerate("abc", 1)
    }
    holders = {name: {"address": nodes[name]["address"].replace(".9.", ".8.")} for name in "ab"}
    plan = {"nodes": nodes, "cluster": None, "gateways": {"nodes": holders}}
    asks = {"ports": ["8000", "8001"], "networks": ["10.9.0.2"]}

    def vrrp(other):
        return {"protocol": "vrrp", "ports": [], "networks": [f"10.8.0.{other}"]}

    assert core.peers(plan, "a") == {"addresses": [], "ports": [], "open": [asks, vrrp(2)]}
    assert core.peers(plan, "b") == {"addresses": ["10.9.0.1"], "ports": ["1024-65535"], "open": [vrrp(1)]}
    assert core.peers(plan, "c") == {"addresses": ["10.9.0.1"], "ports": ["1024-65535"], "open": [asks]}
    given = {**SETTINGS, "peers": [], "cluster_ports": [], "open": core.peers(plan, "a")["open"]}
    assert "ip saddr { 10.8.0.2/32 } meta l4proto 112 accept" in core.render(given)
    rows = core.doors(given)
    assert [core.admits(rows, *one) for one in (("10.9.0.2", 8001), ("10.8.0.2", 8001), ("10.9.0.2", 9000))] == [
        True, False, False,
    ]  # fmt: skip


def test_each_session_is_looked_at_not_only_the_first():
    core.check_session(core.doors(SETTINGS), [("10.1.2.3", 22), ("10.1.2.4", 22)], ["22"])
    with pytest.raises(Refusal):
        core.check_session(core.doors(SETTINGS), [("10.1.2.3", 22), ("192.0.2.1", 22)], ["22"])
