# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interfaces, RDMA devices, routes and listeners, as the readers see them."""

from __future__ import annotations

import json
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import network

from tests.unit.module_utils._facts.captured import capture


def test_listeners_with_process_and_unit():
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    row = "   0: {} {} {} 00000000:00000000 00:00000000 00000000     0        0 {} 1 0 100 0 0 10 0\n"
    files = {
        "/proc/net/tcp": head
        + row.format("0100007F:1F40", "00000000:0000", "0A", 77)
        + row.format("0100007F:1F41", "0100007F:9999", "01", 78),
        "/proc/net/tcp6": head + row.format("0" * 32 + ":01BB", "0" * 32 + ":0000", "0A", 79),
        "/proc/12/comm": "docker-proxy\n",
        "/proc/12/cgroup": "1:name=systemd:/system.slice/docker.service\n",
        "/proc/13/comm": "nginx\n",
        "/proc/13/cgroup": "0::/system.slice/nginx.service\n",
    }
    links = {"/proc/12/fd/3": "socket:[77]", "/proc/13/fd/6": "socket:[79]"}
    found = network.listeners(capture(files, links=links))
    assert [(f["address"], f["port"], f["process"], f["unit"]) for f in found] == [
        ("::", 443, "nginx", "nginx.service"), ("127.0.0.1", 8000, "docker-proxy", "docker.service"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_addresses_of_proc(text, address):
    if sys.byteorder == "little":
        assert network.decode_address(text) == address


def test_rdma_route_and_names():
    base = "/sys/class/infiniband/mlx5_0"
    files = {
        base + "/ports/1/state": "4: ACTIVE\n", base + "/ports/1/rate": "400 Gb/sec (4X NDR)\n",
        base + "/ports/1/link_layer": "InfiniBand\n", base + "/device/net/ibs1/mtu": "4092\n",
        "/proc/net/route": "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
                           "eth1 00000000 0100000A 0003 0 0 200 00000000 0 0 0\n"
                           "bond0 00000000 0100000A 0003 0 0 100 00000000 0 0 0\n",
        "/etc/resolv.conf": "nameserver 10.0.0.2\nsearch x\n",
    }  # fmt: skip
    commands = {"getent ahosts n1": "10.0.0.11 STREAM n1\n10.0.0.11 DGRAM\n::1 STREAM\n", "getent ahosts n2": {"rc": 2}}
    host = capture(files, commands)
    assert network.rdma(host) == [
        {"name": "mlx5_0", "interfaces": ["ibs1"],
         "ports": [{"port": 1, "state": "ACTIVE", "rate_gbps": 400, "layer": "InfiniBand"}]}
    ]  # fmt: skip
    assert network.default_interface(host) == "bond0"
    assert network.name_addresses(host, "n1") == ["10.0.0.11", "::1"]
    assert network.name_addresses(host, "n2") == []
    assert network.name_addresses(host, "n3") is None
    assert network.network(host, "n1")["resolvers"] == ["10.0.0.2"]


def test_interfaces_with_and_without_iproute():
    base = "/sys/class/net/bond0"
    files = {
        base + "/address": "aa:bb:cc:dd:ee:ff\n", base + "/mtu": "9000\n", base + "/speed": "100000\n",
        base + "/operstate": "up\n", base + "/statistics/rx_errors": "3\n", base + "/statistics/tx_errors": "4\n",
        "/sys/class/net/bonding_masters": "bond0\n", "/sys/class/net/wlan0/address": "x\n",
        "/sys/class/net/wlan0/speed": "-1\n", "/sys/class/net/wlan0/operstate": "down\n",
        "/proc/net/if_inet6": "fe800000000000000000000000000001 02 40 20 80 bond0\n",
    }  # fmt: skip
    found = network.interfaces(capture(files))
    assert [item["name"] for item in found] == ["bond0", "wlan0"]
    assert found[0]["addresses"] == ["fe80::1/64"] and found[0]["errors"] == 7 and found[0]["up"]
    assert found[1]["speed_mbps"] is None and not found[1]["up"]
    rows = [{"ifname": "bond0", "addr_info": [{"local": "10.0.0.11", "prefixlen": 24}, {}]}]
    found = network.interfaces(capture(files, {"ip -j address show": json.dumps(rows)}))
    assert found[0]["addresses"] == ["10.0.0.11/24"]
