# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: systemd machines in the lab's namespace, each a snapshot of a base, reached over SSH."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from . import net, store, vm
from .config import GATEWAY, MTU, REPO, SUBNET, Lab
from .shell import LabError, lock, run, step

REBOOTED = 133  # nspawn's exit status when the node asked for a reboot
DROPPED = "CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO"  # the host's clock, modules and ports stay the host's


@dataclass(frozen=True)
class Node:
    name: str
    octet: int
    base: str
    vm: vm.Vm | None = None  # else a container

    @property
    def address(self) -> str:
        return f"{SUBNET}.{self.octet}"


def root(lab: Lab, name: str) -> Path:
    return lab.store / f"node-{lab.name}-{name}"


def listed(lab: Lab) -> list[Node]:
    found = [_read(f) for f in (lab.run / "nodes").glob("*.json")]
    return sorted(found, key=lambda n: n.octet)


def _read(file: Path) -> Node:
    said = json.loads(file.read_text(encoding="utf-8"))
    return Node(**{**said, "vm": vm.Vm(**said["vm"]) if said.get("vm") else None})


def _keep(lab: Lab, node: Node) -> None:
    lab.of_node(node.name, "json").parent.mkdir(parents=True, exist_ok=True)
    lab.of_node(node.name, "json").write_text(json.dumps(asdict(node)))


def get(lab: Lab, name: str) -> Node:
    for node in listed(lab):
        if node.name == name:
            return node
    known = ", ".join(n.name for n in listed(lab)) or "none"
    raise LabError(f"no node {name} in lab {lab.name} (there: {known})")


def is_up(lab: Lab, name: str) -> bool:
    return vm.is_up(lab, name) or net.alive(lab.of_node(name, "pid"), "_supervise")


def up(lab: Lab, name: str, octet: int | None = None, base: str = "bookworm", machine: vm.Vm | None = None) -> bool:
    """Make sure a node runs and answers; returns whether anything had to be done."""
    if not net.is_up(lab) or not store.is_mounted(lab):
        raise LabError(f"lab {lab.name} is not up: run lab/lab up")
    with lock(lab.run / "nodes.lock", "nodes"):
        known = {n.name: n for n in listed(lab)}
        if name in known:
            _same_kind(lab, known[name], machine)
            if is_up(lab, name) and (machine is None or _answers(lab, known[name])):
                return False
        else:
            taken = {n.octet: n.name for n in known.values()}
            octet = octet or next(o for o in range(100, 250) if o not in taken)
            if octet in taken:
                raise LabError(f"address {SUBNET}.{octet} is taken by {taken[octet]}")
            _create(lab, Node(name, octet, base, machine))
    _boot(lab, get(lab, name))
    return True


def _same_kind(lab: Lab, node: Node, machine: vm.Vm | None) -> None:
    """A VM that is off may get other firmware, memory and processors; any other change makes it another machine."""
    if machine is None and node.vm is None:
        return
    if not (machine and node.vm and (machine.disk == node.vm.disk or (machine.own and node.vm.own))):
        raise LabError(f"{node.name} is there as another machine ({node.base}): lab/lab down {node.name}")
    if is_up(lab, node.name):
        if machine.firmware != node.vm.firmware:
            raise LabError(f"{node.name} runs with {node.vm.firmware}: lab/lab stop {node.name} first")
        return
    _keep(lab, replace(node, vm=replace(machine, disk=node.vm.disk, size=node.vm.size)))


def _create(lab: Lab, node: Node) -> None:
    if node.vm:
        vm.create(lab, node.name, node.octet, node.vm)
    else:
        _create_tree(lab, node)
    _keep(lab, node)
    _write_known_hosts(lab)


def _create_tree(lab: Lab, node: Node) -> None:
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


def _write_known_hosts(lab: Lab) -> None:
    """The nodes' keys, so that connections are checked as they would be in production."""
    lines = []
    for node in listed(lab):
        tree = root(lab, node.name) / "etc/ssh/ssh_host_ed25519_key.pub"
        public = lab.of_node(node.name, "pub") if node.vm else tree
        if public.exists():
            lines.append(f"{node.name},{node.address} {' '.join(public.read_text().split()[:2])}\n")
    lab.known_hosts.write_text("".join(lines))


def _boot(lab: Lab, node: Node) -> None:
    if node.vm:
        with step(f"virtual machine {node.name} starts ({node.vm.firmware})") as s:
            if not vm.is_up(lab, node.name):
                vm.start(lab, node.name, node.octet, node.vm)
            vm.wait(lab, node.name, node.address, lambda: _answers(lab, node), s)
        return
    with lab.of_node(node.name, "log").open("a") as log:
        p = subprocess.Popen(
            [str(REPO / "lab/lab"), "_supervise", node.name],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=dict(os.environ, YITIJI_LAB=lab.name),
        )  # fmt: skip
    lab.of_node(node.name, "pid").write_text(str(p.pid))
    wait_ssh(lab, node)


def _answers(lab: Lab, node: Node) -> bool:
    if node.vm and not lab.of_node(node.name, "pub").exists() and not _learn_key(lab, node):
        return False
    ssh = [*net.inside(lab), "ssh", *ssh_options(lab, bool(node.vm)), f"root@{node.address}", "true"]
    return run(*ssh, check=False).returncode == 0


def _learn_key(lab: Lab, node: Node) -> bool:
    """An image makes its host key at its first boot: it is accepted once, from the lab's own network, then checked."""
    seen = run(*net.inside(lab), "ssh-keyscan", "-T", "3", "-t", "ed25519", node.address, check=False).stdout.split()
    if len(seen) < 3:
        return False
    lab.of_node(node.name, "pub").write_text(" ".join(seen[-2:]))
    _write_known_hosts(lab)
    return True


def wait_ssh(lab: Lab, node: Node, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if _answers(lab, node):
            return
        if not is_up(lab, node.name):
            break
        time.sleep(0.05)
    tail = "\n    ".join(lab.of_node(node.name, "log").read_text(errors="replace").splitlines()[-8:])
    raise LabError(f"node {node.name}: no answer on {node.address}:22 within {seconds:.0f} s\n    {tail}")


def ssh_options(lab: Lab, patient: bool = False) -> list[str]:
    settings = {
        "BatchMode": "yes",
        "ConnectTimeout": "30" if patient else "3",  # emulated machines are slow to complete a handshake
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
        with contextlib.suppress(OSError):  # where cgroup v1 has the controllers there is nothing to delegate
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
    """Clean: a shutdown. Otherwise a power cut."""
    if get(lab, name).vm:
        return vm.stop(lab, name, clean)
    if clean:
        net.end(lab.of_node(name, "pid"), "_supervise", seconds=60)
    for group in _cgroups(lab, name):
        kill = group / "cgroup.kill"
        if kill.exists():
            kill.write_text("1")
    net.end(lab.of_node(name, "pid"), "_supervise", seconds=2)
    for group in _cgroups(lab, name):
        for inner in sorted(group.rglob("*"), reverse=True) if group.exists() else []:
            if inner.is_dir():
                _rmdir(inner)
        _rmdir(group)
        _rmdir(group.parent)
    return None


def _rmdir(path: Path) -> None:
    for _ in range(40):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.05)  # the kernel is still reaping
            if path.name.startswith("yitiji-lab."):
                return  # other nodes use it
        else:
            return


def down(lab: Lab, name: str) -> None:
    stop(lab, name, clean=False)
    vm.forget(lab, name)
    if store.is_mounted(lab):
        store.delete(lab, root(lab, name))
    for kind in ("json", "pid", "log"):
        lab.of_node(name, kind).unlink(missing_ok=True)
    _write_known_hosts(lab) if lab.run.exists() else None


def freeze(lab: Lab, name: str, base: str) -> None:
    """Keep a node's disk as a base for others, without the node's identity."""
    if get(lab, name).vm:
        raise LabError(f"{name} is a virtual machine: its disk is {lab.of_node(name, 'disk')}")
    stop(lab, name)
    tree = root(lab, name)
    (tree / "etc/machine-id").write_text("")
    for host_key in (tree / "etc/ssh").glob("ssh_host_*"):
        host_key.unlink()
    store.delete(lab, store.base_path(lab, base))
    tree.rename(store.base_path(lab, base))
    down(lab, name)
