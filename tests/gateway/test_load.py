# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many streams at a time while everything that reloads nginx happens: none may fail.

YITIJI_LOAD_SECONDS and YITIJI_LOAD_STREAMS shorten it while one works (default: 64 streams, 300 seconds).
"""

from __future__ import annotations

import json
import os
import threading
import time

import labctl
from conftest import NAME

SECONDS = int(os.environ.get("YITIJI_LOAD_SECONDS", "300"))
STREAMS = os.environ.get("YITIJI_LOAD_STREAMS", "64")
# With limits, which its streams do not reach: a stream that ends and the next one may overlap for a moment.
RESEARCH = {"name": "research", "rate": 1200, "burst": 200, "concurrency": 80}
TEAMS = [RESEARCH, {"name": "slow", "rate": 6, "burst": 2}]


def renew():
    return labctl.node("/usr/local/lib/yitiji/gateway-renew /etc/yitiji/tls 398 400", NAME)


def churn(over: threading.Event, done: list[str]) -> None:
    """Certificates made anew and nginx told to reload, again and again."""
    while not over.wait(10):
        done.append(renew())
        labctl.node("systemctl reload nginx", NAME)


def test_no_stream_fails_while_keys_come_and_go_and_certificates_are_renewed(gateway):
    gateway.converge("-e", json.dumps({"gateway_keys": TEAMS}))
    running = gateway.drive("--streams", STREAMS, "--seconds", str(SECONDS), "--body", '{"pieces": 40, "pause": 0.25}')
    running.stdin.write(gateway.key("research"))
    running.stdin.close()
    over, renewed = threading.Event(), []
    beside = threading.Thread(target=churn, args=(over, renewed))
    beside.start()
    began, rounds = time.monotonic(), 0
    try:
        while time.monotonic() - began < SECONDS - 30 or rounds == 0:
            rounds += 1
            new = f"guest{rounds}"
            gateway.converge("-e", json.dumps({"gateway_keys": [*TEAMS, {"name": new}]}))
            guest = gateway.key(new)
            assert gateway.status(guest) == "200", "added"
            gateway.converge("-e", json.dumps({"gateway_keys": [*TEAMS, {"name": new, "state": "absent"}]}))
            assert gateway.status(guest) == "401", "revoked"
    finally:
        over.set()
        beside.join()
    found = json.loads(running.stdout.read())
    running.wait(timeout=120)
    print(f"\n    {json.dumps(found)}\n    keys added and revoked: {rounds}; certificates renewed: {len(renewed)}")
    assert renewed and all("renewed" in told for told in renewed)
    assert found["failed"] == 0 and found["requests"] >= int(STREAMS)


def test_the_driver_sees_a_failure(gateway):
    """So that no failure above means something: a wrong key fails every stream."""
    running = gateway.drive("--streams", "2", "--seconds", "1")
    told, _nothing = running.communicate("wrong", timeout=60)
    found = json.loads(told)
    assert running.returncode == 1 and found["failed"] == found["requests"] > 0
    assert "AuthenticationError" in next(iter(found["failures"]))


def test_limits_answer_429_in_the_sdks_own_words(gateway):
    running = gateway.drive("--streams", "6", "--seconds", "1", "--body", '{"pieces": 2}')
    told, _nothing = running.communicate(gateway.key("slow"), timeout=60)
    assert any(kind.startswith("RateLimitError") for kind in json.loads(told)["failures"])


def test_the_first_piece_is_not_held_back(gateway):
    """Pieces come half a second apart; the first is there long before the last."""
    running = gateway.drive("--streams", "1", "--seconds", "1", "--body", '{"pieces": 8, "pause": 0.5}')
    told, _nothing = running.communicate(gateway.key("research"), timeout=60)
    found = json.loads(told)
    print(f"\n    first piece after {found['first_piece_median']} s, the whole after {found['seconds']} s")
    assert found["failed"] == 0 and found["first_piece_median"] < 2 and found["seconds"] > 3.5
