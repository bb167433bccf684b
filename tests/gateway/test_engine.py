# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real engine of a whole appliance behind the gateway, asked with OpenAI's own SDK from the LAN."""

from __future__ import annotations

import json
import os
from pathlib import Path

import labctl
import pytest
import sitectl
from conftest import ROOT, drive

from tests.bench import gateway_cost

SECONDS = os.environ.get("YITIJI_ENGINE_SECONDS", "60")
LONG = '{"ignore_eos": true}'  # the lab's model says one sentence: it has to go on to the end of its tokens


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory):
    """Drive the appliance of inventories/lab: the one that is there, or made now."""
    labctl.lab("up", labctl.NODE, "--octet", labctl.OCTET)
    run = sitectl.site(
        "gateway-site", "-e", f"@{ROOT}/tests/browser/people.yml", "-e", f"@{ROOT}/tests/gateway/keys.yml"
    )
    assert run.ok, run.story()
    ca: Path = tmp_path_factory.mktemp("appliance") / "ca.crt"
    ca.write_text(labctl.node("cat /etc/yitiji/tls/ca.crt"), encoding="utf-8")
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-load").strip()

    def driven(*more: str) -> dict:
        running = drive(f"https://{labctl.ADDRESS}/v1", ca, "--model", "tiny-r1-distill", *more)
        told, _nothing = running.communicate(key, timeout=900)
        print(f"\n    {told.strip()}")
        return json.loads(told)

    return driven


def test_tokens_come_as_they_are_made(ask):
    """A hundred and more of them, each for itself: the first is there in the first third of the time."""
    found = ask("--streams", "1", "--seconds", "0.01", "--tokens", "600", "--body", LONG)
    assert found["failed"] == 0 and found["pieces"] > 100
    assert found["first_piece_median"] < found["whole_median"] / 3


def test_64_streams_at_a_time(ask):
    found = ask("--streams", "64", "--seconds", SECONDS, "--tokens", "48", "--body", LONG)
    assert found["failed"] == 0 and found["requests"] >= 64


def test_the_limits_cost_less_than_two_percent(ask):
    """Of the time to the first token, against the same site without them, in turn."""
    body = {
        "model": "tiny-r1-distill",
        "stream": True,
        "max_tokens": 4,
        "messages": [{"role": "user", "content": "你好"}],
    }
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-load").strip()
    found = gateway_cost.measure(labctl.NODE, labctl.ADDRESS, body, key, 200)
    print(f"\n    {json.dumps(found)}")
    assert found["cost_percent"] < 2
