# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import link as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output


class Node(Host):
    """`torch`: what a container's program prints."""

    def __init__(self, torch='{"gbs": 190.5, "ranks": 4}'):
        self.torch, self.asked = torch, []

    def run(self, argv, timeout=5.0):
        self.asked.append((list(argv), timeout))
        return Output(0 if self.torch else 1, f"NCCL version 2\n{self.torch}\n", "")


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """What of the network is asked for, instead of doing it."""
    found = []
    row = {"mbps": 9000.417, "again_percent": 1.004}
    monkeypatch.setattr(core.network, "ask", lambda *words: found.append(words) or row)
    monkeypatch.setattr(core.network, "serve", lambda *words: found.append(words))
    return found


def plan(nodes=2, cards=2, units=1, container=True):
    rows = {
        f"gpu{number:02}": {
            "head": number == 1,
            "address": f"10.0.0.{number}",
            "units": [{"name": f"yitiji-vllm-{at}", "gpus": list(range(cards))} for at in range(units)],
        }
        for number in range(1, nodes + 1)
    }
    cluster = {"head": "10.0.0.1"} if nodes > 1 else None
    return {"nodes": rows, "cluster": cluster, "container": {"network": "host"} if container else None}


def measured(host, name="gpu02", **more):
    return core.measure(host, plan(**more), name)


def test_each_other_node_asks_the_head_which_waits_for_all_of_them(asked):
    assert measured(Node())["network"] == {"to": "gpu01", "mbps": 9000.42, "again_percent": 1.0}
    assert measured(Node(), "gpu01", nodes=3)["network"] is None
    [(address, patience), (at, others, longer)] = asked
    assert address == at == "10.0.0.1" and others == 2 and longer > patience > 60


def test_one_node_has_no_network_to_measure_and_a_head_that_does_not_come_leaves_no_figure(asked, monkeypatch):
    assert measured(Node(), "gpu01", nodes=1)["network"] is None and asked == []
    monkeypatch.setattr(core.network, "ask", lambda *_words: None)
    assert measured(Node())["network"] == {"to": "gpu01", "mbps": None, "again_percent": None}


def ranks(host):
    return [argv[argv.index(core.PROGRAM) + 1 :] for argv, _timeout in host.asked if argv[0] == "docker"]


def test_the_ranks_of_nodes_that_compute_together_meet_at_the_head():
    head, worker = Node(), Node(torch="")
    assert measured(head, "gpu01")["sums"] == [{"ranks": 4, "own": False, "first": True, "gbs": 190.5}]
    assert measured(worker)["sums"] == [{"ranks": 4, "own": False, "first": False, "gbs": None}]
    assert [ranks(each) for each in (head, worker)] == [
        [["0", "2", "4", "10.0.0.1:25202"]],
        [["2", "2", "4", "10.0.0.1:25202"]],
    ]


def test_copies_on_one_node_are_measured_each_by_itself_and_single_cards_not_at_all():
    host = Node(torch="no figure")
    assert (
        measured(host, "gpu01", nodes=1, units=2)["sums"] == [{"ranks": 2, "own": True, "first": True, "gbs": None}] * 2
    )
    assert ranks(host) == [["0", "2", "2", "127.0.0.1:25202"]] * 2
    assert measured(Node(), "gpu01", nodes=1, cards=1)["sums"] == []
    assert measured(Node(), "gpu01", nodes=1, container=False)["sums"] == []


# What PyTorch is to the program: a store where ranks meet, a sum that takes its time.
TORCH = """
class cuda:
    is_available = staticmethod(lambda: False)
class zeros:
    def __init__(self, count, device): self.count = count
    def numel(self): return self.count
"""
GROUP = """
import time
def init_process_group(by, init_method, rank, world_size, timeout):
    place = init_method.rpartition(":")[2]
    assert by == "gloo" and timeout.total_seconds() > 60
    open(f"{place}-{rank}-{world_size}", "w").close()
def all_reduce(part): time.sleep(0.01)
"""


def test_the_program_runs_a_process_for_each_rank_and_the_first_one_tells(tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text(TORCH)
    (tmp_path / "torch/distributed.py").write_text(GROUP)
    told = []
    for first in (0, 2):
        words = [sys.executable, "-c", core.PROGRAM, str(first), "2", "4", "127.0.0.1:25202"]
        told.append(subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout)
    assert told[1] == "" and json.loads(told[0])["ranks"] == 4
    assert 2 * 3 / 4 * (4 << 22) / 1e9 / 0.05 < json.loads(told[0])["gbs"] < 2 * 3 / 4 * (4 << 22) / 1e9 / 0.01
    assert sorted(path.name for path in tmp_path.glob("*-4")) == [f"25202-{rank}-4" for rank in range(4)]
