# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that compute together live and die together.

Runs one node's part of an engine. The head waits until every other rank has connected, then all start at once; while
they run, each connection is a lifeline. When a part ends, falls silent, or the engine stops answering, every part
ends, and systemd starts them all anew: a lone survivor of a group can't compute, and mostly doesn't know it.
Put on the nodes as a program (_programs/programs.py).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import secrets
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, cast

BEAT = 1.0  # seconds between two signs of life
SILENCE = 10.0  # seconds without one after which a peer is taken for dead
TELL = 15.0  # seconds between two lines about a peer that is missing
END = 10.0  # seconds that the end of a container may take
HEALTH_EVERY, HEALTH_TIMEOUT, HEALTH_FAILS = 2.0, 10.0, 3
GREETING = 5.0  # seconds that a connecting peer has to prove itself


class Over(Exception):
    """The group has ended; the message says why."""


class Peer(NamedTuple):
    rank: int
    name: str
    address: str

    def __str__(self) -> str:
        return f"rank {self.rank} on {self.name} ({self.address})"


def say(text: str) -> None:
    print("group: " + text, flush=True)


def proof(token: bytes, nonce: str, rank: int) -> str:
    return hmac.new(token, f"{nonce} {rank}".encode(), hashlib.sha256).hexdigest()


def endpoint(text: str) -> Tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Line:
    """A connection that carries short lines."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.buffer = sock, b""
        sock.settimeout(GREETING)

    def send(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\n")

    def receive(self) -> str:
        """The next line; Over where the other side is gone, TimeoutError where it is silent."""
        while b"\n" not in self.buffer:
            try:
                more = self.sock.recv(4096)
            except TimeoutError:
                raise
            except socket.timeout as error:  # an alias of TimeoutError from 3.10 on
                raise TimeoutError from error
            if not more or len(self.buffer) > 4096:
                raise Over("the connection was closed")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def close(self) -> None:
        self.sock.close()


class Part:
    """This node's process and, on the head, what the engine says about its health."""

    def __init__(self, command: List[str], health: str = "", end_by: Optional[List[str]] = None) -> None:
        self.command, self.health, self.end_by = command, health, end_by or []
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.sick = ""

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)
        if self.health:
            threading.Thread(target=self._watch, daemon=True).start()

    def check(self) -> None:
        code = self.process.poll() if self.process else None
        if code is not None:
            raise Over(f"its engine ended with status {code}")
        if self.sick:
            raise Over(self.sick)

    def end(self) -> None:
        """Ends it at once: what is left of an engine whose group has ended waits for peers that don't answer."""
        if self.process and self.end_by:
            # the process is but docker's client; without this the container's port stays open until systemd removes it
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    self.end_by, timeout=END, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
                )
        if self.process and self.process.poll() is None:
            self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END)

    def _watch(self) -> None:
        lived, failed = False, 0
        while not self.sick:
            time.sleep(HEALTH_EVERY)
            answer = self._ask()
            lived = lived or answer == "200"
            # what says itself that it is dead is believed at once; silence may be a busy moment
            more = HEALTH_FAILS if answer == "503" else 1
            failed = failed + more if lived and answer != "200" else 0
            if failed >= HEALTH_FAILS:
                self.sick = f"{self.health} answers {answer}"

    def _ask(self) -> str:
        try:
            with urllib.request.urlopen(self.health, timeout=HEALTH_TIMEOUT) as response:  # noqa: S310 - "http://" and loopback, from the plan
                return str(response.status)
        except urllib.error.HTTPError as error:
            return str(error.code)
        except OSError as error:
            return str(getattr(error, "reason", error))


class Head:
    def __init__(self, listen: str, token: bytes, peers: List[Peer], part: Part) -> None:
        self.token, self.part = token, part
        self.peers = {peer.rank: peer for peer in peers}
        self.lines: Dict[int, Line] = {}
        self.lock = threading.Lock()
        self.lost = ""
        host, port = endpoint(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.server = socket.socket(family, socket.SOCK_STREAM)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind((host, port))
        self.server.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            sock, _address = self.server.accept()
            threading.Thread(target=self._serve, args=(Line(sock),), daemon=True).start()

    def _serve(self, line: Line) -> None:
        """One connection, from its greeting to its end."""
        try:
            nonce = secrets.token_hex(16)
            line.send(nonce)
            rank, _space, shown = line.receive().partition(" ")
            peer = self.peers.get(int(rank))
            if peer is None or not hmac.compare_digest(shown, proof(self.token, nonce, peer.rank)):
                raise ValueError
        except (Over, OSError, ValueError):
            line.close()
            return
        with self.lock:
            before = self.lines.get(peer.rank)
            self.lines[peer.rank] = line
            if self.part.process is not None:
                self.lost = f"{peer} came anew"
        if before is not None:
            before.close()
        else:
            say(f"{peer} has joined")
        line.sock.settimeout(SILENCE)
        why = "it closed the connection"
        try:
            while True:
                text = line.receive()
                if text.startswith("over "):
                    why = text[5:]
                    break
        except TimeoutError:
            why = f"nothing heard for {SILENCE:.0f} s"
        except (Over, OSError):
            pass
        line.close()
        with self.lock:
            if self.lines.get(peer.rank) is line:
                del self.lines[peer.rank]
                self.lost = self.lost or f"{peer} is lost: {why}"

    def run(self) -> None:
        began = told = time.monotonic()
        while True:
            with self.lock:
                missing = [peer for rank, peer in sorted(self.peers.items()) if rank not in self.lines]
                if not missing:
                    self.lost = ""
                    self.part.start()
                    break
            now = time.monotonic()
            if now - told >= TELL:
                told = now
                say("; ".join(f"{peer} has not joined: {now - began:.0f} s" for peer in missing))
            self._beat("wait")
            time.sleep(BEAT)
        say(f"all {len(self.peers) + 1} ranks are there after {time.monotonic() - began:.0f} s, starting")
        self._beat("start")
        while True:
            time.sleep(BEAT)
            self.part.check()
            if self.lost:
                raise Over(self.lost)
            self._beat("beat")

    def _beat(self, word: str) -> None:
        with self.lock:
            lines = list(self.lines.values())
        for line in lines:
            try:
                line.send(word)
            except OSError:
                line.close()


class Rank:
    def __init__(self, head: str, token: bytes, rank: int, part: Part) -> None:
        self.head, self.token, self.rank, self.part = head, token, rank, part
        self.line: Optional[Line] = None

    def join(self) -> Tuple[Line, str]:
        """Knocks until the head lets us in; also returns its first word."""
        began, told, why = time.monotonic(), 0.0, ""
        while True:
            try:
                line = Line(socket.create_connection(endpoint(self.head), timeout=GREETING))
                line.send(f"{self.rank} {proof(self.token, line.receive(), self.rank)}")
                return line, line.receive()
            except (Over, OSError) as error:
                why = str(error) or type(error).__name__
            now = time.monotonic()
            if now - told >= TELL:
                told = now
                say(f"the head {self.head} does not let us in: {now - began:.0f} s ({why})")
            time.sleep(BEAT)

    def run(self) -> None:
        self.line, first = self.join()
        say(f"joined {self.head} as rank {self.rank}")
        threading.Thread(target=self._beat, daemon=True).start()
        self.line.sock.settimeout(SILENCE)
        words = [first]
        threading.Thread(target=self._listen, args=(words,), daemon=True).start()
        try:
            while True:
                if "start" in words and self.part.process is None:
                    self.part.start()
                self.part.check()
                if words and words[-1].startswith("over "):
                    raise Over(f"the head {self.head} is lost: {words[-1][5:]}")
                time.sleep(BEAT / 4)
        except Over as over:
            with contextlib.suppress(OSError):
                self.line.send(f"over {over}")
            raise

    def _listen(self, words: List[str]) -> None:
        line = cast(Line, self.line)
        try:
            while True:
                word = line.receive()
                if word == "start":
                    words.append(word)
        except TimeoutError:
            words.append(f"over nothing heard for {SILENCE:.0f} s")
        except (Over, OSError):
            words.append("over it closed the connection")

    def _beat(self) -> None:
        line = cast(Line, self.line)
        try:
            while True:
                line.send("beat")
                time.sleep(BEAT)
        except OSError:
            return


def peer(text: str) -> Peer:
    rank, name, address = text.split("=", 2)
    return Peer(int(rank), name, address)


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Runs one node's part of an engine that spans nodes.")
    parser.add_argument("--listen", help="the head: ADDRESS:PORT for the other ranks")
    parser.add_argument("--peer", type=peer, action="append", default=[], help="the head: RANK=NAME=ADDRESS, one each")
    parser.add_argument("--health", default="", help="the head: address that answers 200 while the engine is well")
    parser.add_argument("--head", help="another rank: ADDRESS:PORT of the head")
    parser.add_argument("--rank", type=int, help="another rank: its number")
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--container", default="", help="name of the container that the command runs")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(argv)
    with open(given.token_file, "rb") as handle:
        token = handle.read().strip()
    end_by = ["/usr/bin/docker", "kill", given.container] if given.container else []
    part = Part(given.command[1:] if given.command[:1] == ["--"] else given.command, given.health, end_by)
    try:
        if given.listen:
            Head(given.listen, token, given.peer, part).run()
        else:
            Rank(given.head, token, given.rank, part).run()
    except Over as over:
        say(f"{over}; the group starts anew")
        part.end()
    return 1
