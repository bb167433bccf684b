# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the guard's table true on a node: users, bridges and addresses change, and somebody may flush all rules.

Put on the nodes as a program (_programs/programs.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pwd
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import guard
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

STATE = "/run/yitiji-guard-state"
EVERY = 30.0  # seconds between two looks; each costs some 50 ms
PORTS = {"postgresql": 5432, "postgres": 5432, "http": 80, "https": 443, "ldap": 389, "ldaps": 636, "redis": 6379}
NGINX_CONFIG = "/etc/nginx/nginx.conf"
RESOLVERS = ("/run/systemd/resolve/resolv.conf", "/etc/resolv.conf")


def uids(name: str) -> List[int]:
    """None for a user who is not there (yet)."""
    if name == guard.NGINX:
        found = re.search(r"^\s*user\s+([\w-]+)", read_text(NGINX_CONFIG), re.M)
        name = found.group(1) if found else "www-data"
    if name.isdigit():
        return [int(name)]
    try:
        return [pwd.getpwnam(name).pw_uid]
    except KeyError:
        return []


def nameservers() -> List[str]:
    for path in RESOLVERS:
        found = re.findall(r"^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$", read_text(path), re.M)
        outside = [address for address in found if not address.startswith("127.")]
        if outside:
            return outside
    return []


def place(path: str) -> str:
    """Host and port of an address like postgresql://user:password@host:5432/name."""
    try:
        found = urlsplit(read_text(path).strip())
        port = found.port or PORTS.get(found.scheme, 443)
    except ValueError:
        return ""
    host = found.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}" if host else ""


class Node:
    """This node's answers. What can't be asked just now keeps the answer of before."""

    def __init__(self, state: str = STATE) -> None:
        self._path = f"{state}/known.json"
        self._known: Dict[str, List[str]] = json.loads(read_text(self._path) or "{}")

    def lookup(self) -> guard.Lookup:
        return guard.Lookup(uids, self.bridges, self.addresses, nameservers, place)

    def bridges(self, network: str) -> List[str]:
        """The name that role docker gives, and the one that an older network has."""
        fixed = guard.bridge(network)
        form = '{{.Id}} {{index .Options "com.docker.network.bridge.name"}}'
        asked = run(["docker", "network", "inspect", "--format", form, network], 20)
        words = asked.stdout.split() if asked.returncode == 0 else []
        if words:
            named = [word for word in words[1:2] if not word.startswith("<")]  # "<no value>" without that option
            self._keep("bridge " + network, named or ["br-" + words[0][:12]])
        return sorted({fixed, *self._known.get("bridge " + network, [])})

    def addresses(self, host: str) -> List[str]:
        try:
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return self._known.get("host " + host, [])
        self._keep("host " + host, sorted({str(row[4][0]) for row in rows}))
        return self._known["host " + host]

    def _keep(self, key: str, value: List[str]) -> None:
        if self._known.get(key) != value:
            self._known[key] = value
            write_atomic(self._path, json.dumps(self._known, sort_keys=True), 0o600)


def kernel() -> str:
    """A digest of the table as it is loaded; empty when it is not."""
    done = run(["nft", "--stateless", "list", "table", *guard.TABLE.split()], 30)
    return hashlib.sha256(done.stdout.encode()).hexdigest() if done.returncode == 0 else ""


class Keeper:
    def __init__(self, folder: str = guard.FOLDER, state: str = STATE) -> None:
        self.folder, self.state = folder, state
        os.makedirs(state, mode=0o700, exist_ok=True)
        self._lookup = Node(state).lookup()

    def text(self) -> str:
        return guard.render(guard.read(self.folder), self._lookup)

    def true(self, text: str) -> bool:
        """Whether the kernel has what was loaded last, and that is what is wanted."""
        noted = read_text(f"{self.state}/loaded").split("\n", 1)
        now = kernel()
        return bool(now) and noted[0] == now and noted[-1] == text

    def load(self, text: str) -> None:
        done = run(["nft", "-f", "-"], 60, stdin=text)
        if done.returncode != 0:
            raise OSError("nft: " + done.stderr.strip())
        write_atomic(f"{self.state}/loaded", f"{kernel()}\n{text}", 0o600)

    def look(self) -> bool:
        """Load it where it is not true; whether it was."""
        text = self.text()
        true = self.true(text)
        if not true:
            self.load(text)
        return true


def main(data: Any, argv: Optional[Sequence[str]] = None) -> int:
    """load: once; watch: for ever; check: 0 when the table is as wanted, 1 when it is not; remove: take it away."""
    del data
    parser = argparse.ArgumentParser(prog="yitiji-guard", description=main.__doc__)
    parser.add_argument("verb", choices=["load", "watch", "check", "show", "remove"])
    verb = parser.parse_args(argv).verb
    if verb == "remove":
        if kernel():
            run(["nft", "delete", "table", *guard.TABLE.split()], 30)
        for path in Path(STATE).glob("*"):
            path.unlink()
        return 0
    keeper = Keeper()
    if verb == "show":
        sys.stdout.write(keeper.text())
        return 0
    if verb == "check":
        return 0 if keeper.true(keeper.text()) else 1
    keeper.look()
    while verb == "watch":
        time.sleep(EVERY)
        try:
            if not keeper.look():
                print("the table was not as wanted: loaded again", flush=True)
        except (OSError, ValueError) as error:
            print(f"this look failed: {error}", file=sys.stderr, flush=True)
    return 0
