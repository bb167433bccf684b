# SPDX-License-Identifier: GPL-3.0-or-later
"""Once per site: the first node fetches, the others take from whoever has it."""

from __future__ import annotations

import hashlib
import json
import threading
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, mirror, transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request
from conftest import MODEL, Running, Site


@pytest.fixture
def nodes(repo, tmp_path, monkeypatch):
    """Three nodes; each serves its directory."""
    monkeypatch.setattr(mirror, "AVOID", 0.2)
    monkeypatch.setattr(transfer, "POLL_EVERY", 0.05)
    (tmp_path / "site").mkdir()
    server = Running(repo.parents[1], files=str(tmp_path / "site"))
    yield [Site(repo, tmp_path / "site" / f"n{number}", server) for number in range(3)]
    server.stop()


def request(nodes, number, **more):
    base = nodes[0].hub.url + "/files/n%d"
    others = [base % index for index in range(3) if index != number]
    return weights_request.Request(
        MODEL, str(nodes[number].dest), source="mirror", mirrors=others, mirror_wait=10, timeout=5,
        files=planned(nodes[0].repo), **more
    )  # fmt: skip


def planned(repo):
    """These servers are in the open, so the list is bound by what the plan saw."""
    files = sorted(path for path in repo.rglob("*") if path.is_file())
    return [
        Entry(str(path.relative_to(repo)), path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    ]


def take(nodes, number, results, **more):
    try:
        results[number] = download.Weights(request(nodes, number, **more)).run()
    except Refusal as error:
        results[number] = error


def test_the_hub_sends_it_once(nodes):
    nodes[0].hub.server.hub.rate = 3_000_000
    results = {}
    peers = [threading.Thread(target=take, args=(nodes, number, results)) for number in (1, 2)]
    for peer in peers:
        peer.start()
    first = nodes[0].run()
    for peer in peers:
        peer.join(60)
    assert nodes[0].hub.sent() <= first.manifest.bytes_total * 1.05
    for number in (1, 2):
        assert results[number].verified, results[number]
        nodes[number].complete()


def test_a_late_node_needs_nobody_but_the_others(nodes):
    nodes[0].run()
    nodes[0].hub.server.hub.reset()
    results = {}
    take(nodes, 2, results)
    nodes[2].complete()
    assert nodes[0].hub.sent() == 0


def test_faults_between_nodes(nodes):
    nodes[0].run()
    hub = nodes[0].hub
    hub.fault("drop", "model-*", times=2, at=0.5)
    hub.fault("corrupt", "model-00001*", times=1, at=0.5)
    hub.fault("error", "model-00002*", times=1, status=500)
    results = {}
    take(nodes, 1, results)
    nodes[1].complete()


def test_a_wrong_copy_is_never_taken(nodes):
    nodes[0].run()
    path = nodes[0].dest / "model-00001-of-00002.safetensors"
    data = bytearray(path.read_bytes())
    data[99] ^= 1
    path.write_bytes(bytes(data))
    results = {}
    take(nodes, 1, results)
    assert results[1].rule == "LLM612"
    assert not nodes[1].stamped and not (nodes[1].dest / path.name).exists()


def test_nobody_has_it(nodes, monkeypatch):
    monkeypatch.setattr(mirror, "SILENT", 1.0)
    nodes[0].run()
    (nodes[0].dest / ".yitiji-verified.json").unlink()
    results = {}
    take(nodes, 1, results)
    assert results[1].rule == "LLM611" and "no node has it" in str(results[1])


def test_the_first_node_never_comes(nodes):
    with pytest.raises(Refusal) as caught:
        download.Weights(request(nodes, 1)._replace(mirror_wait=0.5)).run()
    assert caught.value.rule == "LLM605"


def test_the_first_node_gives_up(nodes):
    """The others must not wait until the long silence ends."""
    nodes[0].hub.fault("error", "model-00002*", status=404)
    results = {}
    peer = threading.Thread(target=take, args=(nodes, 1, results))
    begin = time.monotonic()
    peer.start()
    with pytest.raises(Refusal):
        nodes[0].run()
    peer.join(30)
    assert "gave up" in str(results[1]) and "HTTP 404" in str(results[1]) and time.monotonic() - begin < 10
    assert not nodes[1].stamped


def test_a_failure_of_yesterday_is_not_believed(nodes):
    nodes[0].hub.fault("error", "model-00002*", status=404)
    with pytest.raises(Refusal):
        nodes[0].run()
    progress = nodes[0].dest / ".yitiji-download/progress.json"
    state = json.loads(progress.read_text())
    assert state["state"] == "failed"
    progress.write_text(json.dumps(dict(state, updated=state["updated"] - 3600)))
    nodes[0].hub.server.hub.reset()
    results = {}
    peer = threading.Thread(target=take, args=(nodes, 1, results))
    peer.start()
    time.sleep(1)
    nodes[0].run()
    peer.join(30)
    assert results[1].verified, results[1]


def test_check_mode_asks_nobody(nodes):
    outcome = download.Weights(request(nodes, 1, check=True)).run()
    assert outcome.changed and not nodes[1].dest.exists() and not nodes[0].hub.requests()
