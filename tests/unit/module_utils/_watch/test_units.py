# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of units, as systemd tells them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import units

SHOWN = """\
Type=simple
Restart=always
NRestarts=3
Result=success
RemainAfterExit=no
Id=yitiji-vllm.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ConditionResult=yes
ActiveEnterTimestampMonotonic=2500000
InvocationID=ab

Id=nothing.service
LoadState=not-found
ActiveState=inactive

Id=yitiji-metrics.timer
LoadState=loaded
ActiveState=inactive
SubState=dead
UnitFileState=enabled
Result=success
ConditionResult=no
ConditionTimestampMonotonic=81
"""


def test_what_systemctl_shows():
    found = units.parse(SHOWN)
    assert set(found) == {"yitiji-vllm.service", "yitiji-metrics.timer"}
    first = found["yitiji-vllm.service"]
    assert (first["restarts"], first["since"], first["invocation"], first["condition"]) == (3, 2.5, "ab", True)
    assert units.trouble("yitiji-vllm.service", first) == ""
    assert units.trouble("yitiji-metrics.timer", found["yitiji-metrics.timer"]) == "condition"
    unloaded = units.parse(SHOWN.replace("Monotonic=81", "Monotonic=0"))["yitiji-metrics.timer"]
    assert units.trouble("yitiji-metrics.timer", unloaded) == "stopped"
    assert units.parse("") == {}


CONTAINERD = """\
Id=docker.service
LoadState=loaded
ActiveState=active
UnitFileState={docker}

Id=containerd.service
LoadState=loaded
ActiveState=active
UnitFileState=disabled
WantedBy={by}
"""


@pytest.mark.parametrize(
    ("docker", "by", "expected"),
    [
        ("enabled", "docker.service", ""),
        ("enabled", "", "disabled"),
        ("disabled", "docker.service", "disabled"),
        ("enabled", "other.service", "disabled"),
    ],
)
def test_a_unit_that_another_one_starts_at_boot(docker, by, expected):
    """Docker's RPMs enable nothing: containerd is started by docker.service, which the role enables."""
    found = units.parse(CONTAINERD.format(docker=docker, by=by))
    assert units.trouble("containerd.service", found["containerd.service"]) == expected


def test_our_units_alone():
    listing = ["yitiji-a.service", "yitiji-b.timer", "yitiji-c@.service", "ssh.service", "yitiji-d.service.d", "x"]
    assert units.names(listing) == ["yitiji-a.service", "yitiji-b.timer"]
    assert units.command(["a.service"])[-2:] == ["--", "a.service"]


def unit(**changed):
    return {**units.parse(SHOWN)["yitiji-vllm.service"], **changed}


@pytest.mark.parametrize(
    ("name", "changed", "wanted"),
    [
        ("yitiji-a.service", {"load": "masked", "active": "inactive"}, "masked"),
        ("yitiji-a.service", {"active": "failed"}, "failed"),
        ("yitiji-a.service", {"active": "activating", "sub": "auto-restart"}, "restarting"),
        ("yitiji-a.service", {"active": "activating", "sub": "start-pre", "restarts": 2}, "restarting"),
        ("yitiji-a.service", {"active": "activating", "sub": "start", "restarts": 0}, ""),
        ("yitiji-a.service", {"active": "inactive"}, "stopped"),
        ("yitiji-a.service", {"active": "inactive", "condition": False}, "condition"),
        ("yitiji-a.service", {"enabled": "disabled"}, "disabled"),
        ("yitiji-a.service", {"enabled": "disabled", "active": "inactive"}, "off"),
        ("yitiji-a.service", {"active": "inactive", "restart": "no", "type": "oneshot"}, ""),
        ("yitiji-a.service", {"active": "failed", "restart": "no", "type": "oneshot"}, "failed"),
        ("yitiji-a.service", {"active": "inactive", "restart": "no", "type": "oneshot", "remains": True}, "stopped"),
        ("yitiji-a.service", {"active": "inactive", "restart": "no", "type": "exec"}, ""),
        ("nginx.service", {"active": "inactive", "restart": "no"}, "stopped"),
        ("yitiji-a.timer", {"active": "inactive", "restart": ""}, "stopped"),
    ],
)
def test_trouble(name, changed, wanted):
    assert units.trouble(name, unit(**changed)) == wanted
