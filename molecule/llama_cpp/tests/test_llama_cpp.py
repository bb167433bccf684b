# SPDX-License-Identifier: GPL-3.0-or-later
import json
import time

import pytest

KEY = "/etc/yitiji/secrets/engine-key"
BODY = {"model": "tiny-r1-distill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 64}
ASK = (
    f'printf \'header = "Authorization: Bearer %s"\' "$(cat {KEY})" | '
    f"curl -s -K - -m 30 -H 'Content-Type: application/json' -d '{json.dumps(BODY)}' "
    "http://127.0.0.1:8000/v1/chat/completions"
)


@pytest.fixture
def answer(root):
    """After a reboot only this test waits for the engine."""
    for _ in range(120):
        said = root(ASK)
        if '"choices"' in said:
            return json.loads(said)["choices"][0]["message"]
        time.sleep(1)
    raise AssertionError(said)


def test_the_model_says_its_sentence(answer):
    assert answer["content"].strip().startswith("Hello from the appliance")
    assert "the lab model recites" in answer["reasoning_content"]


def test_runs_and_starts_at_boot(host, answer):
    service = host.service("yitiji-llamacpp")
    assert service.is_running and service.is_enabled


def test_strangers_are_refused(root, answer):
    asked = "curl -s -m 20 -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/v1/models"
    assert root(asked) == "401"


def test_only_the_node_itself_reaches_it(root, answer):
    assert root("ss -ltnH | awk '{print $4}' | grep ':8000$'") == "127.0.0.1:8000"


@pytest.mark.parametrize("look", ["ps -eww -o args=", "systemctl cat yitiji-llamacpp; systemctl show yitiji-llamacpp",
                                  "docker inspect yitiji-llamacpp", "journalctl --no-pager -o cat"])  # fmt: skip
def test_no_secret_is_shown(root, answer, look):
    assert root(f"({look}) | grep -cFf {KEY}") == "0"
