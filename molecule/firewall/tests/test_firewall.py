# SPDX-License-Identifier: GPL-3.0-or-later
"""What reaches a node: asked for real from the lab's network, the namespace that stands for the LAN."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LAN = ["nsenter", f"--net=/run/netns/yitiji-{os.environ.get('YITIJI_LAB', 'lab')}"]
PLAYBOOK = """
- hosts: {host}
  gather_facts: false
  tasks:
    - yitiji.deepseek.firewall_rules:
        admin_networks: [192.0.2.0/24]
        client_networks: [10.77.0.0/24]
        probation: 20
        force: {force}
"""


def address(host):
    return {"mol12": "10.77.0.112", "mol13": "10.77.0.113"}[host.backend.host.name]


def scan(host, ports):
    done = subprocess.run(
        [*LAN, sys.executable, str(ROOT / "tests/gateway/scan.py"), address(host), ports],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(port) for port in done.stdout.split()]


def table(root):
    return root("nft --stateless list table inet yitiji")


def shut_me_out(host, tmp_path, force):
    """A run that would close SSH to everybody but a network that nobody is in."""
    book = tmp_path / "shut.yml"
    book.write_text(PLAYBOOK.format(host=host.backend.host.name, force=force))
    inventory = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "inventory"
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", inventory, book],
        capture_output=True, text=True, check=False,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())  # molecule fails on anything written to stderr


def test_the_services_are_there(root):
    """So that a closed port below is closed by the rules."""
    for port in (443, 8000):
        assert root(f"curl -s -m 5 -o /dev/null -w '%{{http_code}}' http://127.0.0.1:{port}/") == "200"
    for port in (9000, 9001):
        assert root(f"curl -s -m 5 -o /dev/null -w '%{{http_code}}' http://172.31.0.2:{port}/") == "200"


def test_only_what_is_named_is_open(host):
    """9000 is published by redirection and closed, 9001 is published and named; 8000 listens on all addresses."""
    assert scan(host, "1-10000") == [22, 443, 9001]


def test_a_container_is_not_reached_by_its_own_address(host):
    told = subprocess.run(
        [*LAN, "sh", "-c", f"ip route add 172.31.0.0/24 via {address(host)}; curl -s -m 3 http://172.31.0.2:9000/;"
         "s=$?; ip route del 172.31.0.0/24; exit $s"], check=False, capture_output=True)  # fmt: skip
    assert told.returncode == 28


def test_it_is_the_rules_that_close(host, root):
    """Without them the same ports are open."""
    root("systemctl stop yitiji-firewall")
    try:
        assert scan(host, "8000-9001") == [8000, 9000, 9001]
    finally:
        root("systemctl start yitiji-firewall")


def test_others_tables_stay(root):
    assert "dnat to 172.31.0.2" in root("nft list table ip demo-docker")


def test_ipv6(root):
    told = root(
        "ip netns add six; ip link add s0 type veth peer name s1 netns six; ip addr add fd00:1::1/64 dev s0 nodad;"
        "ip link set s0 up; ip -n six addr add fd00:1::2/64 dev s1 nodad; ip -n six link set s1 up; sleep 1;"
        "for port in 443 8000; do ip netns exec six curl -s -m 3 -o /dev/null -w '%{exitcode} ' http://[fd00:1::1]:$port/;"
        "done; ip netns exec six ping -6 -c1 -W3 fd00:1::1 >/dev/null && echo ping; ip netns del six"
    )
    # 443 listens on IPv4 alone here: refused at once (7) is let in; 8000 is dropped (28)
    assert told.split() == ["7", "28", "ping"]


def test_rules_that_shut_out_their_own_session_are_refused(host, root, tmp_path):
    before = table(root)
    said = shut_me_out(host, tmp_path, "false")
    assert "LLM807" in said and "10.77.0.1" in said and "firewall_admin_networks" in said
    assert table(root) == before


def test_forced_ones_go_back_by_themselves(host, root, tmp_path):
    before = table(root)
    said = shut_me_out(host, tmp_path, "true")
    assert "LLM808" in said and "the old rules are back" in said
    assert table(root) == before
    assert root("systemctl is-active yitiji-firewall-rollback.timer") == "inactive"


def test_survives_a_flush_by_the_distributions_service(root):
    before = table(root)
    root("systemctl restart nftables; sleep 1")
    assert table(root) == before
    root(
        "systemctl disable --now nftables; systemctl start yitiji-firewall; systemctl stop box1 box; ip netns del box;"
        "ip link del br-demo; systemctl start box box1"
    )


@pytest.mark.parametrize("what", ["is-enabled", "is-active"])
def test_comes_back_at_boot(root, what):
    assert root(f"systemctl {what} yitiji-firewall") in ("enabled", "active")
