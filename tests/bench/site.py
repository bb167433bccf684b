#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml on one lab node: this tree beside an earlier commit, on the same node in the same run, by turns.

    site.py [--baseline COMMIT] [--rounds 3] [--first] [--mitogen FOLDER] [--out FOLDER]

A run without changes, one with one changed variable and back, with --first also one from a bare node; beside them
`ansible -m ping`. FOLDER of --mitogen is where `pip install --target FOLDER mitogen` put it. The lab is YITIJI_LAB's
(bench), and gone afterwards if it was not there before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests/lib"))
import tripsctl

NODE, OCTET = "gpu01", "11"
BASELINE = "60cddf85"  # before a task could run several steps
CHANGED = ["-e", "gateway_idle_seconds=301"]  # of the gateway's site: written, checked, loaded
KINDS = ("noop", "changed", "first")
TITLES = {"noop": "nothing to do", "changed": "one variable", "first": "from bare"}


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.lab = os.environ.setdefault("YITIJI_LAB", "bench")
        self.had = Path(f"/run/netns/yitiji-{self.lab}").exists()
        self.work = Path(tempfile.mkdtemp(prefix="yitiji-bench-"))
        self.rows: list[dict] = []
        self.env = {**os.environ, "PATH": f"{REPO / '.venv/bin'}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}

    def call(self, *words: str, cwd: Path = REPO) -> None:
        subprocess.run(words, cwd=cwd, env=self.env, check=True, stdout=subprocess.DEVNULL)

    def trees(self) -> dict[str, Path]:
        """The baseline lies in a folder of its own, with this tree's tools."""
        before = self.work / "before"
        self.call("git", "worktree", "add", "--detach", str(before), self.options.baseline)
        (before / ".venv").symlink_to((REPO / ".venv").resolve())
        return {"before": before, "now": REPO}

    def ping(self) -> float:
        began = time.monotonic()
        self.call("ansible", NODE, "-i", "inventories/lab", "-m", "ansible.builtin.ping")
        return time.monotonic() - began

    def site(self, tree: Path, name: str, kind: str, *words: str, mitogen: bool = False) -> None:
        file = self.work / "trips"
        env = {**self.env, **tripsctl.environment(file)}
        if tree != REPO:
            env["ANSIBLE_CALLBACKS_ENABLED"] = "yitiji.deepseek.explained,trips"
        if mitogen:
            env["ANSIBLE_STRATEGY_PLUGINS"] = str(Path(self.options.mitogen) / "ansible_mitogen/plugins/strategy")
            env |= {"ANSIBLE_STRATEGY": "mitogen_linear", "PYTHONPATH": self.options.mitogen}
        command = ["ansible-playbook", "site.yml", "-i", "inventories/lab", *words]
        began = time.monotonic()
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
        if done.returncode:
            raise SystemExit(f"{name}, {kind}: {done.stdout[-3000:]}{done.stderr[-1000:]}")
        count = tripsctl.read(file)
        changed = sum(row["changed"] for row in count.rows)
        if kind == "noop" and changed:
            raise SystemExit(f"{name}: {changed} tasks changed something where nothing was to do")
        total = count.total(NODE)
        self.rows.append({
            "tree": name, "kind": kind, "wall": wall, "cpu": count.own + count.workers, "tasks": total.executed,
            "reaching": total.reaching, "trips": total.trips, "sent": total.sent,
            "roles": {role: vars(part) for role, part in count.by("role").items()},
        })  # fmt: skip
        print(f"{name:8} {kind:8} {wall:7.1f} s, {total.reaching} tasks to the node, {total.trips} trips", flush=True)

    def fresh(self) -> None:
        listed = subprocess.run([REPO / "lab/lab", "ls"], env=self.env, capture_output=True, text=True, check=True)
        if NODE in listed.stdout:
            self.call("lab/lab", "down", NODE)
        self.call("lab/lab", "up", NODE, "--octet", OCTET)

    def run(self) -> None:
        self.call("lab/lab", "serve")
        self.call("lab/lab", "up", NODE, "--octet", OCTET)
        trees = self.trees()
        for name, tree in trees.items():
            if self.options.first:
                self.fresh()
                self.site(tree, name, "first")
        for name, tree in trees.items():  # each writes what only it has; not counted
            self.site(tree, name, "settle")
        pings = [self.ping()]
        for _round in range(self.options.rounds):
            pings.append(self.ping())
            for name, tree in trees.items():
                self.site(tree, name, "noop")
                self.site(tree, name, "changed", *CHANGED)
                self.site(tree, name, "back")
            if self.options.mitogen:
                self.site(REPO, "mitogen", "noop", mitogen=True)
        self.rows = [row for row in self.rows if row["kind"] in KINDS]
        told = {"ping": statistics.median(pings), "load": os.getloadavg()[2], "cores": os.cpu_count()}
        told["rows"] = self.rows
        out = Path(self.options.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / "site.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(table(told))

    def end(self) -> None:
        subprocess.run(["git", "worktree", "remove", "--force", str(self.work / "before")], cwd=REPO, check=False)
        shutil.rmtree(self.work, ignore_errors=True)
        if not self.had:
            self.call("lab/lab", "down")


def middle(rows: list[dict], key: str) -> float:
    return statistics.median(row[key] for row in rows)


def table(told: dict) -> str:
    """As docs/performance.md shows it."""
    lines = [
        "| run | tree | wall | of `ansible -m ping` | controller's CPU | tasks | that go to the node | trips | sent |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        for tree in dict.fromkeys(row["tree"] for row in told["rows"]):
            rows = [row for row in told["rows"] if (row["kind"], row["tree"]) == (kind, tree)]
            if rows:
                wall, cpu, sent = (middle(rows, key) for key in ("wall", "cpu", "sent"))
                whole = [f"{middle(rows, key):.0f}" for key in ("tasks", "reaching", "trips")]
                cells = [TITLES[kind], tree, f"{wall:.1f} s", f"{wall / told['ping']:.1f} ×", f"{cpu:.1f} s", *whole]
                lines.append(f"| {' | '.join([*cells, f'{sent / 1e6:.1f} MB'])} |")
    load = f"load over 15 minutes {told['load']:.1f} on {told['cores']} cores"
    return "\n".join([*lines, "", f"`ansible -m ping`: {told['ping']:.1f} s (median); {load}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline", default=BASELINE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--mitogen", default="")
    parser.add_argument("--out", default=str(REPO / "tests/output/bench"))
    bench = Bench(parser.parse_args())
    try:
        bench.run()
    finally:
        bench.end()


if __name__ == "__main__":
    main()
