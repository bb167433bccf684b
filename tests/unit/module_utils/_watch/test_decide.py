# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is repaired, after how many looks, with which pauses, and what is left alone."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import decide as core

from tests.unit.module_utils._watch.nodes import ENGINE, NGINX, PAGE, SETTINGS, doors, seen, units

WELL = {"well": {ENGINE: "run-1", PAGE: "run-1"}, "open": {ENGINE: "run-1", PAGE: "run-1"}, "rules": {"for": []}}
HANGS = {"port": "open", "health": False, "reason": "timed out"}
CLOSED = {"port": "refused", "health": False, "reason": "Connection refused"}


def looks(count, found, memory=None, start=1000.0, step=30.0):
    """Several looks in a row; the commands of each."""
    kept = {**core.fresh(), **(memory or WELL)}
    done = []
    for number in range(count):
        chosen, kept = core.decide(found, SETTINGS, kept, start + step * number)
        done.append([repair.words for repair in chosen])
    return done, kept


def test_a_healthy_node_is_left_alone():
    done, kept = looks(5, seen())
    assert done == [[]] * 5 and kept["bad"] == {} and kept["pauses"] == {}
    assert kept["well"] == {ENGINE: "run-1", PAGE: "run-1"}


@pytest.mark.parametrize(
    ("changed", "at", "words"),
    [
        ({"units": units(nginx={"active": "failed", "result": "signal"})}, 0, ["restart", NGINX]),
        ({"units": units(page={"active": "failed", "result": "exit-code"})}, 0, ["restart", PAGE]),
        ({"tables": {"yitiji-firewall.service": False}}, 0, ["restart", "yitiji-firewall.service"]),
        ({"tables": {"yitiji-guard.service": False}}, 0, ["restart", "yitiji-guard.service"]),
        ({"addresses": {"yitiji-door.service": False}}, 0, ["restart", "yitiji-door.service"]),
        ({"docker rules": False}, 0, [core.RULES]),
        ({"containers": None}, 5, ["restart", "docker.service"]),
        ({"doors": doors(engine=CLOSED)}, 0, [core.PUBLISH, "yitiji-vllm", "yitiji"]),
        ({"doors": doors(page=CLOSED)}, 0, [core.PUBLISH, "yitiji-open-webui", "yitiji"]),
        ({"doors": doors(engine=HANGS)}, 3, ["restart", ENGINE]),
        ({"doors": doors(page=HANGS)}, 3, ["restart", PAGE]),
        ({"answer": {"stage": "connect", "reason": "Connection refused"}}, 1, ["restart", NGINX]),
        ({"answer": {"stage": "tls", "reason": "timed out"}}, 1, ["restart", NGINX]),
        ({"answer": {"stage": "other certificate", "reason": "x"}}, 1, ["reload", NGINX]),
    ],
)
def test_a_fault_is_repaired_once_it_is_sure(changed, at, words):
    done, _kept = looks(at + 1, seen(**changed))
    assert done == [[]] * at + [[words]]


def test_a_container_that_lost_its_network():
    found = seen()
    found["containers"]["yitiji-vllm"]["networks"] = []
    done, _kept = looks(2, found)
    assert done == [[[core.PUBLISH, "yitiji-vllm", "yitiji"]], [["restart", ENGINE]]]


@pytest.mark.parametrize(
    "changed",
    [
        {"units": units(nginx={"active": "inactive"})},
        {"units": units(nginx={"active": "failed", "enabled": "masked"})},
        {"units": units(engine={"active": "failed", "enabled": "disabled"})},
        {"units": units(yitiji_renew={"active": "failed", "type": "oneshot", "restart": "no"})},
        {"answer": {"stage": "silent", "reason": "no answer within 20 s"}},
        {"answer": {"stage": "busy", "reason": "HTTP 429"}},
        {"answer": {"stage": "keys", "reason": "HTTP 401"}},
        {"page": {"ok": False, "stage": "page", "reason": "HTTP 500"}},
        {"docker rules": None},
        {"doors": {}},
    ],
)
def test_what_somebody_stopped_or_a_restart_cannot_help_is_left_alone(changed):
    done, _kept = looks(20, seen(**changed))
    assert done == [[]] * 20


def test_a_service_that_loads_is_given_its_time():
    loading = seen(doors=doors(engine=HANGS), clock=290.0)  # started at 100, may take 200
    done, _kept = looks(20, loading, memory={"well": {ENGINE: "run-0"}})
    assert done == [[]] * 20
    done, _kept = looks(4, seen(doors=doors(engine=HANGS), clock=301.0), memory={"well": {ENGINE: "run-0"}})
    assert done[-1] == [["restart", ENGINE]]


def test_a_port_that_was_never_open_is_not_lost():
    done, _kept = looks(3, seen(doors=doors(engine=CLOSED)), memory={"well": {}, "open": {}})
    assert done[:3] == [[], [], []]


def test_a_fresh_start_is_not_judged():
    found = seen(doors=doors(engine=CLOSED), units=units(engine={"since": 1990.0}))
    assert looks(5, found)[0] == [[]] * 5


def test_rules_are_only_missed_where_they_were_seen():
    assert looks(3, seen(**{"docker rules": False}), memory={"rules": {}})[0] == [[]] * 3


def test_without_a_copy_docker_writes_its_rules_itself_once_it_is_sure():
    gone = seen(**{"docker rules": False, "docker gone": ["nat: DOCKER"]})
    done, _kept = looks(6, gone, memory={"rules": {}})
    assert done[:4] == [[], [], [], [["restart", "docker.service"]]] and done[4:] == [[], []]
    young = units(docker={"since": 1990.0})
    assert looks(6, seen(units=young, **{"docker rules": False}), memory={"rules": {}})[0] == [[]] * 6


def test_another_way_when_the_first_did_not_help():
    done, _kept = looks(3, seen(doors=doors(engine=CLOSED)))
    assert done == [[[core.PUBLISH, "yitiji-vllm", "yitiji"]], [["restart", ENGINE]], []]


def test_a_repair_that_helped_is_tried_first_again():
    broken = seen(doors=doors(engine=CLOSED))
    _done, kept = looks(1, broken)
    _done, kept = looks(1, seen(), kept, start=1030.0)
    done, _kept = looks(3, broken, kept, start=1060.0)
    assert done[0] == [[core.PUBLISH, "yitiji-vllm", "yitiji"]] and done[1] == [["restart", ENGINE]]


def test_pauses_grow_to_an_hour_and_no_loop_hides_a_fault():
    found = seen(units=units(nginx={"active": "failed", "result": "exit-code"}))
    done, kept = looks(24 * 120, found)  # a day
    times = [number for number, chosen in enumerate(done) if chosen]
    assert times[:5] == [0, 2, 6, 14, 30]
    assert len(times) < 35 and times[-1] - times[-2] == 120
    assert kept["pauses"][f"failed {NGINX}"][0] == len(times)


def test_a_clock_that_is_set_back_stops_no_repair():
    """By eight hours, say, where the machine's own was in local time."""
    found = seen(units=units(nginx={"active": "failed", "result": "exit-code"}))
    _done, kept = looks(3, found, start=30_000.0)
    done, _kept = looks(3, found, kept, start=1200.0)
    assert done[0] == [["restart", "nginx.service"]]


def test_after_an_hour_of_calm_a_fault_is_a_new_one():
    memory = {**WELL, "pauses": {f"failed {NGINX}": [9, 1000.0, 9999.0, 1]}}
    _chosen, kept = core.decide(seen(), SETTINGS, memory, 1000.0 + core.CALM + 1)
    assert kept["pauses"] == {}
    _chosen, kept = core.decide(seen(), SETTINGS, memory, 1500.0)
    assert f"failed {NGINX}" in kept["pauses"]


def test_restarts_of_systemd_are_counted():
    found = seen(units=units(nginx={"restarts": 3}))
    assert core.restarted(found, {"restarts": {NGINX: 1}}) == {NGINX: 2}
    assert core.restarted(found, {"restarts": {NGINX: 3}}) == {}
    assert core.restarted(found, {"restarts": {NGINX: 7}}) == {NGINX: 3}  # started by hand meanwhile
    assert core.restarted(seen(), {"restarts": {NGINX: 7}}) == {}
