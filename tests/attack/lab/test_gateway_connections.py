# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine holds as many connections as it can, every way there is: another machine is served all the same."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import labctl
import pytest
from hold import KINDS

ATTACKER, BYSTANDER, AT_ONCE = "10.77.0.240", "10.77.0.241", 1600
JSON = "Content-Type: application/json"
HOLD = Path(__file__).with_name("hold.py")


@pytest.fixture(scope="module", autouse=True)
def two_machines():
    for address in (ATTACKER, BYSTANDER):
        labctl.lab("run", "ip", "address", "replace", f"{address}/24", "dev", "br0")
    yield
    for address in (ATTACKER, BYSTANDER):
        labctl.lab("run", "ip", "address", "del", f"{address}/24", "dev", "br0", check=False)


def served(appliance, port: int) -> float:
    """Seconds until the other machine has an answer on a new connection; infinite without one."""
    scheme = "https" if port == 443 else "http"
    words = ["-o", "/dev/null", "-w", "%{http_code} %{time_total}", "--interface", BYSTANDER, "-m", "5"]
    told = appliance.curl(*words, f"{scheme}://{appliance.address}/", check=False).split()
    return float(told[1]) if told and told[0] in ("200", "308") else float("inf")


@pytest.mark.parametrize("kind", KINDS)
def test_connections_that_are_held(appliance, kind):
    attack = subprocess.Popen(
        [labctl.LAB, "run", sys.executable, HOLD, kind, appliance.address, ATTACKER, str(AT_ONCE), "20"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        got = json.loads(attack.stdout.readline())["got"]
        times = []
        for port in (443, 80):
            times += [served(appliance, port) for _ in range(3)]
            time.sleep(1)
        print(f"\n    {kind}: {got} connections held, the other machine after {[round(took, 3) for took in times]} s")
        assert got <= 256, "one source has so many"
        assert max(times) < 2
    finally:
        attack.wait(timeout=60)


def test_who_says_nothing_is_sent_away(appliance):
    """Below the count, too: a head has ten seconds."""
    for kind in ("slow head on 443", "slow head on 80", "half a TLS handshake"):
        words = [kind, appliance.address, ATTACKER, "20", "16"]
        told = labctl.lab("run", sys.executable, HOLD, *words).splitlines()
        assert json.loads(told[0])["got"] == 20 and json.loads(told[1])["stayed"] == 0, kind


def test_a_protocol_that_is_not_needed_is_not_spoken(appliance):
    """HTTP/2 holds many requests in one connection, each with attacks of its own; nothing here needs it."""
    words = ["--http2", "-o", "/dev/null", "-w", "%{http_version}", f"{appliance.url}/"]
    assert appliance.curl(*words) == "1.1"
    for url in (f"http://{appliance.address}/", f"{appliance.url}/"):
        words = ["--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", url]
        version, code = appliance.curl(*words, check=False).split()
        # over TLS curl goes back to 1.1 where the server chose nothing else
        assert version != "2" and (version == "1.1" or code in ("000", "400")), url


@pytest.mark.parametrize("kind", ["a file", "a text", "a text without a length"])
def test_the_page_reads_nothing_large_of_a_stranger(appliance, kind, tmp_path):
    """15 MB each, to a route that reads all of it before it asks who sends it."""
    body = tmp_path / "body"
    body.write_bytes(b"[" + b"[]," * 5_000_000 + b"[]]")
    words = {
        "a file": ["-F", f"file=@{body}", f"{appliance.url}/api/v1/files/"],
        "a text": ["-H", JSON, "--data-binary", f"@{body}", f"{appliance.url}/api/v1/chats/new"],
        "a text without a length": [
            "-H", JSON, "-H", "Transfer-Encoding: chunked", "--data-binary", f"@{body}",
            f"{appliance.url}/api/v1/chats/new",
        ],
    }[kind]  # fmt: skip
    command = [labctl.LAB, "run", "curl", "-sk", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", *words]
    attacks = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ask = ["-m", "30", "-o", "/dev/null", "-w", "%{time_total}", f"{appliance.url}/api/config"]
    slowest = 0.0
    while any(attack.poll() is None for attack in attacks):
        slowest = max(slowest, float(appliance.curl(*ask, check=False) or 30))
    told = [attack.communicate()[0] for attack in attacks]
    print(f"\n    {told}, everybody else waited at most {slowest:.1f} s")
    assert told == ["401"] * 2 and slowest < 5
