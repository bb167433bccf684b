# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
"""One request that asks for the work of thousands, in every spelling, judged by what nginx judges with."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import limits

ROOT = Path(__file__).resolve().parents[3]
CHAT, COMPLETE, EMBED = "POST /v1/chat/completions", "POST /v1/completions", "POST /v1/embeddings"
ENGINES = ["vllm", "sglang", "lmdeploy", "llamacpp", "ollama", "ktransformers"]
SAY = {"messages": [{"role": "user", "content": "hello"}]}
WIDE = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "maxItems": 10**9}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
FAR = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}
MANY = {"type": "object", "properties": {f"a{n}": {"type": "string", "pattern": "a{4000}"} for n in range(500)}}
LISTS = {f"a{n}": {"type": "array", "items": {}, "maxItems": 4000} for n in range(400)}


def shaped(schema: dict[str, Any]) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}}


def holds(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}




def judge(folder: Path, engine: str, rows: list[tuple[str, str]], **changed: Any) -> list[dict[str, Any]]:
    """Each (route, body as text) -> what judge.js says of it."""
    defaults = yaml.safe_load((ROOT / "roles/gateway/defaults/main.yml").read_text())
    names = [*limits.NUMBERS, *limits.SWITCHES, "parameters"]
    wanted = {**{name: defaults[f"gateway_{name}"] for name in names}, "max_logprobs": 20, **changed}
    catalog = read_catalog([str(ROOT / "plugins/catalog")], yaml.safe_load, ("routes",))["routes"]
    (folder / "limits.js").write_text(limits.script(catalog, engine, wanted))
    shutil.copy(ROOT / "roles/gateway/files/judge.js", folder)
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "main.js").write_text(
        "import fs from 'fs'; import judge from 'judge.js'; import limits from 'limits.js';\n"
        f"JSON.parse(fs.readFileSync('{folder}/rows.json', 'utf8'))"
        ".forEach((row) => console.log(JSON.stringify(judge.judge(row[1], row[0], limits))));\n"
    )
    done = subprocess.run(
        ["njs", "-p", folder, folder / "main.js"], capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def text(base: dict[str, Any], **more: Any) -> str:
    return json.dumps({**base, **more})


# (route, body): each asks for more than one person's work, or for something else than an answer.
ATTACKS = {
    **{f"n {n}": (CHAT, text(SAY, n=n)) for n in (9, 10000, 10**12)},
    "n of a completion": (COMPLETE, text({"prompt": "a"}, n=10000)),
    "best_of": (COMPLETE, text({"prompt": "a"}, best_of=10000, n=1)),
    "prompts": (COMPLETE, text({"prompt": ["a"] * 1000})),
    "prompts times n": (COMPLETE, text({"prompt": ["a"] * 5}, n=2)),
    "prompts in tokens": (COMPLETE, text({"prompt": [[1, 2]] * 100})),
    "inputs": (EMBED, text({"input": ["a"] * 5000})),
    "inputs in tokens": (EMBED, text({"input": [[1]] * 5000})),
    # spellings of one number
    "a text": (CHAT, text(SAY, n="10000")),
    "a float": (CHAT, '{"messages": [], "n": 10000.0}'),
    "an exponent": (CHAT, '{"messages": [], "n": 1e4}'),
    "a huge exponent": (CHAT, '{"messages": [], "n": 1e999}'),
    "escaped": (CHAT, '{"messages": [], "\\u006e": 10000}'),
    "twice, the last counts": (CHAT, '{"messages": [], "n": 1, "n": 10000}'),
    "true": (CHAT, text(SAY, n=True)),
    "a list": (CHAT, text(SAY, n=[10000])),
    "an object": (CHAT, text(SAY, n={"a": 1})),
    "another case": (CHAT, text(SAY, N=10000)),
    "another case of a word": (CHAT, text(SAY, Max_Tokens=10**9)),
    "NaN": (CHAT, '{"messages": [], "n": NaN}'),
    # what is no JSON object
    "UTF-16": (CHAT, '{"n": 10000}'.encode("utf-16-le").decode("latin-1")),
    "a form": (CHAT, "n=10000&messages=a"),
    "parts": (CHAT, '--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n10000\r\n--x--\r\n'),
    "packed": (CHAT, "\x1f\x8b\x08\x00"),
    "nothing": (CHAT, ""),
    "a list of requests": (CHAT, "[{}]"),
    "two documents": (CHAT, "{}{}"),
    "deep": (CHAT, '{"messages": ' + "[" * 5000 + "]" * 5000 + "}"),
    # probabilities
    "top_logprobs": (CHAT, text(SAY, logprobs=True, top_logprobs=100000)),
    "all of the vocabulary": (CHAT, text(SAY, logprobs=True, top_logprobs=-1)),
    "logprobs": (COMPLETE, text({"prompt": "a"}, logprobs=100000)),
    "prompt_logprobs": (COMPLETE, text({"prompt": "a"}, prompt_logprobs=1)),
    "prompt_logprobs of all": (CHAT, text(SAY, prompt_logprobs=-1)),
    "echo with logprobs": (COMPLETE, text({"prompt": "a" * 9000}, echo=True, logprobs=5)),
    "beams": (CHAT, text(SAY, use_beam_search=True, n=8)),
    # lists
    "stops": (CHAT, text(SAY, stop=["a"] * 1000)),
    "a long stop": (CHAT, text(SAY, stop="a" * 100000)),
    "a stop that is none": (CHAT, text(SAY, stop={"a": 1})),
    "logit_bias": (CHAT, text(SAY, logit_bias={str(n): 1 for n in range(10000)})),
    "logit_bias as a list": (CHAT, text(SAY, logit_bias=[[n, 1] for n in range(10000)])),
    **{
        name: (CHAT, text(SAY, **{name: list(range(10000))}))
        for name in ("stop_token_ids", "allowed_token_ids", "bad_words", "logprob_token_ids", "documents")
    },
    "messages": (CHAT, text({"messages": SAY["messages"] * 5000})),
    "parts of messages": (
        CHAT,
        text({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}] * 5000}]}),
    ),
    "images": (CHAT, text({"messages": [{"role": "user", "content": [IMAGE] * 100}]})),
    "an image elsewhere": (CHAT, text({"messages": [{"role": "user", "content": [FAR]}]})),
    "tools": (CHAT, text(SAY, tools=[{"type": "function", "function": {"name": "a"}}] * 1000)),
    "a large tool": (CHAT, text(SAY, tools=[{"type": "function", "function": {"description": "a" * 10**6}}])),
    # grammars
    "a large schema": (CHAT, text(SAY, response_format={"type": "json_schema", "a": ["a" * 100] * 1000})),
    "a wide schema": (CHAT, text(SAY, response_format={"type": "json_schema", "json_schema": {"schema": WIDE}})),
    "a wide schema as a text": (CHAT, text(SAY, structured_outputs={"json": json.dumps(WIDE)})),
    "a wide schema in a tool": (
        CHAT,
        text(SAY, tools=[{"type": "function", "function": {"name": "a", "parameters": WIDE}}], tool_choice="required"),
    ),
    "a wide schema in a strict tool": (
        CHAT,
        text(SAY, tools=[{"type": "function", "function": {"name": "a", "strict": True, "parameters": WIDE}}]),
    ),
    "an expression": (CHAT, text(SAY, structured_outputs={"regex": "a{1,1000000}"})),
    "an expression in another": (CHAT, text(SAY, structured_outputs={"regex": "((a{1,100}){1,100}){1,100}"})),
    "a pattern": (
        CHAT,
        text(SAY, response_format={"json_schema": {"schema": {"type": "string", "pattern": "a{9999999}"}}}),
    ),
    "a grammar": (CHAT, text(SAY, structured_outputs={"grammar": "root ::= " + "a " * 10000})),
    "many patterns": (CHAT, text(SAY, **shaped(MANY))),
    "one expression of thousands": (CHAT, text(SAY, **shaped({"type": "string", "pattern": "a{4000}"}))),
    "many names": (CHAT, text(SAY, **shaped({"type": "object", "properties": {f"a{n}": {} for n in range(2400)}}))),
    "many lists": (CHAT, text(SAY, **shaped({"type": "object", "properties": LISTS}))),
    "many lists in many tools": (
        CHAT,
        text(SAY, tools=[{"type": "function", "function": {"name": "a", "parameters": {"properties": LISTS}}}] * 2,
             tool_choice="required"),
    ),
    "an expression as a name": (CHAT, text(SAY, **shaped({"patternProperties": {"(a{1,1000}){1,1000}": {}}}))),
    "a repetition of Lark": (CHAT, text(SAY, structured_outputs={"grammar": 'start: "a" ~ 1..100000000'})),
    "repetitions of Lark in each other": (
        CHAT, text(SAY, structured_outputs={"grammar": 'start: x~4000\nx: y ~ 4000\ny: "a"~4000'}),
    ),
    "an endless expression": (CHAT, text(SAY, structured_outputs={"regex": "a{4000}" * 100})),
    # looked for after every token
    "words that must not come": (CHAT, text(SAY, bad_words=[f"word {n}" for n in range(512)])),
    "a long word that must not come": (CHAT, text(SAY, bad_words=["a " * 100000])),
    # numbers with which an engine can't compute
    **{
        f"{name} {value}": (route, body[:-1] + f', "{name}": {value}}}')
        for route, body, name, value in [
            *((COMPLETE, '{"user": "u"}', "prompt", value) for value in ("[-1]", "[[1, -5]]", "[1e12]", "[1.5]")),
            (EMBED, '{"user": "u"}', "input", "[[-1]]"),
            *((CHAT, text(SAY), name, value) for name, value in [
                ("stop_token_ids", "[-5]"), ("stop_token_ids", "[1e12]"), ("allowed_token_ids", "[-5]"),
                ("allowed_token_ids", '["5"]'), ("logprob_token_ids", "[-5]"), ("logit_bias", '{"-5": 1}'),
                ("logit_bias", '{"5": 1e999}'), ("logit_bias", '{"1e30": 1}'), ("logit_bias", '{"5": "a"}'),
                ("temperature", "1e999"), ("temperature", "-1"), ("temperature", '"1"'), ("top_k", "1e12"),
                ("top_p", "-1"), ("min_p", "2"), ("repetition_penalty", "1e308"), ("repetition_penalty", "1e-320"),
                ("presence_penalty", "-1e999"), ("frequency_penalty", "1e308"), ("seed", "1e30"),
                ("max_tokens", "1e18"), ("min_tokens", "1e18"),
            ]),
        ]
    },
    "a stream of nothing": (CHAT, text(SAY, stream=True, stream_interval=0)),
    # media in other places
    "an image elsewhere, alone": (CHAT, text(holds(FAR))),
    "an image elsewhere, deeper": (CHAT, text(holds([[FAR]]))),
    "an image elsewhere in a list": (CHAT, text(holds([{"type": "image_url", "image_url": {"url": ["http://a"]}}]))),
    "images, deeper": (CHAT, text(holds([[IMAGE] * 50] * 2))),
    # what a caller has no business with
    **{
        name: (CHAT, text(SAY, **{name: value}))
        for name, value in {
            "chat_template": "{% for a in range(10**9) %}{% endfor %}",
            "chat_template_kwargs": {"chat_template": "{{ 1 }}"},
            "mm_processor_kwargs": {"size": 10**9},
            "media_io_kwargs": {"video": {"num_frames": 10**9}},
            "priority": -1,
            "kv_transfer_params": {"remote_host": "10.0.0.1"},
            "ec_transfer_params": {},
            "vllm_xargs": {"a": 1},
            "repetition_detection": {"max_pattern_size": 10**9, "min_count": 2},
            "request_id": "of somebody else",
            "return_token_offsets": True,
            "guided_json": "{}",
            "lora_path": "/etc",
            "id_slot": 0,
            "options": {"num_ctx": 10**9},
        }.items()
    },
    **{
        f"a template's own {name}": (CHAT, text(SAY, chat_template_kwargs={name: value}))
        for name, value in {
            "padding": "max_length", "max_length": 10**8, "truncation": True, "return_tensors": "pt",
            "conversation": [], "tokenizer_kwargs": {}, "tools": [1] * 100, "documents": [1],
        }.items()
    },
    "prompt_embeds": (COMPLETE, text({"prompt": "a"}, prompt_embeds="gASVAAAA")),
    "a key of an object's own": (CHAT, '{"messages": [], "__proto__": {"n": 1}}'),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        engine: dict(zip(ATTACKS, judge(tmp_path_factory.mktemp(engine), engine, list(ATTACKS.values())), strict=True))
        for engine in ENGINES
    }


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_request_for_the_work_of_many(said, attack):
    assert [engine for engine in ENGINES if said[engine][attack]["fault"] is None] == []


def test_what_people_ask_goes_through(tmp_path):
    """So that a refusal above means something."""
    tools = [{"type": "function", "function": {"name": "a", "parameters": {"type": "object", "maxProperties": 10**6}}}]
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "maxItems": 100}}}
    rows = [
        (CHAT, text(SAY, model="m", stream=True, stream_options={"include_usage": True}, temperature=0.6, top_p=0.95)),
        (CHAT, text(SAY, n=8, max_tokens=100000, stop="a", seed=None, user="u", metadata={"a": "b"})),
        (CHAT, text(SAY, tools=tools, tool_choice="auto", response_format=schema, reasoning_effort="high")),
        (CHAT, text(SAY, max_completion_tokens=4096, logprobs=True, top_logprobs=20, logit_bias={"1": 5})),
        (CHAT, text({"messages": [{"role": "user", "content": [{"type": "text", "text": "你好"}, IMAGE]}]})),
        (COMPLETE, text({"prompt": list(range(5000))}, max_tokens=16, echo=True, logprobs=None)),
        (COMPLETE, text({"prompt": ["a", "b"]}, n=2, stop=["x", "y"])),
        (EMBED, text({"input": ["a"] * 64}, encoding_format="float")),
    ]
    assert [row["fault"] for row in judge(tmp_path, "vllm", rows)] == [None] * len(rows)
    assert judge(tmp_path, "vllm", rows[:1])[0]["model"] == "m"


def test_a_site_may_allow_more(tmp_path):
    rows = [
        (CHAT, text(SAY, vllm_xargs={"a": 1}, n=16, use_beam_search=True)),
        (COMPLETE, text({"prompt": "a"}, prompt_logprobs=5)),
        (CHAT, text(SAY, max_tokens=101)),
    ]
    more = {"parameters": ["vllm_xargs"], "max_answers": 16, "beam_search": True, "max_prompt_logprobs": 5}
    assert [row["fault"] for row in judge(tmp_path, "vllm", rows, **more)] == [None] * 3
    assert judge(tmp_path, "vllm", rows, **more, max_answer_tokens=100)[2]["fault"]["param"] == "max_tokens"


def test_a_route_that_a_site_opens_has_the_limits_all_the_same(tmp_path):
    rows = [("POST /v1/responses", text({"input": "a"}, n=100)), ("POST /v1/responses", text({"input": "a"}, more=1))]
    assert [row["fault"] is None for row in judge(tmp_path, "vllm", rows)] == [False, True]


def test_an_engine_that_dies_of_probabilities_is_asked_for_none(tmp_path):
    """Seen with vLLM on processors, in an image without a compiler: one such request, and the engine is gone."""
    rows = [
        (CHAT, text(SAY, logprobs=True)),
        (CHAT, text(SAY, logprobs=True, top_logprobs=1)),
        (CHAT, text(SAY, top_logprobs=1)),
        (COMPLETE, text({"prompt": "a"}, logprobs=0)),
        (COMPLETE, text({"prompt": "a"}, logprob_token_ids=[1])),
        (CHAT, text(SAY, logprobs=False, top_logprobs=0)),
        (COMPLETE, text({"prompt": "a"}, logprobs=None)),
    ]
    found = judge(tmp_path, "vllm", rows, max_logprobs=0)
    assert [row["fault"] is None for row in found] == [False] * 5 + [True] * 2


@pytest.mark.parametrize("body", [
    text(SAY, structured_outputs={"regex": "{" + " " * 1000 + "x"}),
    text(SAY, structured_outputs={"regex": "{" + "1" * 1000 + "x"}),
    text(SAY, response_format={"a": "{" * 30000}),
    text(SAY, tools=[{"function": {"parameters": {"pattern": "{ ,1 " * 200}, "strict": True}}] * 128),
    text({"messages": [[[{"a": {"b": [1, 2, {"c": "d"}]}}]]] * 4000}),
    text({"messages": [], "stop": ["{" * 256] * 16, "user": "m" * 10**6}),
], ids=lambda body: body[40:70])  # fmt: skip
def test_a_request_that_is_costly_to_judge(tmp_path, body):
    """nginx's process serves everybody: no request holds it for long."""
    began = time.monotonic()
    judge(tmp_path, "vllm", [(CHAT, body)])
    assert time.monotonic() - began < 3
