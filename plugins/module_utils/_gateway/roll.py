# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One engine out of the gateway while it restarts, in the text of nginx's site, and who still talks to it."""

from __future__ import annotations

import re
import socket
from typing import Callable, Tuple

QUIET = 3  # looks without a connection; nginx's old workers still take some until they have read the signal
ESTABLISHED = "01"
FILE = "# configuration file "
DOWN = re.compile(r"^(\s*server [^;\n]*) down;$", re.MULTILINE)


def site_of(said: str, server: str) -> str:
    """The file in which nginx, by what `nginx -T` prints, knows the server (`HOST:PORT`); empty where there is none."""
    path = ""
    for line in said.splitlines():
        if line.startswith(FILE):
            path = line[len(FILE) :].rstrip(":")
        elif re.match(rf"\s*server {re.escape(server)}[ ;]", line):
            return path
    return ""


def back(site: str) -> str:
    """The site with all its engines."""
    return DOWN.sub(r"\1;", site)


def without(site: str, server: str) -> str:
    """The site with all its engines but one."""
    return re.sub(rf"^(\s*server {re.escape(server)}(?: [^;\n]*)?);$", r"\1 down;", back(site), flags=re.MULTILINE)


def connections(table: str, server: str) -> int:
    """How many connections to the server (an address and a port) stand in the text of /proc/net/tcp and tcp6."""
    host, port = server.rsplit(":", 1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    raw = socket.inet_pton(family, host.strip("[]"))
    words = [raw[at : at + 4][::-1].hex().upper() for at in range(0, len(raw), 4)]  # each in this machine's order
    remote = f"{''.join(words)}:{int(port):04X}"
    rows = [line.split() for line in table.splitlines()]
    return sum(1 for row in rows if len(row) > 3 and row[2] == remote and row[3] == ESTABLISHED)


def let_end(
    look: Callable[[], int],
    seconds: float,
    tell: Callable[[int], None],
    pause: Callable[[], None],
    now: Callable[[], float],
) -> Tuple[int, float]:
    """Waits until nobody talks to it any more, or the seconds are over: connections left, seconds waited."""
    began, quiet = now(), 0
    while True:
        left = look()
        quiet = 0 if left else quiet + 1
        waited = now() - began
        if quiet >= QUIET or waited >= seconds:
            return left, waited
        tell(left)
        pause()
