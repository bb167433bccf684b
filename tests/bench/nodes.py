#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on many lab nodes, each an appliance of its own: what a fleet costs beside one node of it.

    nodes.py [--nodes 16] [--rounds 2] [--forks N] [--out FOLDER]

All are clones of one converged node (llama.cpp, chat page, gateway). In turns: nothing to do on one and on all, one
variable changed while a node loses its power, a node that is dead at the start, and one taken out of the inventory
while a bare one is added.
The lab is YITIJI_LAB's (bench), and gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests/lib"))
import tripsctl

FIRST = 11  # last number of the first node's address
CHANGED = ["-e", "gateway_idle_seconds=301"]
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
LIMIT = 3600


class Fleet:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.work = Path(tempfile.mkdtemp(prefix="yitiji-bench-"))
        self.rows: list[dict] = []
        os.environ.setdefault("YITIJI_LAB", "bench")
        self.env = {**os.environ, "PATH": f"{REPO / '.venv/bin'}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
        self.env |= {"ANSIBLE_FORKS": str(options.forks)} if options.forks else {}

    def lab(self, *words: str) -> None:
        subprocess.run([REPO / "lab/lab", *words], cwd=REPO, env=self.env, check=True, stdout=subprocess.DEVNULL)

    def up(self, number: int, base: str) -> None:
        self.lab("up", name(number), "--octet", str(FIRST + number), "--base", base)

    def inventory(self, numbers: list[int]) -> Path:
        """inventories/lab with these nodes instead of its own."""
        folder = self.work / "inventories/fleet"
        folder.mkdir(parents=True, exist_ok=True)
        for link, target in (("group_vars", "inventories/lab/group_vars"), ("../../lab", "lab")):
            (folder / link).is_symlink() or (folder / link).symlink_to(REPO / target)
        said = yaml.safe_load((REPO / "inventories/lab/hosts.yml").read_text(encoding="utf-8"))["all"]
        groups = {
            f"{name(number)}_site": {
                "vars": {"appliance_deployment": f"{name(number)}_site", "appliance_profile": "lab"},
                "hosts": {name(number): {"ansible_host": f"10.77.0.{FIRST + number}"}},
            }
            for number in numbers
        }
        wish = {"appliance_engine": "llamacpp", "appliance_gguf": "BF16"}
        told = {"children": {"appliances": {"vars": wish, "children": groups}}, "hosts": said["hosts"]}
        (folder / "hosts.yml").write_text(yaml.safe_dump({"all": told}), encoding="utf-8")
        return folder

    def site(self, kind: str, numbers: list[int], *words: str, fails: bool = False, midway: str = "") -> dict:
        """One run. `midway`: the node that loses its power when the engine's role begins."""
        file, log = self.work / "trips", self.work / f"{len(self.rows)}-{kind.replace(' ', '-')}.log"
        command = ["ansible-playbook", "site.yml", "-i", str(self.inventory(numbers)), *words]
        env = {**self.env, **tripsctl.environment(file)}
        began, memory = time.monotonic(), 0
        with log.open("w+", encoding="utf-8") as stream:
            process = subprocess.Popen(command, cwd=REPO, env=env, stdout=stream, stderr=subprocess.STDOUT, text=True)
            while process.poll() is None:
                memory = max(memory, resident(process.pid))
                if midway and "Run the engine" in log.read_text(encoding="utf-8"):
                    threading.Thread(target=self.lab, args=("stop", midway, "--pull-the-plug")).start()
                    midway = ""
                time.sleep(1)
                if time.monotonic() - began > LIMIT:
                    process.kill()
        wall, text = time.monotonic() - began, log.read_text(encoding="utf-8")
        count = tripsctl.read(file)
        hosts = {host: [int(number) for number in rest] for host, *rest in RECAP.findall(text)}
        nodes = [row for host, row in hosts.items() if host != "localhost"]
        tasks = [(round(part.wall, 1), round(part.cpu, 1), task) for task, part in count.by("task").items()]
        row = {
            "kind": kind, "nodes": len(numbers), "wall": round(wall, 1), "cpu": round(count.own + count.workers, 1),
            "own": round(count.own, 1), "mib": memory // 1024, "trips": count.total().trips,
            "changed": sum(row[1] for row in nodes), "failed": sum(row[2] + row[3] > 0 for row in nodes),
            "tasks": sorted(tasks, reverse=True)[:12],
        }  # fmt: skip
        self.rows.append(row)
        print(line(row), flush=True)
        if bool(process.returncode) is not fails:
            raise SystemExit(f"{kind}: status {process.returncode}: {text[-4000:]}")
        return row

    def run(self) -> None:
        everyone = list(range(self.options.nodes))
        self.lab("serve", "--with", "llama_cpp")
        self.up(0, "bookworm")
        self.site("from bare, one node", [0])
        self.lab("freeze", name(0), "fleet")
        for number in everyone:
            self.up(number, "fleet")
        self.site("first run on clones", everyone)
        self.nothing("settled", everyone)
        for _round in range(self.options.rounds):
            self.nothing("one node of them", everyone, "--limit", f"{name(0)},localhost")
            self.nothing("nothing to do", everyone)
        lost, last, bare = 1, everyone[-1], self.options.nodes
        self.site("one variable, one dies midway", everyone, *CHANGED, fails=True, midway=name(lost))
        self.site("one dead at the start", everyone, fails=True)
        self.up(bare, "bookworm")
        others = [number for number in everyone if number not in (lost, last)]
        self.site("without it, one taken out, a bare one added", [*others, bare])

    def nothing(self, kind: str, numbers: list[int], *words: str) -> None:
        if self.site(kind, numbers, *words)["changed"]:
            raise SystemExit(f"{kind}: something was changed where nothing was to do")

    def end(self) -> None:
        out = Path(self.options.out)
        out.mkdir(parents=True, exist_ok=True)
        told = {"rows": self.rows, "load": os.getloadavg()[2], "cores": os.cpu_count()}
        (out / "nodes.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(self.ratio())
        for log in self.work.glob("*.log"):
            shutil.copy(log, out)
        self.lab("down")
        shutil.rmtree(self.work, ignore_errors=True)

    def ratio(self) -> str:
        one, all_ = (
            [row["wall"] for row in self.rows if row["kind"] == kind] for kind in ("one node of them", "nothing to do")
        )
        if not one or not all_:
            return "no ratio: the runs did not come so far"
        return f"nothing to do: {statistics.median(all_) / statistics.median(one):.1f} times one node (medians)"


def name(number: int) -> str:
    return f"node{number + 1:02d}"


def line(row: dict) -> str:
    keys = ("kind", "nodes", "wall", "cpu", "own", "mib", "trips", "changed", "failed")
    return " | ".join(f"{row[key]}" for key in keys)


def resident(pid: int) -> int:
    """KiB of a process and all below it, shared pages by their shares."""
    total, pids = 0, [pid]
    while pids:
        here = pids.pop()
        try:
            for task in Path(f"/proc/{here}/task").iterdir():
                pids += [int(child) for child in (task / "children").read_text(encoding="utf-8").split()]
            said = Path(f"/proc/{here}/smaps_rollup").read_text(encoding="utf-8")
            found = re.search(r"^Pss: +(\d+)", said, re.MULTILINE)
            total += int(found[1]) if found else 0
        except OSError:
            continue  # it has ended
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--forks", type=int, default=0, help="0: those of ansible.cfg")
    parser.add_argument("--out", default=str(REPO / "tests/output/bench"))
    fleet = Fleet(parser.parse_args())
    try:
        fleet.run()
    finally:
        fleet.end()


if __name__ == "__main__":
    main()
