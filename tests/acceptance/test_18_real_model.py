# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real model calls a tool and answers from a knowledge base; another model's template and wrong weights are named."""

from __future__ import annotations

import sqlite3

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import function, judge, quality
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.around import Page
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client

from tests.acceptance import small
from tests.acceptance.generators import HERE

CATALOGUE = {
    key: row
    for name in ("limits", "questions")
    for key, row in yaml.safe_load(
        (HERE.parents[1] / f"plugins/catalog/acceptance/{name}.yml").read_text(encoding="utf-8")
    ).items()
}
LIMITS, CAUSES = judge.limits_of(CATALOGUE, "basic")
QUESTIONS = quality.questions_of(CATALOGUE)[::2]  # three of each area
ROOM = 48  # tokens: the model does not end by itself
SECONDS = 300  # of one request, on a busy machine


@pytest.fixture(scope="module")
def whole():
    with small.engine(small.weights(), "--template", small.TEMPLATE) as url:
        yield url


def asked(url, page=None):
    name = Client(url, SECONDS).models("/v1/models")[0]
    units = [{"args": ["--jinja"]}]
    plan = {"model": {"served_name": name, "context": 1024}, "nodes": {"gpu01": {"units": units}}}
    return function.Asked(plan, room=ROOM, page=page)


def named(url):
    """-> signs that fail, with what is named as their cause."""
    rows = quality.ask_all(Client(url, SECONDS), "small", QUESTIONS, ROOM, 2, lambda _text: None)
    found = quality.judged(QUESTIONS, rows, LIMITS["quality"], None, False, CAUSES)
    print([(row["id"], row["signs"], row["answer"][:60]) for row in found["answers"]])
    return {row["key"]: row["causes"][0]["en"] for row in found["signs"] if row["verdict"] == "fail"}


@pytest.mark.parametrize("check", ["answers", "chinese", "english", "json", "tools", "long"])
def test_what_the_model_can_do_is_passed(whole, check):
    good, told = function.CHECKS[check][2](Client(whole, SECONDS), asked(whole))
    assert good, told
    assert check != "tools" or told == 'weather({"town": "Paris"})'


def test_what_it_can_not_is_told(whole):
    """So small a model finds what stands near the end of a long prompt."""
    good, told = function.CHECKS["needle"][2](Client(whole, SECONDS), asked(whole))
    assert "90 %: found" in told["en"] and good == ("missed" not in told["en"])


def test_another_models_template_is_named():
    with small.engine(small.weights()) as url:
        found = named(url)
    assert "template" in found["token"], found


def test_wrong_weights_are_named(whole, tmp_path):
    with small.engine(small.wrong_weights(tmp_path / "wrong.gguf"), "--template", small.TEMPLATE) as url:
        found = named(url)
    assert "language" in found and "language" not in named(whole), found
    assert "weights" in found["language"]


def test_a_knowledge_base_answers_and_nothing_of_it_stays(whole, tmp_path):
    with small.engine(small.weights(), "--embed") as embeddings, small.page(whole, embeddings, tmp_path) as url:
        page = asked(whole, Page(Client(url, SECONDS), small.EMAIL, small.PASSWORD))
        found = {key: function.CHECKS[key][2](Client(whole, SECONDS), page) for key in ("page", "upload", "knowledge")}
    assert {key: good for key, (good, _told) in found.items()} == dict.fromkeys(found, True), found
    assert "4729" in found["upload"][1] and "4729" in found["knowledge"][1]
    with sqlite3.connect(tmp_path / "webui.db") as data:
        for name in ("knowledge", "file", "chat"):
            assert data.execute(f"select count(*) from {name}").fetchone() == (0,), name
    with sqlite3.connect(tmp_path / "vector_db/chroma.sqlite3") as store:
        assert store.execute("select name from collections").fetchall() == [("knowledge-bases",)]
        assert store.execute("select count(*) from embeddings").fetchone() == (0,)
    assert list((tmp_path / "uploads").iterdir()) == []
