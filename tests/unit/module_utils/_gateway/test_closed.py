# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway has to refuse, as it is told when a route answers otherwise."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import closed

KEY = "the-key-of-a-team"
ERROR = json.dumps({"error": {"message": "no", "type": "t", "param": None, "code": "c"}})


class Gateway:
    """Refuses as the real one does, but for what `answers` says: path to status and text."""

    def __init__(self, **answers):
        self.key, self.asked, self.answers = KEY, [], answers

    def call(self, path, body=None):
        self.asked.append((path, self.key, body))
        status = 401 if path.startswith("/v1") else 404
        return self.answers.get(path.rsplit("/", 1)[-1], (status, ERROR))


def test_all_is_refused_and_the_key_is_given_back():
    client = Gateway()
    assert closed.shut(client, KEY, ["POST /pause", "GET /metrics"]) == []
    assert client.key == KEY
    assert client.asked == [
        ("/v1/models", "", None),
        ("/v1/models", closed.WRONG, None),
        ("/v1/chat/completions", "", {}),
        ("/pause", KEY, {}),
        ("/metrics", KEY, None),
    ]


@pytest.mark.parametrize("answer", [(200, "{}"), (404, "<html>404</html>"), (500, ERROR)])
def test_a_route_that_answers_otherwise_is_named_without_its_key(answer):
    found = closed.shut(Gateway(pause=answer), KEY, ["POST /pause", "GET /metrics"])
    assert found == [f"POST /pause with a key: HTTP {answer[0]}"]


def test_models_for_strangers_are_named_for_each_try():
    found = closed.shut(Gateway(models=(200, "{}")), KEY, [])
    assert found == ["GET /v1/models without a key: HTTP 200"] * 2


def test_a_place_holder_in_a_route_is_asked_as_a_word():
    client = Gateway()
    closed.shut(client, KEY, ["DELETE /files/{name}"])
    assert client.asked[-1] == ("/files/name", KEY, mock.ANY)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"error": null}', '{"error": {"message": "m"}}', '{"detail": "Not Found"}']
)
def test_what_is_no_error_of_the_gateway(text):
    assert not closed.is_error(text)
