# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that keeps the parts of an engine together: real processes, real connections on loopback."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import group

PROGRAM = Path(__file__).resolve().parents[4] / "plugins/module_utils/_engines/group.py"


QUICK = "import runpy, sys; g = runpy.run_path(sys.argv[1]); " \
        "[g['main'].__globals__.update({k: v}) for k, v in (('BEAT', .1), ('SILENCE', 4.0), ('TELL', .5), " \
        "('HEALTH_EVERY', .2), ('HEALTH_TIMEOUT', 1.0))]; sys.exit(g['main']([], sys.argv[2:]))"  # fmt: skip


class Node:
    """One node's part: its engine writes its process id and sleeps."""

    def __init__(self, folder: Path, name: str, *words: str, token: str = "t" * 20) -> None:
        self.mark, self.log = folder / f"{name}.pid", folder / f"{name}.log"
        self.mark.unlink(missing_ok=True)
        key = folder / f"{name}.key"
        key.write_text(token)
        engine = ["/bin/sh", "-c", f"echo $$ > {self.mark}; exec sleep 60"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", QUICK, str(PROGRAM), "--token-file", str(key), *words, "--", *engine],
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def says(self, text: str, seconds: float = 30) -> str:
        until = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert time.monotonic() < until and self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        return self.log.read_text()

    def engine(self, seconds: float = 30) -> int:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.mark.exists() and self.mark.read_text().strip():
                return int(self.mark.read_text())
            time.sleep(0.05)
        raise AssertionError(f"no engine: {self.log.read_text()}")

    def ended(self, seconds: float = 30) -> str:
        self.process.wait(timeout=seconds)
        return self.log.read_text()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def meet():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def nodes(tmp_path, meet):
    """A head and one rank, ended at the end."""
    made: list[Node] = []

    def start(name: str, *words: str, **more: str) -> Node:
        where = ["--listen", meet, "--peer", "1=gpu02=127.0.0.1"] if name == "head" else ["--head", meet, "--rank", "1"]
        made.append(Node(tmp_path, name, *where, *words, **more))
        return made[-1]

    yield start
    for node in made:
        node.process.kill()
        node.process.wait()
        if node.mark.exists() and node.mark.read_text().strip() and alive(int(node.mark.read_text())):
            os.kill(int(node.mark.read_text()), signal.SIGKILL)


def test_the_head_waits_and_says_for_whom(nodes):
    head = nodes("head")
    head.says("rank 1 on gpu02 (127.0.0.1) has not joined: ")
    assert not head.mark.exists() and head.process.poll() is None
    rank = nodes("rank")
    assert head.engine() and rank.engine()
    assert "all 2 ranks are there" in head.log.read_text()


def test_a_rank_waits_for_the_head(nodes):
    rank = nodes("rank")
    rank.says("does not let us in")
    assert not rank.mark.exists()
    nodes("head")
    assert rank.engine()


@pytest.mark.parametrize("victim", ["head", "rank"])
def test_when_an_engine_dies_all_parts_end(nodes, victim):
    both = {"head": nodes("head"), "rank": nodes("rank")}
    pids = {name: node.engine() for name, node in both.items()}
    os.kill(pids[victim], signal.SIGKILL)
    logs = {name: node.ended() for name, node in both.items()}
    assert "its engine ended with status -9" in logs[victim]
    if victim == "rank":
        assert "rank 1 on gpu02 (127.0.0.1) is lost: its engine ended with status -9" in logs["head"]
    assert [name for name, pid in pids.items() if alive(pid)] == []
    assert {node.process.returncode for node in both.values()} == {1}


@pytest.mark.parametrize("victim", ["head", "rank"])
def test_silence_counts_as_death(nodes, victim):
    both = {"head": nodes("head"), "rank": nodes("rank")}
    pids = {name: node.engine() for name, node in both.items()}
    other = "rank" if victim == "head" else "head"
    both[victim].process.send_signal(signal.SIGSTOP)  # as a cut network: nothing is closed
    assert "nothing heard for 4 s" in both[other].ended()
    assert not alive(pids[other])
    both[victim].process.send_signal(signal.SIGCONT)
    both[victim].ended()
    assert not alive(pids[victim])


def test_a_rank_that_comes_anew_ends_the_group(nodes):
    head, rank = nodes("head"), nodes("rank")
    head.engine(), rank.engine()
    rank.process.send_signal(signal.SIGSTOP)  # its node lost power; the head has not noticed yet
    again = nodes("again")
    assert "came anew" in head.ended()
    assert not again.mark.exists()  # it waits for the next head


def test_without_the_token_nobody_joins(nodes, meet):
    head = nodes("head")
    head.says("has not joined")
    stranger = nodes("rank", token="x" * 20)
    stranger.says("the connection was closed")
    assert not head.mark.exists() and not stranger.mark.exists()
    assert "has joined" not in head.log.read_text()
    with socket.create_connection(tuple(meet.split(":"))) as junk:
        junk.sendall(b"1 guess\n" * 3)
        time.sleep(0.3)
    assert head.process.poll() is None


def test_an_engine_that_stops_answering_ends_the_group(nodes):
    state = {"code": 200}

    class Engine(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(state["code"])
            self.end_headers()

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        head = nodes("head", "--health", f"http://127.0.0.1:{server.server_address[1]}/health")
        rank = nodes("rank")
        head.engine(), rank.engine()
        time.sleep(1)
        assert head.process.poll() is None
        state["code"] = 503
        assert "/health answers 503" in head.ended()
        assert "its engine" not in rank.ended()
        server.shutdown()


def test_an_engine_that_still_loads_is_not_sick(nodes, meet):
    head = nodes("head", "--health", "http://127.0.0.1:1/health")
    nodes("rank")
    head.engine()
    time.sleep(2)
    assert head.process.poll() is None


def test_the_end_reaches_the_container_and_not_only_its_client(tmp_path):
    """A container outlives `docker run`: its own end is asked for, and a docker that hangs does not keep the client."""
    mark, slow = tmp_path / "killed", [sys.executable, "-c", "import time; time.sleep(60)"]
    part = group.Part(slow, end_by=[sys.executable, "-c", f"open({str(mark)!r}, 'w')"])
    part.end()
    assert not mark.exists(), "nothing was started, nothing is ended"
    part.start()
    part.end()
    assert mark.exists() and part.process.wait(10) == -9
