# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line of the gateway's as a record, and who has used up a day."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import lines as core

NOW = 1_764_500_000.5
LINE = {"kind": "api", "id": "f" * 32, "end": NOW, "seconds": 0.25, "team": "research", "user": "", "person": "",
        "source": "10.0.0.7", "request": "POST /v1/chat/completions", "model": "r1", "prompt": "12", "answered": "5",
        "pieces": "6", "status": 200, "refused": ""}  # fmt: skip


def read(**more):
    return core.record(json.dumps({**LINE, **more}))


def test_a_record_says_when_it_began_and_leaves_out_what_is_empty():
    found = read()
    assert found == {
        "time": "2025-11-30T10:53:20.250Z", "kind": "api", "team": "research", "source": "10.0.0.7",
        "request": "POST /v1/chat/completions", "model": "r1", "id": "f" * 32, "prompt_tokens": 12, "answer_tokens": 5,
        "status": 200, "seconds": 0.25,
    }  # fmt: skip
    found = read(prompt="", answered="", question="q", answer="a")
    assert (
        found["answer_pieces"] == 6
        and "prompt_tokens" not in found
        and (found["question"], found["answer"]) == ("q", "a")
    )
    assert core.without_content([found])[0].keys() == found.keys() - {"question", "answer"}


@pytest.mark.parametrize("kind", ["sign-in", "manage", "web", "sign-out"])
def test_bodies_of_what_no_engine_is_asked_are_not_kept(kind):
    assert not read(kind=kind, question='{"password": "x"}', answer="y").keys() & {"question", "answer"}


@pytest.mark.parametrize("text", ["POST /v1/\udcff", "\ud800"])
def test_what_is_no_text_can_be_printed(text):
    said = read(request=text)["request"]
    assert said.encode() and said.isascii() and said.startswith(text[:-1])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind":"api"}', json.dumps({**LINE, "end": "x"})])
def test_what_is_no_line_leaves_its_digest(text):
    found = core.record(text)
    assert found["kind"] == "unreadable" and found["bytes"] == len(text) and len(found["sha256"]) == 64


def test_whole_lines_alone_with_their_places():
    rows, offset = core.converted(b'{"x":1}\n' + json.dumps(LINE).encode() + b"\nhalf", 3, 100)
    assert [row["at"] for row in rows] == [[3, 108], [3, offset]] and rows[1]["model"] == "r1"
    assert core.converted(b"half", 3, 100) == ([], 100)


def record(kind="api", status=200, **more):
    return {"kind": kind, "status": status, **more}


def test_who_is_counted():
    assert core.whom(record(team="!shut")) == "team shut"
    assert core.whom(record("page", person="li@example.com", user="u1")) == "person li@example.com"
    assert core.whom(record("page", user="u1")) == "person u1" and core.whom(record("page")) == "person -"


QUOTAS = [
    {"team": "research", "requests": 2},
    {"person": "*", "tokens": 10},
    {"person": "li@example.com", "tokens": 100},
]


def test_over_is_who_used_up_the_day():
    use = core.Use(QUOTAS)
    use.turn(NOW)
    for row in (record(team="research"), record(team="research", status=429), record("web"), record(team="other"),
                record("page", person="li@example.com", prompt_tokens=60, answer_pieces=30),
                record("page", person="wu@example.com", prompt_tokens=6, answer_tokens=4)):  # fmt: skip
        use.add(row)
    assert set(use.over(NOW)) == {"person wu@example.com"}
    use.add(record(team="research"))
    use.add(record("page", person="li@example.com", answer_tokens=10))
    found = use.over(NOW)
    assert set(found) == {"person wu@example.com", "person li@example.com", "team research"}
    told = found["team research"]
    assert told["until"] == core.day_end(NOW) and "the day's requests are used up (2)" in told["en"].lower()
    assert told["en"].startswith("[LLM881] The day's") and "当日的请求次数已用完（2）" in told["zh"]
    assert "当日的词元数已用完（100）" in found["person li@example.com"]["zh"]
    assert use.quota("team other") is None
    use.turn(NOW + 86400)
    assert use.over(NOW + 86400) == {}


def test_a_day_ends_at_midnight_here():
    end = time.localtime(core.day_end(NOW))
    assert (end.tm_hour, end.tm_min, end.tm_sec) == (0, 0, 0) and 0 < core.day_end(NOW) - NOW <= 90000
