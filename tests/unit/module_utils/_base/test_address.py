# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How others reach a node that is listed by its name, its address, or not at all."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.address import https, in_url, reached_at

LOCAL = {"ansible_connection": "local"}


def row(name, *addresses, physical=True, up=True):
    return {"name": name, "addresses": list(addresses), "physical": physical, "up": up}


def node(*rows, default=None):
    return {"network": {"default_interface": default, "interfaces": list(rows)}}


WIRED = node(
    row("lo", "127.0.0.1/8", "::1/128"),
    row("docker0", "172.17.0.1/16", physical=False),
    row("data0", "10.9.0.3/24"),
    row("eno1", "fe80::1/64", "fd00::3/64", "10.0.0.3/24"),
    default="eno1",
)
SIX = node(row("br-12ab", "172.18.0.1/16", physical=False), row("eno1", "fe80::1/64", "2001:db8::3/64"))


@pytest.mark.parametrize(
    ("variables", "name", "address"),
    [
        ({"ansible_host": "10.0.0.1"}, "gpu01", "10.0.0.1"),
        ({"appliance_address": "page.example", "ansible_host": "10.0.0.1"}, "gpu01", "page.example"),
        ({}, "10.0.0.1", "10.0.0.1"),
        ({"ansible_port": 2222}, "fd00::1", "fd00::1"),
        ({}, "gpu01.example", "gpu01.example"),
        ({"ansible_host": "", "ansible_ssh_host": "10.0.0.2"}, "gpu01", "10.0.0.2"),
        ({"ansible_host": "deploy@10.0.0.2"}, "gpu01", "10.0.0.2"),
        ({**LOCAL}, "gpu01", "gpu01"),  # its facts are not read yet
        ({**LOCAL, "appliance_node": WIRED}, "gpu01", "10.0.0.3"),
        ({"appliance_node": WIRED}, "localhost", "10.0.0.3"),
        ({"appliance_node": WIRED, "ansible_host": "127.0.0.1"}, "gpu01", "10.0.0.3"),
        ({"appliance_node": WIRED}, "gpu01", "gpu01"),
        ({**LOCAL, "appliance_node": WIRED}, "10.9.0.3", "10.9.0.3"),
        ({**LOCAL, "appliance_node": WIRED, "ansible_host": "10.9.0.3"}, "gpu01", "10.9.0.3"),
        ({**LOCAL, "appliance_node": WIRED, "appliance_address": "page.example"}, "gpu01", "page.example"),
        ({**LOCAL, "appliance_node": SIX}, "gpu01", "2001:db8::3"),
        ({**LOCAL, "appliance_node": node(row("lo", "127.0.0.1/8"))}, "gpu01", "gpu01"),
    ],
)
def test_by_which_address_a_node_is_reached(variables, name, address):
    assert reached_at(variables, name) == address


@pytest.mark.parametrize(
    ("address", "port", "url"),
    [
        ("10.0.0.1", 443, "https://10.0.0.1"),
        ("gpu01", "8443", "https://gpu01:8443"),
        ("fd00::1", 443, "https://[fd00::1]"),
        ("fe80::1%eth0", 8443, "https://[fe80::1]:8443"),
    ],
)
def test_the_address_of_the_page(address, port, url):
    assert https(address, port) == url and in_url("[fd00::1]") == "[fd00::1]"
