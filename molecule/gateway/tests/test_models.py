# SPDX-License-Identifier: GPL-3.0-or-later
"""Two models behind one address: the name in a request decides which engine answers."""

import json

import pytest
from test_api import ask, refused

JSON = "-H 'Content-Type: application/json'"


@pytest.fixture(autouse=True)
def _two_models(root):
    if root("grep -c 'set .yitiji_models.* second' /etc/nginx/conf.d/yitiji.conf") == "0":
        pytest.skip("this node has one model")


def chat(root, model, more=""):
    status, _headers, body = ask(root, "/v1/chat/completions", f'{JSON} -d \'{{"model": "{model}"{more}}}\'')
    assert status == 200, body
    return body


def test_the_name_decides(root):
    assert "answer of 8003" in chat(root, "second")
    assert "answer of 8003" not in chat(root, "stand-in")


@pytest.mark.parametrize("data", ['{"model": "unknown"}', "{}", '{"model": 7}'])
def test_the_first_model_answers_what_no_name_decides(root, data):
    status, _headers, body = ask(root, "/v1/chat/completions", f"{JSON} -d '{data}'")
    assert status == 200 and "answer of 8003" not in body


def test_a_stream_comes_from_the_chosen_one(root):
    assert "8003:2" in chat(root, "second", ', "stream": true')


def test_a_request_too_large_for_memory(root):
    make = "import json; print(json.dumps({'messages': [{'content': 'x' * 3000000}], 'model': 'second'}))"
    root(f'python3 -c "{make}" > /tmp/large.json')
    status, _headers, body = ask(root, "/v1/chat/completions", f"{JSON} -H 'Expect:' -d @/tmp/large.json")
    assert status == 200 and "answer of 8003" in body


def test_all_are_listed(root):
    _status, _headers, body = ask(root, "/v1/models")
    assert [model["id"] for model in json.loads(body)["data"]] == ["stand-in", "second"]


def test_one_that_is_down_takes_nothing_else_with_it(root):
    root("systemctl stop stand-in@8003")
    try:
        refused(ask(root, "/v1/chat/completions", f'{JSON} -d \'{{"model": "second"}}\''), 503, "model_loading")
        assert "answer of" in chat(root, "stand-in")
        _status, _headers, body = ask(root, "/v1/models")
        assert [model["id"] for model in json.loads(body)["data"]] == ["stand-in"]
    finally:
        root("systemctl start stand-in@8003")
