# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import link as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output


def answer(mbps=24000.0, retransmits=30):
    return json.dumps({
        "start": {"tcp_mss_default": 1000},
        "end": {
            "sum_sent": {"bytes": 3_000_000, "retransmits": retransmits, "bits_per_second": 9e9},
            "sum_received": {"bytes": 3_000_000, "bits_per_second": mbps * 1e6},
        },
    })  # fmt: skip


BUSY = json.dumps({"start": {}, "end": {}, "error": "the server is busy running a test. try again later"})


class Node(Host):
    """`said`: what iperf3 answers, one after another; None: it is not installed. `torch`: of a container's program."""

    def __init__(self, said=(), torch='{"gbs": 190.5, "ranks": 4}'):
        self.said, self.torch, self.asked = said if said is None else list(said), torch, []

    def which(self, name):
        return None if name == "iperf3" and self.said is None else "/usr/bin/" + name

    def run(self, argv, timeout=5.0):
        self.asked.append((list(argv), timeout))
        if argv[0] == "docker":
            return Output(0 if self.torch else 1, f"NCCL version 2\n{self.torch}\n", "")
        return Output(0, self.said.pop(0), "")


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
    ticks = itertools.count()
    return core.measure(host, plan(**more), name, lambda _seconds: None, lambda: float(next(ticks)))


def test_both_directions_are_measured_and_the_worse_one_counts():
    host = Node([answer(24000.0, 30), answer(9000.4, 0)])
    assert measured(host)["network"] == {"to": "gpu01", "mbps": 9000, "again_percent": 1.0}
    words = [argv for argv, _timeout in host.asked if argv[0] == "iperf3"]
    assert all(argv[1:3] == ["--client", "10.0.0.1"] and "--json" in argv for argv in words)
    assert ["--reverse" in argv for argv in words] == [False, True]


def test_it_waits_for_the_head_that_measures_another_node_but_not_without_end():
    host = Node([BUSY, "no JSON", answer(), BUSY, answer()])
    assert measured(host)["network"]["mbps"] == 24000
    never = Node([BUSY] * 1000)
    assert measured(never)["network"] == {"to": "gpu01", "mbps": None, "again_percent": None}
    assert len(never.asked) < 50  # a look a second, for as long as one node may take


def test_the_head_answers_each_other_node_twice():
    host = Node([""] * 4)
    assert measured(host, "gpu01", nodes=3)["network"] is None
    words = [argv for argv, _timeout in host.asked if argv[0] == "iperf3"]
    assert len(words) == 4 and all("--one-off" in argv for argv in words)
    assert all(0 < timeout <= core.PATIENCE * 2 for _argv, timeout in host.asked[:4])


@pytest.mark.parametrize("name", ["gpu01", "gpu02"])
def test_without_iperf3_the_network_is_not_measured(name):
    host = Node(None)
    assert (measured(host, name)["network"] or {}).get("mbps") is None
    assert all(argv[0] == "docker" for argv, _timeout in host.asked)


def ranks(host):
    return [argv[argv.index(core.PROGRAM) + 1 :] for argv, _timeout in host.asked if argv[0] == "docker"]


def test_the_ranks_of_nodes_that_compute_together_meet_at_the_head():
    head, worker = Node([""] * 2), Node([answer()] * 2, torch="")
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
