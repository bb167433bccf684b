#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller does by itself for 1, 100 and 1,000 nodes: reads the inventory, checks variables, plans.

    fleet.py [--nodes 1,100,1000] [--shape single|pairs] [--steps inventory,variables,plan] [--out FILE]

No node is there and none is asked, so it needs no lab. Each node is a deployment of its own (single), or each
two are one (pairs). Wall time tells of the machine's other work, too; CPU (with all children's) hardly does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
SHAPES = {"single": ("basic", 1, "rtx-4090-24g", 2), "pairs": ("flagship", 2, "h20-96g", 8)}
VARIABLES = """
- hosts: appliances
  gather_facts: false
  roles: [{role: yitiji.deepseek.shared_variables}]
  tasks:
    - name: Check the variables of every role
      yitiji.deepseek.check_variables:
"""
LIMIT = 3600


def inventory(count: int, shape: str) -> dict:
    profile, size, gpu, cards = SHAPES[shape]
    hardware = {
        "gpus": [{"model": gpu, "count": cards}],
        "cpu": {"sockets": 2, "cores_per_socket": 24, "model": "Intel Xeon 5418Y"},
        "memory_gib": 2048 if size > 1 else 128,
        "disks": [{"name": "data", "size_gb": 7680, "path": "/srv"}],
        "network": [{"name": "eno1", "speed_gbps": 400, "rdma": True}],
    }
    groups = {}
    for first in range(0, count, size):
        hosts = {
            f"node{number:04d}": {"ansible_host": f"10.{number // 250}.0.{number % 250 + 1}"}
            for number in range(first, min(first + size, count))
        }
        groups[f"site{first:04d}"] = {"vars": {"appliance_deployment": f"site{first:04d}"}, "hosts": hosts}
    wish = {"appliance_profile": profile, "appliance_hardware": hardware}
    return {"all": {"children": {"appliances": {"vars": wish, "children": groups}}}}


def measured(words: list[str]) -> dict:
    """Wall, CPU and the largest process of a command, which must succeed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    env = {**os.environ, "PATH": f"{REPO / '.venv/bin'}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(words, cwd=REPO, env=env, stdout=log, stderr=subprocess.STDOUT, text=True)
        memory = 0
        while process.poll() is None:
            memory = max(memory, peak(process.pid))
            time.sleep(0.2)
            if time.monotonic() - began > LIMIT:
                process.kill()
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{words}: {log.read()[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": round(time.monotonic() - began, 1), "cpu": round(cpu, 1), "mib": memory // 1024}


def peak(pid: int) -> int:
    """KiB of the controller's own process; its workers share most of it."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", default="1,100,1000")
    parser.add_argument("--shape", choices=SHAPES, default="single")
    parser.add_argument("--steps", default="inventory,variables,plan")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    for count in map(int, options.nodes.split(",")):
        with tempfile.TemporaryDirectory(prefix="yitiji-fleet-") as folder:
            hosts, play = Path(folder, "hosts.yml"), Path(folder, "variables.yml")
            hosts.write_text(yaml.safe_dump(inventory(count, options.shape)), encoding="utf-8")
            play.write_text(VARIABLES, encoding="utf-8")
            commands = {
                "inventory": ["ansible-inventory", "-i", str(hosts), "--list", "--output", f"{folder}/list.json"],
                "variables": ["ansible-playbook", "-i", str(hosts), str(play)],
                "plan": [
                    "ansible-playbook",
                    "-i",
                    str(hosts),
                    "playbooks/plan.yml",
                    "-e",
                    f"appliance_plan_dir={folder}/p",
                ],
            }
            for step in options.steps.split(","):
                row = {"nodes": count, "shape": options.shape, "step": step, **measured(commands[step])}
                if step == "plan":
                    row["plans"] = len(list(Path(folder, "p").glob("*/plan.json")))
                rows.append(row)
                print(json.dumps(row), flush=True)
    if options.out:
        told = {"load": os.getloadavg()[2], "cores": os.cpu_count(), "rows": rows}
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
