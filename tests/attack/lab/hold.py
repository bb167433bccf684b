#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds connections to HOST the way of KIND, from SOURCE, for SECONDS; says how many it got and how many stayed.

hold.py KIND HOST SOURCE COUNT SECONDS
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import time

KINDS = {
    # port, TLS, what is sent at first, what is sent once a second after that
    "silent on 443": (443, False, b"", b""),
    "half a TLS handshake": (443, False, b"\x16\x03\x01\x02\x00\x01\x00", b""),
    "silent within TLS": (443, True, b"", b""),
    "slow head on 443": (443, True, b"GET / HTTP/1.1\r\nHost: 10.77.0.11\r\n", b"X-A: b\r\n"),
    "slow head on 80": (80, False, b"GET / HTTP/1.1\r\nHost: 10.77.0.11\r\n", b"X-A: b\r\n"),
    "silent on 80": (80, False, b"", b""),
    "slow body": (
        443, True,
        b"POST /api/v1/auths/signin HTTP/1.1\r\nHost: 10.77.0.11\r\nContent-Length: 60000\r\n\r\n{", b" ",
    ),
    "slow upload": (
        443, True, b"POST /api/v1/files/ HTTP/1.1\r\nHost: 10.77.0.11\r\nContent-Length: 60000000\r\n\r\n", b"a",
    ),
    "slow chunks": (
        443, True,
        b"POST /api/v1/files/ HTTP/1.1\r\nHost: 10.77.0.11\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n",
    ),
    "slow reading": (443, True, b"GET /static/loader.js HTTP/1.1\r\nHost: 10.77.0.11\r\n\r\n" * 20, b""),
    "a WebSocket of nobody": (
        443, True,
        b"GET /ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 10.77.0.11\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", b"",
    ),
    "requests without reading": (443, True, b"GET /api/config HTTP/1.1\r\nHost: 10.77.0.11\r\n\r\n" * 40, b""),
    "waits to be asked for the body": (
        443, True,
        b"POST /api/v1/files/ HTTP/1.1\r\nHost: 10.77.0.11\r\nExpect: 100-continue\r\nContent-Length: 60000\r\n\r\n",
        b"",
    ),
    "kept and idle": (443, True, b"HEAD / HTTP/1.1\r\nHost: 10.77.0.11\r\n\r\n", b""),
}  # fmt: skip


def main() -> None:
    kind, host, source, count, seconds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
    port, tls, first, more = KINDS[kind]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    held: list[socket.socket] = []
    until = time.monotonic() + seconds
    got, misses = 0, 0
    while got < count and misses < 40 and time.monotonic() < until:
        try:
            one = socket.create_connection((host, port), timeout=2, source_address=(source, 0))
            one = context.wrap_socket(one, server_hostname=None) if tls else one
            one.sendall(first)
            one.settimeout(0.001)
            held.append(one)
            got, misses = got + 1, 0
        except OSError:
            misses += 1
            time.sleep(0.05)
    held = [one for one in held if alive(one)]
    print(json.dumps({"got": len(held)}), flush=True)
    while time.monotonic() < until:
        time.sleep(1)
        for one in list(held) if more else []:
            try:
                one.sendall(more)
            except OSError:
                held.remove(one)
    stayed = sum(alive(one) for one in held)
    print(json.dumps({"stayed": stayed}), flush=True)


def alive(one: socket.socket) -> bool:
    try:
        while True:
            if not one.recv(65536):
                return False
    except TimeoutError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    main()
