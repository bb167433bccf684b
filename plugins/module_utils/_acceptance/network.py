# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP between two nodes: what comes through in each direction, and what is sent again.

Both ends run this file, so that nothing is installed. The head listens, and each other node has its turn.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Optional, Tuple

PORT = 25201  # open between nodes (_plan/cluster.py)
SECONDS, STREAMS = 3.0, 4  # of one direction; one stream alone does not fill a fast link
PATIENCE = 40.0  # seconds of one turn
BLOCK = 1 << 20
TURN, UP, DOWN = b"T", b"U", b"D"  # what a connection is for: its first byte
COUNTED = struct.Struct("<QQ")  # segments sent, and sent again
CAME = struct.Struct("<Q")  # bytes
INFO = struct.Struct("=100xI32xI")  # of the kernel's struct tcp_info: tcpi_total_retrans, tcpi_segs_out
Stream = Tuple[int, float, int, int]  # bytes, seconds, segments sent, sent again


def serve(address: str, others: int, seconds: float) -> None:
    """The head's side: until each of the others had its turn, or the time is over."""
    end, turn, over = time.monotonic() + seconds, threading.Lock(), threading.Semaphore(0)
    with socket.create_server((address, PORT), backlog=64) as door:
        door.settimeout(0.2)
        while others and time.monotonic() < end:
            try:
                talk = door.accept()[0]
                threading.Thread(target=_answer, args=(talk, turn, over), daemon=True).start()
            except socket.timeout:
                pass
            while over.acquire(blocking=False):
                others -= 1


def _answer(talk: socket.socket, turn: threading.Lock, over: threading.Semaphore) -> None:
    with talk:
        try:
            talk.settimeout(PATIENCE)
            kind = talk.recv(1)
            if kind == TURN:
                with turn:  # one node at a time
                    talk.sendall(TURN)
                    talk.recv(1)  # until it closes
                over.release()
            elif kind == UP:
                talk.sendall(CAME.pack(_take(talk)[0]))
            elif kind == DOWN:
                _give(talk)
                talk.sendall(COUNTED.pack(*_counted(talk)))
        except OSError:  # of one connection; the others go on
            return


def ask(address: str, seconds: float, sleep: Callable[[float], None] = time.sleep) -> Optional[Dict[str, float]]:
    """The other side -> `mbps`, `again_percent` of the worse direction; None where the head does not come in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection((address, PORT), timeout=5) as talk:
                talk.settimeout(max(1.0, end - time.monotonic()))
                talk.sendall(TURN)
                if talk.recv(1) == TURN:
                    rows = [_direction(address, kind) for kind in (UP, DOWN)]
                    return {"mbps": min(row[0] for row in rows), "again_percent": max(row[1] for row in rows)}
        except OSError:  # not there yet
            pass
        sleep(1)
    return None


def _direction(address: str, kind: bytes) -> Tuple[float, float]:
    """Megabits a second that came, and percent of the segments that were sent again."""
    with ThreadPoolExecutor(STREAMS) as pool:
        rows: List[Stream] = list(pool.map(lambda _number: _stream(address, kind), range(STREAMS)))
    sent, again = sum(row[2] for row in rows), sum(row[3] for row in rows)
    return 8 * sum(row[0] for row in rows) / max(row[1] for row in rows) / 1e6, 100.0 * again / max(1, sent)


def _stream(address: str, kind: bytes) -> Stream:
    with socket.create_connection((address, PORT), timeout=PATIENCE) as talk:
        talk.sendall(kind)
        began = time.monotonic()
        if kind == UP:
            _give(talk)
            talk.shutdown(socket.SHUT_WR)
            (came,) = CAME.unpack(_last(_take(talk)[1], CAME.size))
            return (came, time.monotonic() - began, *_counted(talk))
        came, tail = _take(talk)
        return (came, time.monotonic() - began, *COUNTED.unpack(tail))


def _give(talk: socket.socket) -> None:
    block, end = memoryview(bytes(BLOCK)), time.monotonic() + SECONDS
    while time.monotonic() < end:
        talk.sendall(block)


def _take(talk: socket.socket) -> Tuple[int, bytes]:
    """Bytes that came until the other side closed, and the last few of them."""
    space, came, tail = bytearray(BLOCK), 0, b""
    view: Any = memoryview(space)
    while True:
        size = talk.recv_into(view)
        if not size:
            return came, tail
        came += size
        tail = _last(tail + bytes(view[max(0, size - COUNTED.size) : size]), COUNTED.size)


def _last(row: bytes, many: int) -> bytes:
    return row[max(0, len(row) - many) :]


def _counted(talk: socket.socket) -> Tuple[int, int]:
    again, sent = INFO.unpack(talk.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO.size))
    return sent, again
