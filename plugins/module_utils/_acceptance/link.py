# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes and cards carry between them: the network, and sums over ranks by PyTorch in the engine's container.

Every node of a deployment runs `measure` at the same time.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import network
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import units_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host

GROUP = 25202  # the port where ranks meet, open between nodes (_plan/cluster.py)
LATE = 200.0  # seconds by which one node may come here after another: disk, and PyTorch on each card
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


def measure(host: Host, plan: Row, name: str) -> Dict[str, Any]:
    """-> `network` (from this node to the head; None on the head) and `sums`, one for each engine of several ranks."""
    nodes = plan["nodes"]
    head = next(each for each in nodes if nodes[each]["head"])
    address, others = str(nodes[head]["address"]), len(nodes) - 1
    seconds, found = LATE + network.PATIENCE * others, None
    none: Dict[str, Any] = {"mbps": None, "again_percent": None}
    if name != head:
        row = network.ask(address, seconds) or none
        found = {"to": head, **{key: value if value is None else round(value, 2) for key, value in row.items()}}
    elif others:
        network.serve(address, others, seconds)
    return {"network": found, "sums": [_sum(host, *ranks) for ranks in _ranks(plan, name)]}


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
