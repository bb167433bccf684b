# SPDX-License-Identifier: GPL-3.0-or-later
import json
import time

import pytest

BODY = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64}
ASK = (
    f"curl -s -m 60 -H 'Content-Type: application/json' -d '{json.dumps(BODY)}' "
    "http://127.0.0.1:8000/v1/chat/completions"
)


@pytest.fixture
def answer(root):
    """After a reboot only this test waits for the engine."""
    for _ in range(120):
        said = root(ASK)
        if '"choices"' in said:
            return json.loads(said)["choices"][0]["message"]["content"]
        time.sleep(1)
    raise AssertionError(said)


def test_the_model_says_its_sentence(answer):
    assert "Hello from the appliance" in answer


def test_runs_and_starts_at_boot(host, answer):
    service = host.service("yitiji-ollama")
    assert service.is_running and service.is_enabled


def test_no_other_engine_runs(root, answer):
    assert root("systemctl list-units --plain --no-legend 'yitiji-*' | grep -cE 'llamacpp|vllm'") == "0"


def test_only_the_node_itself_reaches_it(root, answer):
    assert root("ss -ltnH | awk '{print $4}' | grep ':8000$'") == "127.0.0.1:8000"


def test_it_is_not_root(root, answer):
    assert root("ps -o user= -p $(systemctl show -p MainPID --value yitiji-ollama)") == "ollama"
