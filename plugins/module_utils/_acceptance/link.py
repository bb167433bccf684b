# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes and cards carry between them: the network by iperf3, sums over ranks by PyTorch in the engine's container.

Every node of a deployment runs `measure` at the same time.
"""

from __future__ import annotations

import json
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

PORT, GROUP = 25201, 25202  # open between nodes (_plan/cluster.py)
SECONDS, STREAMS = 3, 4  # of one direction; one stream alone does not fill a fast link
PATIENCE = 40.0  # seconds of one direction: the head has one client at a time
LOADING = 300.0  # seconds for PyTorch, and for the other nodes to come
# Ranks are forked before one touches a card. The figure is the bus bandwidth of nccl-tests: 2 (n - 1) / n of bytes/s.
PROGRAM = """
import datetime, json, os, sys, time, torch, torch.distributed as group
first, count, world = map(int, sys.argv[1:4])
place = next((at for at in range(1, count) if os.fork() == 0), 0)
cards = torch.cuda.is_available()
if cards: torch.cuda.set_device(place)
group.init_process_group("nccl" if cards else "gloo", init_method="tcp://" + sys.argv[4], rank=first + place,
    world_size=world, timeout=datetime.timedelta(seconds=240))
part = torch.zeros(1 << (25 if cards else 22), device="cuda" if cards else "cpu")
def work():
    group.all_reduce(part)
    if cards: torch.cuda.synchronize()
work(); work()
began = time.perf_counter()
for _ in range(10): work()
rate = 10 * part.numel() * 4 / (time.perf_counter() - began)
if place == 0:
    for _ in range(1, count): os.wait()
if first + place == 0: print(json.dumps({"gbs": 2 * (world - 1) / world * rate / 1e9, "ranks": world}))
"""
Row = Mapping[str, Any]


def measure(
    host: Host, plan: Row, name: str, sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Dict[str, Any]:  # fmt: skip
    """-> `network` (from this node to the head; None on the head) and `sums`, one for each engine of several ranks."""
    nodes = plan["nodes"]
    head = next(each for each in nodes if nodes[each]["head"])
    network, until = None, clock() + PATIENCE * (len(nodes) - 1)

    def again() -> bool:
        sleep(1)
        return clock() < until

    if name != head:
        network = _network(host, head, str(nodes[head]["address"]), again)
    elif host.which("iperf3"):
        for _direction in range(2 * (len(nodes) - 1)):
            host.run(["iperf3", "--server", "--one-off", "--port", str(PORT)], timeout=max(1.0, until - clock()))
    return {"network": network, "sums": [_sum(host, *ranks) for ranks in _ranks(plan, name)]}


def _network(host: Host, head: str, address: str, again: Callable[[], bool]) -> Dict[str, Any]:
    """Both directions, one after another; `mbps` is None where iperf3 is missing on either side."""
    rows = [_direction(host, address, words, again) for words in ((), ("--reverse",))]
    known = [row for row in rows if row]
    whole = len(known) == len(rows)
    return {
        "to": head,
        "mbps": round(min(row[0] for row in known)) if whole else None,
        "again_percent": round(max(row[1] for row in known), 2) if whole else None,
    }


def _direction(
    host: Host, address: str, words: Sequence[str], again: Callable[[], bool]
) -> Optional[Tuple[float, float]]:
    """Megabits a second that came, and percent of the segments that were sent again."""
    asked = ["iperf3", "--client", address, "--port", str(PORT), "--json", "--time", str(SECONDS)]
    while host.which("iperf3"):
        said = host.run([*asked, "--parallel", str(STREAMS), *words], timeout=PATIENCE)
        try:
            found = json.loads(said.out) if said else {}
            sent, came = found["end"]["sum_sent"], found["end"]["sum_received"]
            segments = max(1.0, sent["bytes"] / found["start"]["tcp_mss_default"])
            return came["bits_per_second"] / 1e6, 100.0 * sent["retransmits"] / segments
        except (ValueError, KeyError, TypeError):  # the server is busy with another node, or not there yet
            if not again():
                break
    return None


def _ranks(plan: Row, name: str) -> List[Tuple[str, int, int, int, str]]:
    """Of each engine with several ranks: container, first rank here, ranks here, all ranks, where they meet."""
    nodes, units = plan["nodes"], units_of(plan, name)
    if not plan["container"]:
        return []
    if plan["cluster"]:
        counts = {each: max(1, len(units_of(plan, each)[0]["gpus"])) for each in nodes}
        first = sum(list(counts.values())[: list(nodes).index(name)])
        return [(units[0]["name"], first, counts[name], sum(counts.values()), plan["cluster"]["head"])]
    several = [(unit["name"], len(unit["gpus"])) for unit in units if len(unit["gpus"]) > 1]
    return [(container, 0, count, count, "127.0.0.1") for container, count in several]


def _sum(host: Host, container: str, first: int, count: int, world: int, address: str) -> Dict[str, Any]:
    words = [str(first), str(count), str(world), f"{address}:{GROUP}"]
    said = host.run(["docker", "exec", container, "python3", "-c", PROGRAM, *words], timeout=LOADING)
    try:
        gbs = json.loads(said.out.strip().splitlines()[-1])["gbs"] if said and said.rc == 0 else None
    except (ValueError, IndexError, KeyError, TypeError):
        gbs = None
    return {"ranks": world, "own": world == count, "first": first == 0, "gbs": gbs}
