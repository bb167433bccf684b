# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor asks the service itself, with and without the network; no key gets into a capture or a report."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import service
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture, Host, Recorder
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer

from tests.unit.module_utils._doctor.healthy import GONE, spoil
from tests.unit.module_utils._watch.gateway import KEY, running

KEY_FILE = "/etc/yitiji/secrets/gateway-key-default"


def test_the_head_asks_for_an_answer_and_the_page(tmp_path, monkeypatch):
    with running(tmp_path) as gateway:
        monkeypatch.setattr(answer, "door_of", lambda _read, port: gateway.door._replace(name=f"port-{port}"))
        host = Recorder(Capture({"files": {KEY_FILE: KEY}}))
        context = spoil({"settings/network": False})
        context.plan["model"]["served_name"] = "r1"
        found = service.answers(host, context, {KEY_FILE: KEY}.get)
    assert found["gateway"]["ok"] is True and found["page"]["ok"] is True
    assert KEY not in json.dumps(host.data()) + json.dumps(found)
    assert gateway.seen[0][2]["Host"].startswith("port-443")


def test_other_nodes_ask_nobody():
    nothing = {"gateway": None, "page": None}
    assert service.answers(Host(), spoil({"plan/nodes/gpu01/head": False, "plan/gateways": GONE})) == nothing
    assert service.answers(Host(), spoil({"node/services": {}, "measures/gateway_site": False})) == nothing


def test_the_second_gateway_is_asked_and_the_page_is_not_there(tmp_path, monkeypatch):
    with running(tmp_path) as gateway:
        monkeypatch.setattr(answer, "door_of", lambda _read, port: gateway.door._replace(name=f"port-{port}"))
        context = spoil({"plan/nodes/gpu01/head": False, "node/services/yitiji-open-webui": GONE})
        context.plan["model"]["served_name"] = "r1"
        host = Recorder(Capture({"files": {KEY_FILE: KEY}}))
        found = service.answers(host, context, {KEY_FILE: KEY}.get)
    assert found["gateway"]["ok"] is True and found["page"] is None


def test_a_key_file_that_is_not_there_is_no_key():
    assert service.unrecorded("/no/such/file") is None


def test_units_of_a_node_without_systemd():
    assert service.own_units(Capture({}), True) is None
    shown = "systemctl show --property={} -- yitiji-a.service docker.service containerd.service".format(
        ",".join(service.watched.PROPERTIES)
    )
    host = Capture({
        "files": {"/etc/systemd/system/yitiji-a.service": "x"},
        "commands": {shown: "Id=yitiji-a.service\nLoadState=loaded\nActiveState=failed\n"},
    })  # fmt: skip
    assert service.own_units(host, False)["yitiji-a.service"]["active"] == "failed"


def test_where_all_keys_are_elsewhere_an_engine_that_is_not_well_is_down(tmp_path, monkeypatch):
    context = spoil({"settings/network": False})
    context.plan["model"]["served_name"] = "r1"
    context.plan.update(models_beside=[], run={"health": "/health"})
    context.plan["nodes"]["gpu01"]["units"][0]["url"] = "http://127.0.0.1:8000"
    doors = iter([{"health": True, "reason": ""}, {"health": False, "reason": "HTTP 503"}])
    monkeypatch.setattr(service.look, "door", lambda _engine: next(doors))
    with running(tmp_path) as gateway:
        monkeypatch.setattr(answer, "door_of", lambda _read, _port: gateway.door)
        assert service.answers(Capture({}), context)["gateway"]["ok"] is None
        found = service.answers(Capture({}), context)["gateway"]
        assert (found["ok"], found["stage"], found["reason"]) == (False, "engine", "yitiji-vllm.service: HTTP 503")
        context.plan["schema"] = 1
        assert service.answers(Capture({}), context)["gateway"]["ok"] is None
