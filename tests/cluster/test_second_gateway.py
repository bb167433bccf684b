# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two gateways with one address (inventories/lab-two-gateways): the head may die.

Makes its two nodes anew, so it runs only when it is asked for:
YITIJI_COPIES=1 pytest tests/cluster/test_second_gateway.py
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import labctl
import loadctl
import pytest

pytestmark = pytest.mark.skipif(not os.environ.get("YITIJI_COPIES"), reason="YITIJI_COPIES is not set")
HEAD, SECOND, ADDRESS = "gpu01", "gpu02", "10.77.0.9"
NODES = {HEAD: "11", SECOND: "12"}
URL = f"https://{ADDRESS}"
KEY = "/etc/yitiji/secrets/gateway-key-load"
LONG = '{"ignore_eos": true}'
EXPORTERS = {9100, 9400}  # for the head's Prometheus, where it is
MOVES = 15  # seconds after nginx stopped
RETURNS = 60  # 30 s of being well, and what it takes to be


def site() -> tuple[subprocess.CompletedProcess[str], int]:
    """site.yml over both, and how much it changed."""
    program = Path(sys.executable).with_name("ansible-playbook")
    given = ["-i", "inventories/lab-two-gateways", "-e", f"@{labctl.ROOT}/tests/gateway/keys.yml"]
    done = subprocess.run(
        [program, "site.yml", *given], cwd=labctl.ROOT, capture_output=True, text=True,
        check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, timeout=3600,
    )  # fmt: skip
    return done, sum(map(int, re.findall(r"changed=(\d+)", done.stdout.partition("PLAY RECAP")[2])))


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    loadctl.sdk()
    for name, octet in NODES.items():
        labctl.clean_node(name, octet)
    done, _changed = site()
    assert done.returncode == 0, done.stdout[-4000:]
    path: Path = tmp_path_factory.mktemp("two") / "ca.crt"
    path.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt", HEAD), encoding="utf-8")
    return path


@pytest.fixture
def well(ca: Path) -> Iterator[Path]:
    """The head holds the address before and after."""
    hold(HEAD)
    yield ca
    hold(HEAD)


def holders(*names: str) -> list[str]:
    look = f"ip -o address show to {ADDRESS}"
    return [name for name in names or NODES if labctl.node(look, name, check=False).strip()]


def hold(name: str, seconds: float = 120) -> float:
    """Waits until that node alone holds the address."""
    began = time.monotonic()
    while holders() != [name]:
        assert time.monotonic() - began < seconds, f"{holders()}\n" + "\n".join(map(labctl.journal, NODES))
        time.sleep(0.5)
    return time.monotonic() - began


def ask(ca: Path, key: str, seconds: int = 60) -> str:
    """One short chat at the address, by the authority that clients trust: the status, and whether the model said it."""
    body = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64}
    told = labctl.lab(
        "run", "curl", "-sS", "--cacert", str(ca), "-m", str(seconds), "-w", "\n%{http_code}",
        "-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json",
        "-d", json.dumps(body), f"{URL}/v1/chat/completions", check=False,
    )  # fmt: skip
    return f"{(told.splitlines() or ['-'])[-1]} {int(labctl.ANSWER in told)}"


def page() -> str:
    """The status of the page."""
    return labctl.curl("-o", "/dev/null", "-w", "%{http_code}", f"{URL}/", check=False).strip()


def key(name: str = HEAD) -> str:
    return labctl.node(f"cat {KEY}", name).strip()


def test_both_have_a_gateway_and_the_head_holds_the_address(ca):
    assert {labctl.node("systemctl is-active nginx yitiji-virtual-address", name) for name in NODES} == {
        "active\nactive\n"
    }
    assert holders() == [HEAD]
    assert labctl.node("systemctl is-enabled keepalived", HEAD, check=False).strip() != "active"


def test_they_are_one_to_clients(ca):
    same = f"sha256sum < {KEY}; sha256sum < /etc/yitiji/tls/ca.crt; sha256sum < /etc/yitiji/tls/ca.key"
    rights = f"stat -c '%U %a' {KEY} /etc/yitiji/tls/ca.key /etc/yitiji/tls/server.key"
    assert len({labctl.node(same, name) for name in NODES}) == 1
    assert {labctl.node(rights, name) for name in NODES} == {"root 600\n" * 3}
    leaves = {labctl.node("sha256sum < /etc/yitiji/tls/server.crt", name) for name in NODES}
    assert len(leaves) == 2, "each has a certificate of its own"
    assert ask(ca, key()) == "200 1" and ask(ca, key(SECOND)) == "200 1" and page() == "200"


def test_a_second_run_changes_nothing(well):
    done, changed = site()
    assert done.returncode == 0 and changed == 0, done.stdout[-4000:]


def test_what_is_open(ca):
    scan = labctl.ROOT / "tests/gateway/scan.py"
    outside = {octet: labctl.lab("run", sys.executable, str(scan), f"10.77.0.{octet}").split()
               for octet in (*NODES.values(), "9")}  # fmt: skip
    assert set(map(tuple, outside.values())) == {("22", "80", "443")}
    for name in NODES:
        labctl.put(name, "root", {"scan.py": scan})
    from_head = set(map(int, labctl.node("python3 /root/scan.py 10.77.0.12", HEAD, timeout=300).split()))
    assert {22, 80, 443, 8000} <= from_head <= {22, 80, 443, 8000, *EXPORTERS}
    from_second = labctl.node("python3 /root/scan.py 10.77.0.11", SECOND, timeout=300).split()
    assert from_second == ["22", "80", "443", "8000"]
    for name, other in ((HEAD, "12"), (SECOND, "11")):  # nginx alone asks the other one's engine
        person = (
            f"runuser -u deploy -- curl -s -m 5 -o /dev/null -w '%{{http_code}}' http://10.77.0.{other}:8000/health"
        )
        assert labctl.node(person, name, check=False).strip() == "000"
    assert {labctl.node("nft list table inet yitiji | grep -c 'l4proto'", name).strip() for name in NODES} == {"1"}


def test_an_nginx_that_stops_moves_the_address(well):
    given = key()
    labctl.node("systemctl stop nginx", HEAD)
    try:
        took = hold(SECOND, MOVES)
        assert ask(well, given) == "200 1"
    finally:
        labctl.node("systemctl start nginx", HEAD)
    back = hold(HEAD, RETURNS)
    print(f"\n    nginx stopped: moved in {took:.1f} s, and back {back:.1f} s after it started")
    assert ask(well, given) == "200 1"


def test_the_head_loses_its_power_under_load(well, tmp_path):
    """Streams through it end; later requests all pass by the second gateway, which has no chat page."""
    given, streams = key(), 4
    running = loadctl.drive(f"{URL}/v1", well, "--model", "tiny-r1-distill", "--seconds", "3000",
                            "--end", str(tmp_path / "end"), "--pause", "3", "--tokens", "200", "--body", LONG,
                            "--streams", str(streams), "--timeout", "60")  # fmt: skip
    running.stdin.write(given)
    running.stdin.close()
    running.stdin = None
    try:
        time.sleep(20)
        began = time.monotonic()
        labctl.lab("stop", HEAD, "--pull-the-plug")
        while ask(well, given, 10) != "200 1":
            assert time.monotonic() - began < 60, labctl.journal(SECOND)
        print(f"\n    the head lost its power: answered again after {time.monotonic() - began:.1f} s")
        assert holders(SECOND) == [SECOND]
        for _one in range(6):
            assert ask(well, given) == "200 1"
        assert page() == "503"
        time.sleep(30)
    finally:
        (tmp_path / "end").touch()
        told, _nothing = running.communicate(timeout=600)
        labctl.lab("up", HEAD, "--octet", NODES[HEAD])
    found = json.loads(told)
    print(f"    {told.strip()}")
    # Each of them may fail twice: its stream, and what it asked before the address had moved.
    assert found["failed"] <= 2 * streams and found["requests"] - found["failed"] >= 6
    until = time.monotonic() + 600
    while page() != "200":
        assert time.monotonic() < until, labctl.journal(HEAD)
        time.sleep(3)
    assert holders() == [HEAD] and ask(well, given) == "200 1"
