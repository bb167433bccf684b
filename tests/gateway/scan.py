#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scan.py HOST [FIRST-LAST]: the TCP ports that take a connection, by trying each (65,535 in about half a minute)."""

from __future__ import annotations

import asyncio
import socket
import sys

AT_ONCE, SECONDS = 800, 1.0


async def opens(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(probe, (host, port)), SECONDS)
        except (OSError, asyncio.TimeoutError):
            return False
        return True


async def scan(host: str, first: int, last: int) -> list[int]:
    found: list[int] = []
    ports = iter(range(first, last + 1))

    async def work() -> None:
        for port in ports:
            # a second look, so that a busy machine hides no port
            if await opens(host, port) or (port < 10000 and await opens(host, port)):
                found.append(port)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return sorted(found)


if __name__ == "__main__":
    low, _dash, high = (sys.argv[2] if len(sys.argv) > 2 else "1-65535").partition("-")
    print(*asyncio.run(scan(sys.argv[1], int(low), int(high or low))))
