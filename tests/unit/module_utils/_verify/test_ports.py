# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports others can reach."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import ports


def row(address, port, protocol="tcp", **more):
    return {"protocol": protocol, "address": address, "port": port, **more}


def test_exposed():
    rows = [
        row("127.0.0.1", 8000),
        row("127.0.1.1", 1),
        row("::1", 8080),
        row("::ffff:127.0.0.1", 9),
        row("169.254.213.1", 8001, unit="nginx.service"),
        row("169.254.213.2", 22),
        row("0.0.0.0", 22),
        row("::", 443),
        row("0.0.0.0", 68, "udp"),
        row("10.0.0.1", 9100, process="node_exporter"),
        row("::", 11434, unit="ollama.service"),
        row("fe80::1%eth0", 5),
        row("*", 6),
    ]
    assert ports.exposed(rows, [22, "443"]) == [
        "*:6 (unknown)",
        "10.0.0.1:9100 (node_exporter)",
        ":::11434 (ollama.service)",
        "fe80::1%eth0:5 (unknown)",
    ]


def test_ports_between_nodes_are_not_counted():
    rows = [row("10.0.0.1", 40000), row("10.0.0.1", 80), row("0.0.0.0", 29501), row("0.0.0.0", 40000)]
    cluster = {"cluster": {"peers": ["10.0.0.1", "10.0.0.2"], "wide": [29501]}}
    assert ports.exposed(rows, [], cluster) == ["0.0.0.0:40000 (unknown)", "10.0.0.1:80 (unknown)"]


def test_an_independent_node_listens_for_its_head():
    nodes = {"a": {"head": True, "address": "10.0.0.1"}, "b": {"head": False, "address": "10.0.0.2"}}
    plan, rows = {"cluster": None, "nodes": nodes}, [row("10.0.0.1", 8000), row("10.0.0.2", 8000), row("::", 8000)]
    assert ports.exposed(rows, [], plan, "b") == ["10.0.0.1:8000 (unknown)", ":::8000 (unknown)"]
    assert ports.exposed(rows, [], plan, "a") == ports.exposed(rows, [], plan, "elsewhere") == ports.exposed(rows, [])


def test_the_head_listens_for_a_second_gateway():
    nodes = {name: {"head": name == "a", "address": f"10.0.0.{at}"} for at, name in enumerate("abc", 1)}
    plan = {"cluster": None, "nodes": nodes, "gateways": {"nodes": {"a": {}, "b": {}}}}
    assert ports.exposed([row("10.0.0.1", 8000), row("10.0.0.1", 80)], [], plan, "a") == ["10.0.0.1:80 (unknown)"]


def test_what_ray_draws_is_closed_by_the_firewall_alone():
    cluster = {"cluster": {"peers": ["10.0.0.1"], "wide": [6379]}}
    scope = "docker-0123.scope"
    rows = [
        {"address": "::", "port": 34397, "unit": scope},
        {"address": "0.0.0.0", "port": 40000, "unit": "stray.service"},
        {"address": "0.0.0.0", "port": 111, "unit": scope},
    ]
    stray = ["0.0.0.0:111 (docker-0123.scope)", "0.0.0.0:40000 (stray.service)"]
    assert ports.exposed(rows, [], cluster, walled=True) == stray
    assert ports.exposed(rows, [], cluster) == [*stray, ":::34397 (docker-0123.scope)"]
    assert ports.exposed(rows, [], None, walled=True) == ports.exposed(rows, [])
