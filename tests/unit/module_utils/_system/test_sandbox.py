# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit may do is listed; everything else is taken from it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import sandbox as box


def lines(*lifted, **more):
    return box.sandbox(lifted, **more).splitlines()


def test_without_a_wish_everything_is_taken():
    found = lines()
    assert "CapabilityBoundingSet=" in found
    assert "RestrictAddressFamilies=AF_UNIX" in found
    assert "SystemCallFilter=~@privileged @resources" in found
    assert {f"{name}={value}" for name, value in box.STRICT.items()} <= set(found)


@pytest.mark.parametrize("word", sorted(box.LIFTS))
def test_a_word_lifts_its_own_lines_alone(word):
    gone = {line.partition("=")[0] for line in lines()} - {line.partition("=")[0] for line in lines(word)}
    assert gone == set(box.LIFTS[word])


def test_a_service_on_the_network_keeps_the_families_of_it():
    assert "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK" in lines("network")


def test_cards_stay_visible():
    assert not [line for line in lines("devices") if line.startswith(tuple(box.LIFTS["devices"]))]


def test_what_it_needs_is_given_back():
    found = lines(write=["/var/lib/x", "/run"], capabilities=["CAP_CHOWN"], calls=["@privileged"], umask="0022")
    assert "ReadWritePaths=/var/lib/x /run" in found
    assert "CapabilityBoundingSet=CAP_CHOWN" in found
    assert "SystemCallFilter=@system-service @privileged" in found and "SystemCallFilter=~@resources" in found
    assert "UMask=0022" in found


def test_limits_are_there_where_they_are_set():
    found = lines(limits={"memory": "2G", "tasks": 64, "cpus": 1.5})
    assert found[-3:] == ["MemoryMax=2G", "TasksMax=64", "CPUQuota=150%"]
    assert not [line for line in lines(limits={}) if "Max=" in line or "Quota=" in line]


def test_an_unknown_word_is_a_mistake():
    with pytest.raises(ValueError, match="no such part"):
        box.sandbox(["everything"])
