# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of host_tuning, of the doctor, and those that several roles share."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

TUNING = {
    "host_tuning_sysctls": {"kernel.numa_balancing": "0", "net/ipv4/ip_forward": 1},
    "host_tuning_ntp_servers": ["ntp.example.com", "10.0.0.1"],
    "host_tuning_no_unattended": ["docker", "linux-image-", "lib.*"],
    "host_tuning_state_dir": "/var/lib/yitiji",
}


def test_good_ones():
    assert rules_of(core.host_tuning, TUNING) == []
    assert rules_of(core.doctor, {"doctor_path": "/usr/local/bin/x", "doctor_config": "/etc/x.json"}) == []
    assert rules_of(core.shared, {"ports": {"a": 1, "b": 2}, "paths": {"c": "/srv"}}) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"host_tuning_sysctls": {"numa balancing": "0"}}, "LLM131"),
        ({"host_tuning_sysctls": {"kernel.numa_balancing": "0\nkernel.panic=1"}}, "LLM131"),
        ({"host_tuning_ntp_servers": ["http://ntp"]}, "LLM131"),
        ({"host_tuning_no_unattended": ['docker";']}, "LLM131"),
        ({"host_tuning_state_dir": "here"}, "LLM132"),
    ],
)
def test_each_wrong_one(changed, rule):
    assert rules_of(core.host_tuning, TUNING, **changed) == [rule]


def test_shared_ports_and_paths():
    assert rules_of(core.shared, {"ports": {"a": 1, "b": 1}, "paths": {"c": "srv"}}) == ["LLM130", "LLM132"]
    assert rules_of(core.doctor, {"doctor_path": "bin/x", "doctor_config": "/etc/x.json"}) == ["LLM132"]


def test_how_often_the_watch_looks():
    places = {"doctor_path": "/usr/local/bin/x", "doctor_config": "/etc/x.json"}
    assert rules_of(core.doctor, {**places, "doctor_watch_seconds": 30}) == []
    assert rules_of(core.doctor, {**places, "doctor_watch_seconds": 2}) == ["LLM131"]


def test_the_address_of_two_gateways():
    good = {"virtual_address_return_seconds": 0, "virtual_address_state_dir": "/var/lib/yitiji"}
    assert rules_of(core.virtual_address, good) == []
    for seconds in (-1, 1001):
        assert rules_of(core.virtual_address, good, virtual_address_return_seconds=seconds) == ["LLM131"]
    assert rules_of(core.virtual_address, good, virtual_address_state_dir="here") == ["LLM132"]


def test_isolation_and_the_watch():
    good = {"isolation_users": ["web", "_x-1"], "isolation_state_dir": "/var/lib/yitiji"}
    assert rules_of(core.isolation, good) == []
    assert rules_of(core.isolation, good, isolation_users=["a b", "web", "-x"]) == ["LLM340", "LLM340"]
    assert rules_of(core.isolation, good, isolation_state_dir="here") == ["LLM132"]
    paths = {"doctor_path": "/x"}
    assert rules_of(core.doctor, paths, doctor_watch_seconds=10) == []
    assert rules_of(core.doctor, paths, doctor_watch_seconds=9) == ["LLM131"]
