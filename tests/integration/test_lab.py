# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: clean nodes in seconds, nothing left behind, one clear line when it can not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import labctl
import pytest

OTHER = f"{os.environ['YITIJI_LAB']}-own"  # a lab of these tests alone
ENV = dict(os.environ, YITIJI_LAB=OTHER)
RUN = labctl.CACHE / "run" / OTHER


def lab(*args: str, **kw) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(labctl.LAB), *args], capture_output=True, text=True, check=False, **{"env": ENV, **kw})


def processes() -> list[str]:
    """Command lines of what runs for the lab: its supervisors and everything in its network."""
    supervised = subprocess.run(["pgrep", "-af", "lab _supervise"], capture_output=True, text=True, check=False).stdout
    pids = [line.split()[0] for line in supervised.splitlines()]
    environments = {p: Path(f"/proc/{p}/environ").read_text(encoding="utf-8", errors="replace") for p in pids}
    own = [p for p in pids if f"YITIJI_LAB={OTHER}\0" in environments[p]]
    inside = subprocess.run(
        ["ip", "netns", "pids", f"yitiji-{OTHER}"], capture_output=True, text=True, check=False
    ).stdout
    return own + inside.split()


def traces() -> list[str]:
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    found = [f"mount {line.split()[1]}" for line in mounts if f"{OTHER}" in line]
    found += [f"netns {p}" for p in Path("/run/netns").glob(f"*{OTHER}")]
    found += [f"disk {p}" for p in (labctl.CACHE / "store").glob(f"node-{OTHER}-*")]
    found += [f"cgroup {p}" for p in Path("/sys/fs/cgroup").glob(f"**/yitiji-lab.{OTHER}")]
    return found + processes() + [str(p) for p in RUN.rglob("*")]


@pytest.fixture(autouse=True)
def gone_afterwards():
    yield
    lab("down")


def test_a_clean_node_in_seconds():
    assert lab("up").returncode == 0
    t0 = time.monotonic()
    done = lab("up", "n1")
    seconds = time.monotonic() - t0
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab("ssh", "n1", "systemctl is-system-running --wait").stdout.strip() in ("running", "degraded")
    again = lab("up", "n1").stdout
    assert "is up" in again
    print(f"\n    clean node after {seconds:.1f} s")
    assert seconds < 15  # 3 on an idle machine


def test_the_host_network_is_untouched():
    def routes() -> str:
        return subprocess.run("ip -4 addr; ip -4 route; ip rule; nft list ruleset 2>/dev/null", shell=True,
                              capture_output=True, text=True, check=True).stdout  # fmt: skip

    before = routes()
    lab("up", "n1")
    strip = [line for line in routes().splitlines() if "valid_lft" not in line]
    assert strip == [line for line in before.splitlines() if "valid_lft" not in line]
    assert "10.77.0" not in routes()


def test_power_cut_and_down():
    lab("up", "n1")
    lab("ssh", "n1", "touch /root/kept; sync")
    assert lab("stop", "n1", "--pull-the-plug").returncode == 0
    assert "stopped" in lab("ls").stdout
    assert lab("up", "n1").returncode == 0
    assert lab("ssh", "n1", "ls /root/kept").stdout.strip() == "/root/kept"
    assert lab("down").returncode == 0
    assert traces() == []


def test_a_killed_start_can_be_removed():
    lab("up")
    starting = subprocess.Popen(
        [str(labctl.LAB), "up", "n1"], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 20
    while not (RUN / "nodes/n1.pid").exists() and time.monotonic() < until:
        time.sleep(0.02)
    starting.send_signal(signal.SIGKILL)
    starting.wait()
    assert lab("down").returncode == 0
    assert traces() == []


def one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    told = done.stderr.strip()
    assert done.returncode == 2 and len(told.splitlines()) == 1, done.stdout + done.stderr
    assert told.startswith("lab: ") and all(w in told for w in words), told


def test_an_unprivileged_user_is_told():
    one_line(lab("up", user=65534, env=dict(ENV, HOME="/nonexistent")), "root")


def test_too_little_space_is_told(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(tmp_path)], check=True)
    try:
        one_line(lab("up", env=dict(ENV, YITIJI_LAB_DIR=str(tmp_path))), str(tmp_path), "GiB", "YITIJI_LAB_DIR")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_an_unknown_node_is_named():
    lab("up")
    one_line(lab("ssh", "nobody", "true"), "nobody")
