"""Nodes: systemd machines in the lab's namespace, each a snapshot of a base, reached over SSH."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from . import net, store
from .config import GATEWAY, MTU, REPO, SUBNET, Lab
from .shell import LabError, lock, run

REBOOTED = 133  # nspawn's exit status when the node asked for a reboot
DROPPED = "CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO"  # the host's clock, modules and ports stay the host's


@dataclass(frozen=True)
class Node:
    name: str
    octet: int
    base: str

    @property
    def address(self) -> str:
        return f"{SUBNET}.{self.octet}"


def _file(lab: Lab, name: str, kind: str) -> Path:
    return lab.run / "nodes" / f"{name}.{kind}"


def root(lab: Lab, name: str) -> Path:
    return lab.store / f"node-{lab.name}-{name}"


def listed(lab: Lab) -> list[Node]:
    found = [Node(**json.loads(f.read_text())) for f in (lab.run / "nodes").glob("*.json")]
    return sorted(found, key=lambda n: n.octet)


def get(lab: Lab, name: str) -> Node:
    for node in listed(lab):
        if node.name == name:
            return node
    known = ", ".join(n.name for n in listed(lab)) or "none"
    raise LabError(f"no node {name} in lab {lab.name} (there: {known})")


def is_up(lab: Lab, name: str) -> bool:
    return net.alive(_file(lab, name, "pid"), "_supervise")


def up(lab: Lab, name: str, octet: int | None = None, base: str = "bookworm") -> bool:
    """Make sure a node runs and answers; returns whether anything had to be done."""
    if not net.is_up(lab) or not store.is_mounted(lab):
        raise LabError(f"lab {lab.name} is not up: run lab/lab up")
    with lock(lab.run / "nodes.lock", "nodes"):
        known = {n.name: n for n in listed(lab)}
        if name in known:
            if is_up(lab, name):
                return False
        else:
            taken = {n.octet: n.name for n in known.values()}
            octet = octet or next(o for o in range(100, 250) if o not in taken)
            if octet in taken:
                raise LabError(f"address {SUBNET}.{octet} is taken by {taken[octet]}")
            _create(lab, Node(name, octet, base))
    _boot(lab, get(lab, name))
    return True


def _create(lab: Lab, node: Node) -> None:
    source, target = store.base_path(lab, node.base), root(lab, node.name)
    if not source.exists():
        have = ", ".join(sorted(p.name[5:] for p in lab.store.glob("base-*"))) or "none"
        raise LabError(f"no base {node.base} (there: {have})")
    store.delete(lab, target)
    store.snapshot(source, target)
    (target / "etc/hostname").write_text(f"{node.name}\n")
    (target / "etc/hosts").write_text(f"127.0.0.1 localhost\n{node.address} {node.name}\n{GATEWAY} hub.lab\n")
    (target / "etc/systemd/network/10-host0.network").write_text(
        f"[Match]\nName=host0\n[Link]\nMTUBytes={MTU}\n[Network]\nAddress={node.address}/24\nGateway={GATEWAY}\n"
    )
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", node.name, "-f", target / "etc/ssh/ssh_host_ed25519_key")
    _file(lab, node.name, "json").parent.mkdir(parents=True, exist_ok=True)
    _file(lab, node.name, "json").write_text(json.dumps(asdict(node)))
    _write_known_hosts(lab)


def _write_known_hosts(lab: Lab) -> None:
    """The nodes' keys, so that connections are checked as they would be in production."""
    lines = []
    for node in listed(lab):
        public = root(lab, node.name) / "etc/ssh/ssh_host_ed25519_key.pub"
        if public.exists():
            lines.append(f"{node.name},{node.address} {' '.join(public.read_text().split()[:2])}\n")
    lab.known_hosts.write_text("".join(lines))


def _boot(lab: Lab, node: Node) -> None:
    with _file(lab, node.name, "log").open("a") as log:
        p = subprocess.Popen(
            [str(REPO / "lab/lab"), "_supervise", node.name],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=dict(os.environ, YITIJI_LAB=lab.name),
        )  # fmt: skip
    _file(lab, node.name, "pid").write_text(str(p.pid))
    wait_ssh(lab, node)


def wait_ssh(lab: Lab, node: Node, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if run(*net.inside(lab), "ssh", *ssh_options(lab), f"root@{node.address}", "true", check=False).returncode == 0:
            return
        if not is_up(lab, node.name):
            break
        time.sleep(0.05)
    tail = "\n    ".join(_file(lab, node.name, "log").read_text(errors="replace").splitlines()[-8:])
    raise LabError(f"node {node.name}: no answer on {node.address}:22 within {seconds:.0f} s\n    {tail}")


def ssh_options(lab: Lab) -> list[str]:
    settings = {
        "BatchMode": "yes",
        "ConnectTimeout": "3",
        "LogLevel": "ERROR",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(lab.known_hosts),
    }
    return ["-i", str(lab.key), *(x for k, v in settings.items() for x in ("-o", f"{k}={v}"))]


def _cgroups(lab: Lab, name: str) -> list[Path]:
    """The node's own cgroup in every hierarchy that systemd uses (hybrid or unified)."""
    top = Path("/sys/fs/cgroup")
    hierarchies = [top / h for h in ("unified", "systemd") if (top / h).is_dir()] or [top]
    return [h / f"yitiji-lab.{lab.name}" / name for h in hierarchies]


def supervise(lab: Lab, name: str) -> int:
    """Run the node until it is stopped; start it again when it reboots. This is the process behind the pid file."""
    node, child = get(lab, name), None
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        if child:
            child.terminate()  # nspawn asks the node's init for a clean shutdown

    signal.signal(signal.SIGTERM, stop)
    for group in _cgroups(lab, name):
        group.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # where version 1 holds the controllers there is nothing to hand down
            (group.parent / "cgroup.subtree_control").write_text("+cpu +io +memory +pids")
        (group / "cgroup.procs").write_text(str(os.getpid()))
    command = [
        *net.inside(lab),
        "systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", str(root(lab, name)), "-M", node.name,
        f"--network-bridge={net.BRIDGE}", "--capability=all", f"--drop-capability={DROPPED}",
        "--system-call-filter=@keyring bpf perf_event_open", "--bind=/dev/fuse", "--bind=/dev/net/tun",
        "-b", "--console=pipe",
    ]  # fmt: skip
    env = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")
    while not stopping:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env)
        if child.wait() != REBOOTED:
            return child.returncode
    return 0


def stop(lab: Lab, name: str, clean: bool = True) -> None:
    """Clean: a shutdown. Otherwise as if the plug were pulled."""
    if clean:
        net.end(_file(lab, name, "pid"), "_supervise", seconds=60)
    for group in _cgroups(lab, name):
        kill = group / "cgroup.kill"
        if kill.exists():
            kill.write_text("1")
    net.end(_file(lab, name, "pid"), "_supervise", seconds=2)
    for group in _cgroups(lab, name):
        for inner in sorted(group.rglob("*"), reverse=True) if group.exists() else []:
            if inner.is_dir():
                _rmdir(inner)
        _rmdir(group)
        _rmdir(group.parent)


def _rmdir(path: Path) -> None:
    for _ in range(40):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.05)  # the kernel is still reaping
            if path.name.startswith("yitiji-lab."):
                return  # other nodes live there
        else:
            return


def down(lab: Lab, name: str) -> None:
    stop(lab, name, clean=False)
    if store.is_mounted(lab):
        store.delete(lab, root(lab, name))
    for kind in ("json", "pid", "log"):
        _file(lab, name, kind).unlink(missing_ok=True)
    _write_known_hosts(lab) if lab.run.exists() else None


def freeze(lab: Lab, name: str, base: str) -> None:
    """Keep a node's disk as a base for others, without the node's identity."""
    stop(lab, name)
    tree = root(lab, name)
    (tree / "etc/machine-id").write_text("")
    for host_key in (tree / "etc/ssh").glob("ssh_host_*"):
        host_key.unlink()
    store.delete(lab, store.base_path(lab, base))
    tree.rename(store.base_path(lab, base))
    down(lab, name)
