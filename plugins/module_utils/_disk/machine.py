# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boots a tree as a container of systemd-nspawn, so that roles run in it as on a machine; and shuts it down."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import Failed
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

NSPAWN = "systemd-nspawn"
# The build machine's clock, modules and ports do not concern the disk image.
DROPPED = "CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO"
STOP_SECONDS = 90


def command(tree: str, name: str, bridge: str, own_systemd: bool) -> List[str]:
    """dockerd needs capabilities and system calls that a container does not have by default."""
    keep = [] if own_systemd else ["--keep-unit"]
    return [
        NSPAWN, "-q", "--register=no", *keep, "-D", tree, "-M", name, f"--network-bridge={bridge}",
        "--resolv-conf=off", "--timezone=off", "--capability=all", f"--drop-capability={DROPPED}",
        "--system-call-filter=@keyring bpf perf_event_open", "--bind=/dev/fuse", "--bind=/dev/net/tun",
        "-b", "--console=pipe",
    ]  # fmt: skip


def _pid_file(tree: str) -> str:
    return tree.rstrip("/") + ".pid"


def pid(tree: str) -> int:
    """Of the container that boots this tree; 0 when there is none."""
    number = read_text(_pid_file(tree)).strip()
    said = read_text(f"/proc/{number}/cmdline") if number else ""
    return int(number) if NSPAWN in said and tree in said else 0


def start(tree: str, name: str, bridge: str) -> bool:
    """Whether it had to be started."""
    if pid(tree):
        return False
    own_systemd = os.path.isdir("/run/systemd/system")
    env = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    with open(tree.rstrip("/") + ".log", "ab") as log:
        child = subprocess.Popen(
            command(tree, name, bridge, own_systemd), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
            start_new_session=True,
            preexec_fn=None if own_systemd else lambda: _own_cgroup(name),  # noqa: PLW1509 - this process has one thread
        )  # fmt: skip
    write_atomic(_pid_file(tree), str(child.pid), 0o644)
    time.sleep(1)
    if child.poll() is not None:
        raise Failed(f"{NSPAWN}: {read_text(tree.rstrip('/') + '.log').strip()[-500:]}")
    return True


def _own_cgroup(name: str) -> None:
    """Without systemd on the build machine nobody else gives the container a place of its own."""
    for group in _cgroups(name):
        os.makedirs(group, exist_ok=True)
        with contextlib.suppress(OSError), open(
            os.path.join(os.path.dirname(group), "cgroup.subtree_control"), "w", encoding="utf-8"
        ) as f:
            f.write("+cpu +io +memory +pids")
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))


def _cgroups(name: str) -> List[str]:
    top = "/sys/fs/cgroup"
    there = [os.path.join(top, h) for h in ("unified", "systemd") if os.path.isdir(os.path.join(top, h))] or [top]
    return [os.path.join(h, "yitiji-disk", name) for h in there]


def stop(tree: str, name: str) -> bool:
    """A clean shutdown, so that databases and the engine's store are whole; an error when it takes too long."""
    running = pid(tree)
    if not running:
        return False
    os.kill(running, signal.SIGTERM)  # nspawn asks the container's init
    until = time.monotonic() + STOP_SECONDS
    while pid(tree):
        if time.monotonic() > until:
            raise Failed(f"{name} does not shut down within {STOP_SECONDS} s (process {running})")
        time.sleep(0.2)
    os.unlink(_pid_file(tree))
    for group in _cgroups(name):
        _clear(group)
    return True


def _clear(group: str) -> None:
    for top, _folders, _files in os.walk(group, topdown=False):
        for _attempt in range(20):
            with contextlib.suppress(OSError):
                os.rmdir(top)
                break
            time.sleep(0.1)
