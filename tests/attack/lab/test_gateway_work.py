# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One key or one user of the chat page asks for the work of thousands, or leaves and lets it go on."""

from __future__ import annotations

import json
import re
import subprocess
import time

import labctl
import pytest

MODEL = "tiny-r1-distill"
SAY = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}
ASK = {"model": MODEL, "prompt": "hello"}
LONG = {"ignore_eos": True, "max_tokens": 1500}
ATTACKS = {
    "n": ("chat/completions", {**SAY, "n": 1000}),
    "n as a text": ("chat/completions", {**SAY, "n": "1000"}),
    "n as a float": ("chat/completions", {**SAY, "n": 1000.0}),
    "n of a completion": ("completions", {**ASK, "n": 1000}),
    "prompts": ("completions", {**ASK, "prompt": ["hello"] * 500}),
    "prompts in tokens": ("completions", {**ASK, "prompt": [[1, 2, 3]] * 500}),
    "prompts times n": ("completions", {**ASK, "prompt": ["hello"] * 20, "n": 50}),
    "beams": ("completions", {**ASK, "use_beam_search": True, "n": 50}),
    "prompt_logprobs": ("completions", {**ASK, "prompt": "hello " * 200, "prompt_logprobs": 20}),
    "echo with logprobs": ("completions", {**ASK, "prompt": "hello " * 200, "echo": True, "logprobs": 20}),
    "logprobs": ("chat/completions", {**SAY, "logprobs": True, "top_logprobs": 5}),
    "stops": ("chat/completions", {**SAY, "stop": [f"{n}" * 300 for n in range(4)]}),
    "allowed_token_ids": ("chat/completions", {**SAY, "allowed_token_ids": list(range(100, 900))}),
    "a template": ("chat/completions", {**SAY, "chat_template": "{{ 1 }}"}),
    "a template among its words": ("chat/completions", {**SAY, "chat_template_kwargs": {"chat_template": "{{ 1 }}"}}),
    "an image elsewhere": (
        "chat/completions",
        {**SAY, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a"}}]}]},
    ),
    "somebody else's number": ("chat/completions", {**SAY, "request_id": "chatcmpl-1"}),
}


def busy(appliance) -> int:
    """Sequences that the engine works at or keeps waiting."""
    told = appliance.node("curl -s http://127.0.0.1:8000/metrics | grep -E '^vllm:num_requests_(running|waiting)[{]'")
    return int(sum(float(line.split()[-1]) for line in told.splitlines()))


@pytest.fixture(autouse=True)
def idle(appliance):
    """Before and after: nothing of another attack is still there."""
    yield
    for _ in range(30):
        if busy(appliance) == 0:
            return
        time.sleep(2)
    pytest.fail("the engine is still busy a minute later")


def ask(appliance, path: str, body: dict[str, object], *more: str, seconds: int = 8) -> tuple[str, str]:
    """Status (000: none in time) and text."""
    told = appliance.curl(
        "-m", str(seconds), "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {appliance.key()}",
        "-H", "Content-Type: application/json", "-d", json.dumps(body), *more, f"{appliance.url}/v1/{path}",
        check=False,
    )  # fmt: skip
    text, _newline, status = told.rpartition("\n")
    return status, text


@pytest.mark.parametrize("attack", ATTACKS)
def test_one_request_for_the_work_of_many(appliance, attack):
    status, text = ask(appliance, *ATTACKS[attack])
    assert status in ("400", "413") and " / " in json.loads(text)["error"]["message"], (status, text[:300])


def test_the_engine_itself_refuses_what_a_neighbour_on_the_node_asks(appliance):
    body = json.dumps({**SAY, "n": 17})
    told = appliance.node(
        "curl -s -m 20 -o /dev/null -w '%{http_code}' "
        '-H "Authorization: Bearer $(cat /etc/yitiji/secrets/engine-key)" '
        f"-H 'Content-Type: application/json' -d '{body}' http://127.0.0.1:8000/v1/chat/completions"
    )
    assert told == "400"


@pytest.mark.parametrize("how", ["streaming", "whole", "eight answers"])
def test_who_leaves_ends_his_work(appliance, how):
    body = {**SAY, **LONG, "stream": how == "streaming", "n": 8 if how == "eight answers" else 1}
    for _ in range(4):
        ask(appliance, "chat/completions", body, seconds=1)
    time.sleep(2)
    left = busy(appliance)
    print(f"\n    {how}: {left} sequences two seconds after the last caller left")
    assert left == 0


def test_a_key_has_its_part_and_no_more(appliance):
    """Hundreds of requests at a time: the ones beyond its part are refused at once, with when to come again."""
    key = f"Authorization: Bearer {appliance.key()}"
    body = json.dumps({**SAY, **LONG})
    # One process asks: a hundred of them keep two cores busy for longer than an answer takes.
    all_of_them = ["-o", "/dev/null", f"{appliance.url}/v1/chat/completions"] * 100
    done = subprocess.run(
        [labctl.LAB, "run", "curl", "-sk", "-m", "6", "-Z", "--parallel-immediate", "--parallel-max", "100",
         "-w", "%{http_code} %{time_total}\n", "-H", key, "-H", "Content-Type: application/json", "-d", body,
         *all_of_them],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    told = [line.split() for line in done.stdout.splitlines()]
    refused = [float(took) for status, took in told if status == "429"]
    print(f"\n    {len(refused)} of {len(told)} refused")
    assert len(refused) >= 30


# --- through the chat page ---


@pytest.fixture(scope="module")
def session(appliance) -> str:
    password = appliance.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    body = json.dumps({"email": "admin@appliance.local", "password": password})
    told = appliance.curl("-H", "Content-Type: application/json", "-d", body, f"{appliance.url}/api/v1/auths/signin")
    return str(json.loads(told)["token"])


@pytest.mark.parametrize("attack", [name for name in ATTACKS if ATTACKS[name][0] == "chat/completions"])
@pytest.mark.parametrize("path", ["/api/chat/completions", "/openai/chat/completions"])
def test_a_user_of_the_page_asks_for_the_work_of_many(appliance, session, path, attack):
    told = appliance.curl(
        "-m", "8", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {session}",
        "-H", "Content-Type: application/json", "-d", json.dumps(ATTACKS[attack][1]), f"{appliance.url}{path}",
        check=False,
    )  # fmt: skip
    text, _newline, status = told.rpartition("\n")
    assert status[0] == "4", (status, text[:300])
    assert re.search(r"not allowed here|is more than|must be|whole number|only", text), text[:300]
