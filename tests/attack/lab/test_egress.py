# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code in the page's container reaches the places that settings name, and nothing beside them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time

import labctl
import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import reach

PAGE = "yitiji-open-webui"
GUARD = "/etc/yitiji/guard.d/open_webui.json"
SECRETS = "/root/named-by-the-test"
NEIGHBOUR = "10.77.0.1"
# What a site names, and where that is. Each listens on another port of one machine.
NAMED = {"single sign-on": 8443, "directory": 8636, "database": 5432, "a backend": 8009, "a variable": 8010}
BESIDE = 8555
SETTINGS = {
    "backends": [{"url": f"http://{NEIGHBOUR}:{NAMED['a backend']}/v1"}],
    "oidc": {"url": f"https://{NEIGHBOUR}:{NAMED['single sign-on']}/realms/a"},
    "ldap": {"host": NEIGHBOUR, "port": NAMED["directory"]},
    "documents": "none",
    "embedding": {},
    "database": "postgresql",
    "egress": [],
}
LISTEN = (
    "import selectors, socket, sys, time\n"
    "s = selectors.DefaultSelector()\n"
    "for port in sys.argv[2:]:\n"
    "    s.register(socket.create_server((sys.argv[1], int(port))), selectors.EVENT_READ)\n"
    "print('ready', flush=True)\n"
    "while True:\n"
    "    [key.fileobj.accept()[0].close() for key, _ in s.select()]\n"
)


@pytest.fixture(scope="module", autouse=True)
def listening():
    ports = [str(port) for port in (*NAMED.values(), BESIDE)]
    words = [labctl.LAB, "run", sys.executable, "-c", LISTEN, NEIGHBOUR, *ports]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stdout.readline() == "ready\n"
        yield
        server.terminate()


def reaches(appliance, port: int, host: str = NEIGHBOUR) -> bool:
    code = f"import socket; socket.create_connection(({host!r}, {port}), 3); print('reached')"
    return "reached" in appliance.node(f"docker exec {PAGE} python3 -c {shlex.quote(code)} 2>&1; true")


def becomes(appliance, port: int, wanted: bool) -> bool:
    """The guard looks every half minute."""
    end = time.monotonic() + 60
    while reaches(appliance, port) is not wanted and time.monotonic() < end:
        time.sleep(3)
    return reaches(appliance, port) is wanted


@pytest.fixture(scope="module")
def named(appliance):
    """The file that role open_webui writes, as it would be with these settings."""
    appliance.node(f"install -d -m 700 {SECRETS}; cp -a {GUARD} {SECRETS}/before")
    address = f"postgresql://page:word@{NEIGHBOUR}:{NAMED['database']}/page"
    appliance.node(f"echo {address} >{SECRETS}/open-webui-database")
    variables = {"ANY_URL": f"http://{NEIGHBOUR}:{NAMED['a variable']}/"}
    wanted = json.loads(appliance.node(f"cat {GUARD}"))
    assert wanted["networks"][0]["to"] == []
    wanted["networks"][0]["to"] = reach.places(SETTINGS, variables, SECRETS)
    appliance.node(f"echo {shlex.quote(json.dumps(wanted))} >{GUARD}")
    assert becomes(appliance, NAMED["directory"], True)
    yield
    appliance.node(f"cp -a {SECRETS}/before {GUARD}; rm -r {SECRETS}")
    assert becomes(appliance, NAMED["directory"], False)


@pytest.mark.parametrize("place", sorted(NAMED))
def test_before_it_is_named(appliance, place):
    assert not reaches(appliance, NAMED[place])


@pytest.mark.parametrize("place", sorted(NAMED))
def test_what_is_named_and_nothing_beside_it(appliance, named, place):
    assert reaches(appliance, NAMED[place])
    assert not reaches(appliance, BESIDE)
    assert not reaches(appliance, NAMED[place], appliance.address) and not reaches(appliance, 22, appliance.address)


def test_an_engine_reaches_none_of_them(appliance, named):
    code = f"import socket; socket.create_connection(({NEIGHBOUR!r}, {NAMED['database']}), 3); print('reached')"
    assert "reached" not in appliance.node(f"docker exec yitiji-vllm python3 -c {shlex.quote(code)} 2>&1; true")
