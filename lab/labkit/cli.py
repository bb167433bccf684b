# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from . import engines, light, machine, net, node, rpm, store, vllm_before, vm_cli, webui_before
from .config import SUITES, Lab
from .shell import LabError, fail, lock, say

# Added here: what engines.py says is part of the keys by which the images that it makes are cached.
engines.MAKERS["webui_before"] = webui_before.make
engines.MAKERS["vllm_before"] = vllm_before.make


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="lab/lab", description="The test lab of yitiji.deepseek. 测试实验室。")
    verbs = p.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    up = verb("up", "network, store, base trees; with a NAME also that node (again: nothing is done twice)")
    up.add_argument("name", nargs="?")
    up.add_argument("--octet", type=int, help="last number of its address 10.77.0.N (default: a free one)")
    up.add_argument("--base", default="bookworm", help=f"base tree: {', '.join(SUITES)}, rpm or one made by freeze")
    vm_cli.options(verb("vm", "a virtual machine with a kernel of its own (emulated: slow), or a disk image booted"))
    down = verb("down", "remove a node, or without a NAME everything but the cache")
    down.add_argument("name", nargs="?")
    verb("purge", "down, then delete the cache too")
    serve = verb("serve", "start the ModelScope hub (and build the model and the images it serves)")
    serve.add_argument("--with", action="append", default=[], choices=sorted(engines.MAKERS), dest="extra",
                       help="an engine beside vLLM, again for another")  # fmt: skip
    stop = verb("stop", "shut a node down, keep its disk")
    stop.add_argument("name")
    stop.add_argument("--pull-the-plug", action="store_true", help="no shutdown: as a power cut")
    freeze = verb("freeze", "keep a node's disk as a new base")
    freeze.add_argument("name")
    freeze.add_argument("base")
    run = verb("run", "run a command in the lab's network")
    run.add_argument("command", nargs=argparse.REMAINDER)
    ssh = verb("ssh", "root shell (or a command) on a node")
    ssh.add_argument("name")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    forward = verb("forward", "make a node's page reachable on this machine's loopback until interrupted")
    forward.add_argument("name")
    forward.add_argument("--port", type=int, default=8443)
    forward.add_argument("--to", type=int, default=443, help="port on the node")
    way = verb("egress", "let the lab reach the world, or nothing outside itself (until told otherwise)")
    way.add_argument("state", choices=["on", "off"])
    verb("ls", "nodes and their state")
    verb("check", "whether this machine can carry the lab")
    verb("light", "everything of `make lab`")
    supervise = verbs.add_parser("_supervise")
    supervise.add_argument("name")
    return p


def main() -> int:
    args = _parser().parse_args()
    lab = Lab()
    if args.verb != "_supervise":
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends, too
    try:
        machine.need_root()
        return _do(lab, args)
    except LabError as e:
        return fail(str(e))
    except KeyboardInterrupt:
        return fail("interrupted; lab/lab down removes what there is, running again goes on / 已中断")


def _do(lab: Lab, args: argparse.Namespace) -> int:
    if args.verb == "_supervise":
        return node.supervise(lab, args.name)
    if args.verb == "ls":
        for n in node.listed(lab):
            say(f"{n.name:12} {n.address:14} {vm_cli.kind(n):14} {'up' if node.is_up(lab, n.name) else 'stopped'}")
    elif args.verb == "check":
        machine.check(lab)
    elif args.verb == "run":
        _exec([*net.inside(lab), *(args.command or ["bash"])], lab)
    elif args.verb == "ssh":
        n = node.get(lab, args.name)
        _exec([*net.inside(lab), "ssh", *node.ssh_options(lab, bool(n.vm)), f"root@{n.address}", *args.command], lab)
    elif args.verb == "forward":
        n = node.get(lab, args.name)
        proxy = " ".join([*net.inside(lab), "nc.openbsd", "%h", "%p"])
        say(f"https://127.0.0.1:{args.port}/ leads to {n.name}:{args.to}; Ctrl-C ends it")
        tunnel = ["-N", "-L", f"127.0.0.1:{args.port}:127.0.0.1:{args.to}", "-o", f"ProxyCommand={proxy}"]
        _exec(["ssh", *node.ssh_options(lab), *tunnel, f"root@{n.address}"], lab)
    elif args.verb == "egress":
        net.egress(lab, args.state == "on")
    elif args.verb == "stop":
        node.stop(lab, args.name, clean=not args.pull_the_plug)
    elif args.verb == "freeze":
        node.freeze(lab, args.name, args.base)
    elif args.verb == "up":
        base(lab)
        if rpm.is_of(args.base) or any(rpm.is_of(n.base) for n in node.listed(lab)):
            rpm.ensure(lab)
            rpm.serve(lab)
        if args.name:
            t0 = time.monotonic()
            new = node.up(lab, args.name, args.octet, args.base)
            n = node.get(lab, args.name)
            say(f"{n.name} {n.address} {'answers after %.1f s' % (time.monotonic() - t0) if new else 'is up'}")
    elif args.verb == "vm":
        vm_cli.check(args)
        base(lab)
        vm_cli.up(lab, args)
    elif args.verb == "serve":
        light.prepare(lab)
        for name in args.extra:
            engines.ensure(lab, name)
    elif args.verb == "light":
        return light.main(lab)
    elif args.verb in ("down", "purge"):
        if getattr(args, "name", None):
            node.get(lab, args.name)
            node.down(lab, args.name)
        else:
            down(lab)
        if args.verb == "purge":
            store.purge(lab)
            say(f"{lab.cache} deleted")
    return 0


def base(lab: Lab, suites: tuple[str, ...] = SUITES) -> None:
    """What every node needs."""
    machine.check(lab)
    machine.install_packages()
    with lock(lab.cache / "up.lock", "the lab's network and store"):
        net.up(lab)
        store.mount(lab)
    if suites:
        store.ensure_bases(lab, suites)


def down(lab: Lab) -> None:
    """Nodes, hub, network, and the store when no other lab uses it."""
    for n in node.listed(lab):
        node.down(lab, n.name)
    net.end(lab.run / "hub.pid", "hub.py")
    net.end(lab.run / "rpm.pid", "http.server")
    net.down(lab)
    store.end_orphans(lab)
    others = [d for d in (lab.cache / "run").glob("*/nodes/*.json") if d.parents[1].name != lab.name]
    if not others:
        store.unmount(lab)
    for leftover in sorted(lab.run.rglob("*"), reverse=True) if lab.run.exists() else []:
        leftover.rmdir() if leftover.is_dir() else leftover.unlink()
    say(f"lab {lab.name} is down; kept: {lab.cache} (base trees, images; lab/lab purge deletes it)")


def _exec(command: list[str], lab: Lab) -> None:
    if not lab.netns_path.exists():
        raise LabError(f"lab {lab.name} is not up: run lab/lab up")
    sys.stdout.flush()
    os.execvp(command[0], command)
