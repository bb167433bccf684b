# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units are masked while their package is installed, and never for longer, whatever is killed."""

from __future__ import annotations

import json
import signal

import pytest

from tests.unit.modules.apt_node import Node, wait_for

MASK = "run/systemd/system/nginx.service"
KEPT = "etc/systemd/system/prometheus.service"
NGINX = {"names": ["nginx"], "mask_units": ["nginx.service"]}
PROMETHEUS = {
    "owner": "monitoring", "names": ["prometheus"], "mask_units": ["prometheus.service"], "mask_until": "removed",
}  # fmt: skip


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def working(node, **given):
    """The module, in the middle of the installation."""
    (node.home / "slow").write_text("")
    process = node.start(**given)
    wait_for((node.home / "working").exists)
    return process


def test_nothing_starts_before_it_is_configured(node):
    node.four_states(**NGINX)
    assert not (node.home / "started").exists()
    assert node.masks() == [] and not (node.state_dir / "packages/masked-units").exists()
    assert "systemctl daemon-reload" in node.calls()


def test_the_stand_in_would_start_it(node):
    node.run(names=["nginx"])
    assert (node.home / "started").read_text() == "nginx.service"


def test_a_unit_that_was_there_is_left_alone(node):
    unit = node.home / "root/etc/systemd/system/nginx.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to("/dev/null")  # the administrator's own mask
    node.run(**NGINX)
    assert node.masks() == ["etc/systemd/system/nginx.service"]
    node.run(state="absent")
    assert node.masks() == ["etc/systemd/system/nginx.service"]


def test_told_to_stop(node):
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = working(node, **NGINX)
        assert node.masks() == [MASK]
        process.send_signal(number)
        answer = json.loads(process.communicate(timeout=30)[0])
        assert answer["failed"] and "stop" in answer["msg"]
        assert node.masks() == [] and not (node.state_dir / "packages/masked-units").exists()
        (node.home / "working").unlink()
    (node.home / "slow").unlink()
    assert node.run(**NGINX)["changed"]
    assert not (node.home / "started").exists()
    assert "dpkg --force-confdef --force-confold --configure -a" in node.calls()


def kill(node, **given):
    process = working(node, **given)
    process.kill()
    process.communicate()
    (node.home / "slow").unlink()
    (node.home / "working").unlink()
    wait_for(lambda: "nginx" in node.installed())  # apt outlives it


def test_killed_and_repaired_by_any_owner(node):
    kill(node, **NGINX)
    assert node.masks() == [MASK]
    assert json.loads((node.state_dir / "packages/masked-units").read_text()) == ["nginx.service"]
    told = node.run(owner="docker", names=["openssl"], check=True)
    assert told["unmasked"] == ["nginx.service"] and node.masks() == [MASK]
    answers = node.four_states(owner="docker", names=["openssl"])
    assert answers[1]["unmasked"] == ["nginx.service"] and node.masks() == []
    assert node.record()["ours"] == ["nginx"], "what the killed run brought is remembered"
    node.run(state="absent")
    assert node.installed() == {"openssl": "3.0"}


def test_killed_and_removed(node):
    kill(node, **NGINX)
    answer = node.run(state="absent")
    assert answer["unmasked"] == ["nginx.service"] and node.masks() == [] and node.installed() == {}


def test_masked_for_as_long_as_it_is_ours(node):
    node.four_states(**PROMETHEUS)
    assert node.masks() == [KEPT] and not (node.home / "started").exists()
    answers = node.four_states(**PROMETHEUS, state="absent")
    assert answers[0]["unmasked"] == answers[1]["unmasked"] == ["prometheus.service"]
    assert node.masks() == []


def test_a_customers_own_unit_is_not_masked(node):
    """It serves something already; only what comes anew is kept from starting."""
    node.has("nginx", "1.22.1-9")
    unit = node.home / "root/usr/lib/systemd/system/nginx.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("")
    node.run(**{**PROMETHEUS, "names": ["nginx", "prometheus"], "mask_units": ["nginx.service", "prometheus.service"]})
    assert node.masks() == [KEPT]


def test_what_an_earlier_version_masked(node):
    node.has("prometheus", "2.42")
    node.state_dir.mkdir()
    (node.state_dir / "monitoring-packages").write_text("prometheus\n")
    mask = node.home / "root" / KEPT
    mask.parent.mkdir(parents=True)
    mask.symlink_to("/dev/null")
    node.run(**PROMETHEUS)
    assert node.masks() == [KEPT]
    node.run(**PROMETHEUS, state="absent")
    assert node.masks() == [] and node.installed() == {}
