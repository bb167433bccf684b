# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CPU quota, a slow disk and a lossy link, each made by the kernel of this machine, are found and named."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import judge, link, machine, sample, soak
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output

CATALOGUE = Path(__file__).resolve().parents[2] / "plugins/catalog/acceptance/limits.yml"
LIMITS, _CAUSES = judge.limits_of(yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")), "basic")
UNIT = [{"name": "engine", "url": "http://127.0.0.1:9", "serves": True}]
SLOW = 8_000_000  # bytes a second
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="quotas and packet rules need root")


class Node(Host):
    """This machine; only which process is the engine is told by the test, since no unit runs it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, argv: Sequence[str], timeout: float = 5.0) -> Optional[Output]:
        if argv[0] == "systemctl":
            return Output(0, f"MainPID={self.pid}\nInvocationID=a\n", "")
        return None if argv[0] == "docker" else super().run(argv, timeout)


@contextlib.contextmanager
def group(controller: str, name: str, value: str) -> Iterator[Path]:
    """A cgroup of the first kind with one setting."""
    top = Path("/sys/fs/cgroup") / controller
    folder = top / f"yitiji-acceptance-{os.getpid()}"
    if not (top / "cgroup.procs").exists():
        pytest.skip(f"no cgroups of the first kind for {controller}")
    folder.mkdir()
    try:
        (folder / name).write_text(value)
        yield folder
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            (top / "cgroup.procs").write_text(pid)
        folder.rmdir()


def figures(seen: sample.Seen) -> dict[str, dict]:
    row = {"requests": 1, "failed": 0, "latency_ms": {"p50": 1.0}, "errors": [], "nodes": {"gpu01": seen}}
    return {each["key"]: each for each in soak.figures({"slices": [row], "concurrency": 1}, LIMITS)}


@pytest.mark.parametrize("share", [5, 0])  # percent of a CPU: used up in every period, however busy this machine is
def test_a_cpu_quota_that_holds_the_engine_back(share):
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with group("cpu", "cpu.cfs_quota_us", str(share * 1000 or -1)) as folder:
            (folder / "cgroup.procs").write_text(str(process.pid))
            found = figures(sample.watch(Node(process.pid), UNIT, 3))["cpu_held"]
    finally:
        process.kill()
        process.wait()
    assert (found["verdict"], found["rule"]) == ("conditional" if share else "pass", "LLM865"), found
    assert not share or ("CPUQuota" in found["remedy"]["en"] and found["measured"] > 50)


def test_a_slow_disk(tmp_path):
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(os.urandom(machine.LEAST))
    os.sync()
    device = os.stat(tmp_path).st_dev
    told = f"{os.major(device)}:{os.minor(device)} {SLOW}"
    before = machine.measure(Host(), str(tmp_path), [])["disk_mbs"]
    if before is None:
        pytest.skip("the file system of this folder does not read past its cache")
    with group("blkio", "blkio.throttle.read_bps_device", told) as folder:
        (folder / "cgroup.procs").write_text(str(os.getpid()))
        after = machine.measure(Host(), str(tmp_path), [])
    assert after["disk_mbs"] == pytest.approx(SLOW / 1e6, rel=0.1) and before > 2 * after["disk_mbs"]
    [found] = [row for row in machine.figures({"gpu01": after}, LIMITS, {}) if row["key"] == "disk_mbs"]
    assert (found["verdict"], found["rule"]) == ("conditional", "LLM868") and "NVMe" in found["remedy"]["en"]


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 4_000_000)

    def log_message(self, *_args):
        pass


def _serve_and_fetch(lossy: bool) -> dict[str, dict]:
    """In a network namespace of its own: pages over loopback, of whose packets one in twenty may be dropped."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if lossy:
        rule = "table inet t { chain c { type filter hook input priority 0; numgen random mod 100 lt 5 drop; }; }"
        subprocess.run(["nft", rule], check=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    url = f"http://127.0.0.1:{server.server_address[1]}"

    def sleep(_seconds: float) -> None:
        with opener.open(url, timeout=60) as answer:
            answer.read()

    looks = iter(range(100))
    return figures(sample.watch(Node(os.getpid()), UNIT, 8, "", False, sleep, lambda: float(next(looks))))


@pytest.mark.parametrize("lossy", [True, False])
def test_a_lossy_link(lossy):
    code = f"from tests.acceptance import test_16_node as t; print(t._serve_and_fetch({lossy})['sent_again'])"
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "'rule': 'LLM866'" in done.stdout and "cables" in done.stdout, done.stdout
    assert f"'verdict': '{'conditional' if lossy else 'pass'}'" in done.stdout


ENDS = {"gpu01": "10.98.76.1", "gpu02": "10.98.76.2"}
PAIR = {
    "nodes": {name: {"head": name == "gpu01", "address": address, "units": []} for name, address in ENDS.items()},
    "cluster": None, "container": None,
}  # fmt: skip
DROP = "table inet t { chain c { type filter hook input priority 0; numgen random mod 100 lt 2 drop; }; }"


def _one_end(name: str) -> str:
    return json.dumps(link.measure(Host(), PAIR, name)["network"])


@contextlib.contextmanager
def two_nodes() -> Iterator[dict[str, list[str]]]:
    """Two network namespaces with a cable between them; -> what runs a command in each."""
    spaces = {name: f"yitiji-{name}-{os.getpid()}" for name in ENDS}
    inside = {name: ["ip", "netns", "exec", space] for name, space in spaces.items()}
    try:
        for space in spaces.values():
            subprocess.run(["ip", "netns", "add", space], check=True)
        one, other = spaces.values()
        words = ["type", "veth", "peer", "name", "data0", "netns", other]
        subprocess.run(["ip", "-n", one, "link", "add", "data0", *words], check=True)
        for name, space in spaces.items():
            subprocess.run(["ip", "-n", space, "address", "add", ENDS[name] + "/24", "dev", "data0"], check=True)
            subprocess.run(["ip", "-n", space, "link", "set", "data0", "up"], check=True)
        yield inside
    finally:
        for space in spaces.values():
            subprocess.run(["ip", "netns", "delete", space], check=False)


@pytest.mark.parametrize("lossy", [True, False])
def test_a_lossy_link_between_two_nodes(lossy):
    with two_nodes() as inside:
        if lossy:  # by netem where this kernel has it
            netem = ["tc", "qdisc", "add", "dev", "data0", "root", "netem", "loss", "2%"]
            if subprocess.run([*inside["gpu02"], *netem], check=False, capture_output=True).returncode != 0:
                subprocess.run([*inside["gpu01"], "nft", DROP], check=True)
        ends = {
            name: subprocess.Popen(
                [*words, sys.executable, "-c",
                 f"from tests.acceptance import test_16_node as t; print(t._one_end({name!r}))"],
                stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
            )
            for name, words in inside.items()
        }  # fmt: skip
        said = {name: json.loads(process.communicate(timeout=120)[0]) for name, process in ends.items()}
    assert said["gpu01"] is None and said["gpu02"]["to"] == "gpu01" and said["gpu02"]["mbps"] > 1
    machines = {"gpu02": {"disk_mbs": None, "memory_gbs": None, "link": {"network": said["gpu02"], "sums": []}}}
    rows = [machine.figures(machines, {**LIMITS, "network_mbps": least}, {}) for least in (1, 10**7)]
    found, short = ({row["key"]: row for row in each} for each in rows)
    again = found["network_again"]
    assert (again["verdict"], again["rule"]) == ("conditional" if lossy else "pass", "LLM866"), said
    assert "gpu02 - gpu01" in again["text"]["en"] and (not lossy or "cables" in again["remedy"]["en"])
    assert (found["network_mbps"]["verdict"], short["network_mbps"]["verdict"]) == ("pass", "conditional")
    assert short["network_mbps"]["rule"] == "LLM868"
