# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small file that the customer writes."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import settings

from tests.unit.module_utils._first_boot.samples import KEY

FILE = f"""\ufeff# 现场\r
[appliance]\r
hostname = ai01   ; the name\r
address = 10.0.0.5/24\r
gateway = 10.0.0.1\r
dns = 10.0.0.2, 10.0.0.3\r
admin_networks = 10.0.9.0/24\r
ssh_key = {KEY}\r
"""


def test_the_small_file_as_notepad_writes_it():
    found = settings.parse(FILE)
    assert found["hostname"] == "ai01" and found["dns"] == ["10.0.0.2", "10.0.0.3"] and found["ssh_key"] == KEY
    text = settings.network_file(found)
    assert "Address=10.0.0.5/24\nGateway=10.0.0.1\nDNS=10.0.0.2\nDNS=10.0.0.3\n" in text
    assert settings.variables(found) == {"firewall_admin_networks": ["10.0.9.0/24"]}


def test_without_a_section_or_an_address():
    assert settings.parse("hostname = ai01") == {"hostname": "ai01"}
    assert "DHCP=yes" in settings.network_file({})


def test_the_network_is_that_of_cards_alone():
    """A container's cable is of type ether too; given the machine's address it would leave its bridge."""
    match = settings.network_file({"address": "10.0.0.5/24"}).split("[Network]")[0]
    assert "\nType=ether\nKind=!*\n" in match
    assert settings.network_file({"interface": "eno1"}).split("[Network]")[0].endswith("[Match]\nName=eno1\n\n")


@pytest.mark.parametrize("line", [
    "hostname = no_name", "address = 10.0.0.5", "address = 10.0.0.500/24", "dns = nowhere", "colour = red",
    "language = fr", "address = 10.0.0.5/24\ngateway = 10.1.0.1", "admin_networks = 10.0.0.1/24", "ssh_key = AAAA",
])  # fmt: skip
def test_what_is_wrong_is_named_in_both_languages(line):
    with pytest.raises(Refusal) as refused:
        settings.parse(line)
    name = line.splitlines()[-1].split(" =")[0]
    assert refused.value.rule == "LLM956" and name in refused.value.reason.en and name in refused.value.reason.zh
