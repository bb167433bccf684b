# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: one namespace with a bridge; slirp4netns carries what leaves it.

The host's own network is not touched: no route, no address, no firewall rule, no forwarding switch. Once the
namespace is gone, the lab's addresses no longer exist.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from .config import DNS, GATEWAY, MTU, SUBNET, Lab
from .shell import LabError, run, step

BRIDGE = "br0"


def inside(lab: Lab) -> list[str]:
    """Prefix of a command that is to run in the lab's network (`ip netns exec` would hide the cgroups)."""
    return ["nsenter", f"--net={lab.netns_path}"]


def is_up(lab: Lab) -> bool:
    return lab.netns_path.exists() and alive(lab.run / "slirp.pid", "slirp4netns")


def alive(pidfile: Path, name: str) -> bool:
    """The process of a pid file, if it is still the process that was started."""
    try:
        pid = int(pidfile.read_text(encoding="utf-8"))
        return name in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, ValueError):
        return False


def end(pidfile: Path, name: str, seconds: float = 5) -> None:
    """End the process of a pid file: TERM, then KILL. A stale file is just removed."""
    if alive(pidfile, name):
        pid = int(pidfile.read_text(encoding="utf-8"))
        for sig, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 2.0)):
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                break
            until = time.monotonic() + patience
            while alive(pidfile, name) and time.monotonic() < until:
                time.sleep(0.05)
    pidfile.unlink(missing_ok=True)


def egress(lab: Lab, open_: bool) -> None:
    """Whether anything in the lab can reach the outside; the lab's own network stays as it is."""
    way = "ip link set tap0 up && ip route replace default via 10.0.2.2 dev tap0"
    script = way if open_ else "ip link set tap0 down"
    with step(f"way out of {lab.netns}") as s:
        run(*inside(lab), "sh", "-c", script)
        s.tell("open" if open_ else "none")


def up(lab: Lab) -> None:
    with step(f"network namespace {lab.netns}") as s:
        if is_up(lab):
            return s.reused("up")
        down(lab)
        lab.run.mkdir(parents=True, exist_ok=True)
        run("ip", "netns", "add", lab.netns)
        script = f"""set -e
            ip link set lo up
            ip link add {BRIDGE} type bridge; ip addr add {GATEWAY}/24 dev {BRIDGE}; ip link set {BRIDGE} mtu {MTU} up
            echo 1 >/proc/sys/net/ipv4/ip_forward
            nft add table ip lab
            nft 'add chain ip lab post {{ type nat hook postrouting priority 100; }}'
            nft add rule ip lab post ip saddr {SUBNET}.0/24 oifname tap0 masquerade"""
        run(*inside(lab), "sh", "-c", script)
        ready_r, ready_w = os.pipe()
        with (lab.run / "slirp.log").open("w") as log:
            p = subprocess.Popen(
                ["slirp4netns", "--configure", f"--mtu={MTU}", "--disable-host-loopback", f"--ready-fd={ready_w}",
                 "--netns-type=path", str(lab.netns_path), "tap0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[ready_w], start_new_session=True,
            )  # fmt: skip
        os.close(ready_w)
        (lab.run / "slirp.pid").write_text(str(p.pid))
        with os.fdopen(ready_r) as ready:
            if ready.read(1) != "1":
                raise LabError(f"slirp4netns did not start: {(lab.run / 'slirp.log').read_text().strip()[-300:]}")
        s.tell(f"{SUBNET}.0/24 behind {GATEWAY}, names by {DNS}")
    return None


def down(lab: Lab) -> None:
    end(lab.run / "slirp.pid", "slirp4netns")
    if lab.netns_path.exists():
        for pid in run("ip", "netns", "pids", lab.netns, check=False).stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
        run("ip", "netns", "del", lab.netns)
