# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of the node who is not root: no answer without a key, no inner port, secret, process or container."""

from __future__ import annotations

import re
import shlex

import pytest

USER = "mallory"
# Routes of engines that ask for no key, or that others need not see; each is asked at the engine's own port.
ROUTES = "/invocations /tokenize /detokenize /pooling /metrics /version /health /v1/models /load".split()
SYSTEM = {"sshd", "containerd", "systemd-resolve", "systemd-network"}  # of the distribution, no part of the appliance
PIDS = "docker ps -q | xargs docker inspect --format '{{.State.Pid}}'; pgrep -x nginx"
OPEN = {22, 80, 443}  # what everybody on the network reaches


@pytest.fixture(scope="module")
def local(appliance):
    appliance.node(f"useradd --create-home --shell /bin/bash {USER}")

    def run(command: str, check: bool = False) -> str:
        return appliance.node(f"su {USER} -c {shlex.quote(command)}", check=check)

    yield run
    appliance.node(f"pkill -KILL -u {USER}; userdel --remove {USER}", check=False)


def connects(run, host: str, port: int) -> bool:
    said = run(f"timeout 5 bash -c 'exec 3<>/dev/tcp/{host}/{port}' && echo connected; true")
    return "connected" in said


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_of_the_engine_on_loopback(local, route):
    said = local(
        f"curl -s -o /dev/null -w '%{{http_code}}' -m 20 -H 'Content-Type: application/json' "
        f'-d \'{{"prompt": "a", "max_tokens": 1}}\' http://127.0.0.1:8000{route}; true'
    )
    assert said.strip() == "000", f"answered {said}"


def listeners(appliance) -> list[tuple[str, int, str]]:
    """Address, port and process of each TCP listener that not everybody on the network reaches anyway."""
    found = []
    for line in appliance.node("ss -Hltnp").splitlines():
        address, _colon, port = line.split()[3].rpartition(":")
        process = (re.findall(r'\(\("([^"]+)"', line) or ["?"])[0]
        if process not in SYSTEM and int(port) not in OPEN:
            found.append((address.partition("%")[0].strip("[]"), int(port), process))
    return found


def test_any_inner_port_by_any_of_the_nodes_addresses(appliance, local):
    there = listeners(appliance)
    assert there, "nothing listens"
    every = ["127.0.0.1", "127.0.0.2", appliance.address]
    mine = {"0.0.0.0": every, "*": every, "::": ["::1"]}
    through = [
        (host, port, process)
        for address, port, process in there
        for host in mine.get(address, [address])
        if connects(local, host, port)
    ]
    assert through == []


def test_a_container_by_its_own_address(appliance, local):
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
    addresses = appliance.node(f"docker ps -q | xargs docker inspect --format '{form}'").split()
    assert addresses
    assert [(host, port) for host in addresses for port in (8000, 8080) if connects(local, host, port)] == []


def test_a_port_forwarded_by_ssh(appliance, local):
    """sshd opens the connection for its user, in its user's name."""
    keys = "ssh-keygen -q -t ed25519 -N '' -f .ssh/k && cp .ssh/k.pub .ssh/authorized_keys"
    local(f"cd && mkdir -p -m 700 .ssh && {keys}", check=True)
    options = "-i .ssh/k -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
    script = (
        f"cd; timeout 20 ssh {options} -f -L 18000:127.0.0.1:8000 {USER}@127.0.0.1 sleep 8 2>/dev/null; "
        "curl -s -o /dev/null -w '%{http_code}' -m 6 http://127.0.0.1:18000/version; true"
    )
    assert local(script).strip().endswith("000")


@pytest.mark.parametrize("socket", ["/var/run/docker.sock", "/run/containerd/containerd.sock"])
def test_the_container_daemons(local, socket):
    said = local(f"curl -s -m 5 -o /dev/null -w '%{{http_code}}' --unix-socket {socket} http://x/version; true")
    assert said.strip() in ("", "000")


def test_a_socket_of_the_appliance(appliance, local):
    paths = set(re.findall(r"(/run/yitiji\S+|/var/lib/yitiji\S+)", appliance.node("ss -Hxl")))
    assert [p for p in paths if "yes" in local(f"test -w {p} && echo yes; true")] == []


def secrets_of(appliance) -> str:
    """A file of root's with each secret on a line."""
    files = "cd /etc/yitiji/secrets; cat *-key *-key-* open-webui-* 2>/dev/null"
    appliance.node(f"umask 077; ({files}) | grep -E '.{{12}}' > /root/attack-secrets")
    return "/root/attack-secrets"


def test_a_file_that_he_can_read(appliance, local):
    patterns = secrets_of(appliance)
    places = "/etc /run /var/lib/yitiji /var/log /var/cache /usr/local /srv /opt /tmp /home"
    readable = f"su {USER} -c 'find {places} -xdev -type f -size -4M -readable 2>/dev/null'"
    search = f"xargs -d '\\n' grep -lFf {patterns} -- 2>/dev/null"
    found = appliance.node(f"{readable} | {search}; rm -f /root/attack-secrets; true")
    assert found.split() == []


@pytest.mark.parametrize("what", ["environ", "cmdline", "fd", "maps"])
def test_a_process_that_he_can_look_into(appliance, local, what):
    patterns = secrets_of(appliance)
    if what in ("environ", "cmdline"):
        told = f"su {USER} -c 'cat /proc/[0-9]*/{what} 2>/dev/null' | tr '\\0' '\\n'"
        assert appliance.node(f"{told} | grep -cFf {patterns}; rm -f /root/attack-secrets; true").strip() == "0"
    else:
        pids = appliance.node(PIDS).split()
        look = "ls -A" if what == "fd" else "cat"
        assert pids and [pid for pid in pids if local(f"{look} /proc/{pid}/{what} 2>/dev/null; true")] == []


def test_the_journal(appliance, local):
    patterns = secrets_of(appliance)
    told = f"su {USER} -c 'journalctl --no-pager -q -n 3000 2>/dev/null'"
    assert appliance.node(f"{told} | grep -cFf {patterns}; rm -f /root/attack-secrets; true").strip() == "0"
    assert local("journalctl --no-pager -q -n 5 -u yitiji-vllm 2>/dev/null; true").strip() == ""


def test_a_signal_to_a_service(appliance, local):
    pids = appliance.node(PIDS).split()
    assert pids and [pid for pid in pids if "sent" in local(f"kill -0 {pid} 2>/dev/null && echo sent; true")] == []


def test_a_namespace_of_his_own(local):
    """There he is root, and still not the node's: the packet's user is the one outside."""
    ask = "curl -s -o /dev/null -w '%{http_code}' -m 5 http://127.0.0.1:8000/version"
    said = local(f"unshare -Ur {ask} 2>/dev/null; true")
    assert said.strip() in ("", "000")
