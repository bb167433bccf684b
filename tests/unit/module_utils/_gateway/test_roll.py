# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One copy out of the gateway at a time: in the text of its site, and by the kernel's own list of connections."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import roll
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.site import upstream

ONE, TWO = "127.0.0.1:8001", "127.0.0.1:80010"
SITE = "\n".join([*upstream([ONE, TWO], "yitiji_engine"), "", *upstream([ONE], "other"), "server { listen 443; }", ""])


def downs(site):
    return [line.split()[1] for line in site.splitlines() if line.endswith(" down;")]


def test_one_is_out_in_every_group_and_comes_back_to_the_same_text():
    out = roll.without(SITE, ONE)
    assert downs(out) == [ONE, ONE] and roll.back(out) == SITE and roll.without(out, ONE) == out


def test_never_two_are_out():
    assert downs(roll.without(roll.without(SITE, ONE), TWO)) == [TWO]


def test_a_server_is_known_by_its_whole_name():
    said = f"# configuration file /etc/nginx/nginx.conf:\nhttp {{\n\n# configuration file /etc/nginx/a.conf:\n{SITE}"
    assert roll.site_of(said, ONE) == roll.site_of(said, TWO) == "/etc/nginx/a.conf"
    assert not any(roll.site_of(said, name) for name in ("127.0.0.1:800", "27.0.0.1:8001", ""))
    assert not roll.site_of("nginx: not found", ONE)
    assert roll.without(SITE, "127.0.0.1:800") == SITE


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("[::1]", socket.AF_INET6)])
def test_open_connections_are_counted_until_they_end(host, family):
    with socket.create_server((host.strip("[]"), 0), family=family) as listener:
        server = f"{host}:{listener.getsockname()[1]}"
        assert seen(server) == 0
        with socket.create_connection(listener.getsockname()[:2]):
            assert seen(server) == 1
        assert seen(server) == 0


def seen(server):
    tables = (Path(f"/proc/net/{name}").read_text(encoding="utf-8") for name in ("tcp", "tcp6"))
    return roll.connections("".join(tables), server)


def waited(counts, seconds):
    told, ticks, left = [], [], iter(counts)
    return roll.let_end(
        lambda: next(left), seconds, told.append, lambda: ticks.append(1), lambda: float(len(ticks))
    ), told


def test_it_waits_until_nobody_came_for_a_while():
    assert waited([0, 2, 0, 1, 0, 0, 0], 60) == ((0, 6.0), [0, 2, 0, 1, 0, 0])


def test_it_does_not_wait_for_ever():
    assert waited([3] * 9, 4) == ((3, 4.0), [3, 3, 3, 3])
