# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/doctor.yml over eight nodes: how long it takes, that it changes nothing, and what it says of a sick one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import labctl
import pytest
import yaml

from .conftest import BASE, ROOT, ensure_base

NODES = {f"fleet{number}": f"10.77.0.{70 + number}" for number in range(1, 9)}
AT_MOST = 4.0  # times one node: eight are asked at the same time, on one machine of two cores
# What a login and the passing of time write on any machine.
VOLATILE = re.compile(r"var/log/(journal/.*|wtmp|btmp|lastlog)$")
RECORD = ROOT / "tests" / "output" / "doctor-fleet.json"
# The lab's clock is the host's; this Python sees another one. Not by libfaketime: under it each short sleep fails.
LATE = "/usr/local/bin/python-late"
LIE = f"""mkdir -p /usr/local/lib/late
printf 'import time\\nnow = time.time\\ntime.time = lambda: now() + 300\\n' > /usr/local/lib/late/sitecustomize.py
printf '#!/bin/sh\\nPYTHONPATH=/usr/local/lib/late exec /usr/bin/python3 "$@"\\n' > {LATE}; chmod 755 {LATE}"""


class Fleet:
    """Eight nodes of one deployment with a saved plan, and runs of the playbook over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        hosts = {name: {"ansible_host": address} for name, address in NODES.items()}
        group = {"vars": {"appliance_deployment": "fleet", "appliance_profile": "lab"}, "hosts": hosts}
        inventory = {"all": {"children": {"appliances": {"children": {"fleet": group}}}}}
        (folder / "inventory").mkdir()
        (folder / "inventory" / "hosts.yml").write_text(yaml.safe_dump(inventory))
        (folder / "inventory" / "group_vars").symlink_to(ROOT / "inventories" / "lab" / "group_vars")
        plan = {
            "schema": 2,
            "verdict": "fits",
            "model": {"id": "lab/tiny", "path": "/srv/models/lab/tiny", "bytes": 10**6},
            "engine": {"name": "vllm", "device": "cpu"},
            "nodes": {name: {"rank": n, "gpus": [], "address": a} for n, (name, a) in enumerate(NODES.items())},
            "image": {"ref": "lab/vllm:1"},
            "needs": {"memory_bytes": 10**9, "ports": [8000], "disk_bytes": {}},
        }
        (folder / "plans" / "fleet").mkdir(parents=True)
        (folder / "plans" / "fleet" / "plan.json").write_text(json.dumps(plan))

    def run(self, *options: str) -> tuple[int, str, dict, float]:
        """(exit status, output, report, seconds)."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        settings = {"appliance_plan_dir": str(self.folder / "plans"), "preflight_json_file": str(report)}
        call = [str(ROOT / ".venv/bin/ansible-playbook"), "playbooks/doctor.yml", "-i", str(self.folder / "inventory")]
        call += ["-e", json.dumps(settings), *options]
        plain = dict(os.environ, ANSIBLE_NOCOLOR="1")
        started = time.monotonic()
        none = subprocess.DEVNULL
        done = subprocess.run(
            call, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, env=plain, stdin=none
        )
        seconds = time.monotonic() - started
        said = done.stdout + done.stderr
        return done.returncode, said, json.loads(report.read_text()) if report.exists() else {}, seconds


def disk(name: str) -> Path:
    return labctl.CACHE / "store" / f"node-{os.environ['YITIJI_LAB']}-{name}"


def keep(name: str, mark: str) -> Path:
    """A snapshot of a node's disk as it is now, for reading."""
    target = disk(name).with_name(f".doctor-{os.environ['YITIJI_LAB']}-{name}-{mark}")
    labctl.node("sync", name)
    subprocess.run(["btrfs", "-q", "subvolume", "snapshot", "-r", str(disk(name)), str(target)], check=True)
    return target


def changes(before: Path, after: Path) -> list[str]:
    """Paths whose content, owner, mode or time differs: what btrfs would have to send to make one of the other."""
    send = subprocess.Popen(
        ["btrfs", "-q", "send", "--no-data", "-p", str(before), str(after)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    dump = subprocess.run(["btrfs", "receive", "--dump"], stdin=send.stdout, capture_output=True, text=True, check=True)
    assert send.wait() == 0
    rows = [line.split(None, 2) for line in dump.stdout.splitlines()]
    # access times are not kept (noatime); the first row names the snapshot
    paths = {row[1].partition("/")[2].partition("/")[2] for row in rows if row[0] not in ("snapshot", "subvol")}
    return sorted(path for path in paths if path and not re.match(r"o\d+-\d+-\d+", path))  # its own passing names


@pytest.fixture(scope="module", name="fleet")
def fixture_fleet(tmp_path_factory):
    ensure_base()

    def begin(row):
        labctl.clean_node(row[0], row[1].rsplit(".", 1)[1], BASE)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(begin, NODES.items()))
    found = Fleet(tmp_path_factory.mktemp("fleet"))
    found.run()  # opens the connections' folders and fills the caches of the controller
    yield found
    for name in NODES:
        labctl.lab("down", name, check=False)


def test_it_changes_nothing_on_eight_nodes(fleet):
    before = {name: keep(name, "before") for name in NODES}
    after: dict[str, Path] = {}
    try:
        runs = [fleet.run() for _ in range(2)]
        after = {name: keep(name, "after") for name in NODES}
        changed = {name: [p for p in changes(before[name], after[name]) if not VOLATILE.search(p)] for name in NODES}
        labctl.node("touch /etc/hostname; chmod 600 /etc/motd; echo x >> /usr/share/doc/x", "fleet1")
        third = after["late"] = keep("fleet1", "late")
        noticed = changes(after["fleet1"], third)
    finally:
        for path in [*before.values(), *after.values()]:
            subprocess.run(["btrfs", "-q", "subvolume", "delete", str(path)], check=False)
    _rc, said, report, _seconds = runs[-1]
    assert sorted(report["hosts"]) == sorted(NODES) and "UNREACHABLE" not in said, said[-2000:]
    asked = {result["id"] for result in report["results"] if result["status"] == "pass"}
    assert {"LLM101", "LLM102", "LLM103", "LLM108", "LLM401"} <= asked, "it looked at too little to be a measure"
    assert not any(line.strip().startswith("changed:") for line in said.splitlines())
    assert changed == {name: [] for name in NODES}
    assert {"etc/hostname", "etc/motd", "usr/share/doc/x"} <= set(noticed), "the comparison would not notice a change"


def test_eight_nodes_cost_little_more_than_one(fleet):
    """With the questions to the network, as by default. The seconds are printed and kept; a ratio is what is judged."""
    load = os.getloadavg()[0]
    pairs = [[round(fleet.run(*limit)[3], 1) for limit in (("-l", "fleet1"), ())] for _ in range(3)]
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps({"nodes": len(NODES), "seconds": pairs, "load": load}) + "\n")
    print(f"doctor over one node and over {len(NODES)}: {pairs} s; load before {load:.1f}")
    assert min(eight / pair for pair, eight in pairs) < AT_MOST, pairs


def loud(report: dict, host: str) -> dict[str, str]:
    return {r["id"]: r["status"] for r in report["results"] if r["host"] == host and r["status"] in ("fail", "warn")}


def test_a_wrong_clock_is_named_on_its_node_alone(fleet):
    healthy = loud(fleet.run("-l", "fleet2,fleet3")[2], "fleet3")
    labctl.node(LIE, "fleet3")
    late = fleet.folder / "late.yml"
    late.write_text(yaml.safe_dump({"all": {"hosts": {"fleet3": {"ansible_python_interpreter": LATE}}}}))
    rc, said, report, _seconds = fleet.run("-l", "fleet2,fleet3", "-i", str(late))
    assert rc == 2 and "[LLM102] fleet3" in said, said[-3000:]
    mine = next(r for r in report["results"] if r["host"] == "fleet3" and r["id"] == "LLM102")
    assert "differs by 300 s" in mine["evidence"]["en"] or "differs by 299 s" in mine["evidence"]["en"], mine
    assert loud(report, "fleet3") == {**healthy, "LLM102": "fail"}
    assert "LLM102" not in loud(fleet.run("-l", "fleet2,fleet3")[2], "fleet3")


def test_a_dead_node_is_a_finding_and_the_others_are_judged(fleet):
    labctl.lab("stop", "fleet2")
    try:
        rc, said, report, _seconds = fleet.run("-l", "fleet1,fleet2", "-e", '{"ansible_ssh_timeout": 4}')
    finally:
        labctl.lab("up", "fleet2")
    assert rc == 2 and "[LLM107] fleet2" in said, said[-2000:]
    assert loud(report, "fleet2") == {"LLM107": "fail"}
    assert len([r for r in report["results"] if r["host"] == "fleet1"]) > 30


def test_a_silenced_rule_shows_its_reason_and_an_unknown_one_is_refused(fleet):
    settings = {"appliance_rules_ignore": [{"id": "LLM405", "reason": "a slow link is enough here"}]}
    rc, said, report, _seconds = fleet.run("-l", "fleet1", "-e", json.dumps(settings))
    mine = next(r for r in report["results"] if r["id"] == "LLM405")
    assert rc == 0 and mine["silenced"] == "a slow link is enough here" and mine["status"] == "warn"
    assert "已忽略 / silenced: a slow link is enough here" in said and report["summary"]["silenced"] == 1
    settings = {"appliance_rules_ignore": [{"id": "LLM999", "reason": "x"}]}
    rc, said, _report, _seconds = fleet.run("-l", "fleet1", "-e", json.dumps(settings))
    assert rc == 2 and "LLM199" in said and "'LLM999', which is not a rule" in said
