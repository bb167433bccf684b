# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server may answer when a range is asked for, and files out of a folder."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client, Connection
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import sources as core

DATA = b"0123456789"
FILE = Entry("sub/x", 10, "")


class Answer:
    """A response as it was announced, and what was done with it."""

    def __init__(self, status, remaining=None, span=None, target=""):
        self.status, self.remaining, self.span, self.target, self.ended = status, remaining, span, target, ""

    def content_range(self):
        return self.span

    def readinto(self, view):
        return 3

    def finish(self):
        self.ended = "finished"

    def abandon(self):
        self.ended = "abandoned"

    def failed(self):
        return Broken("failed", status=self.status)


def opened(answer, start=2, stop=6):
    asked = []

    class Asked(Connection):
        def request(self, url, span=None, method="GET"):
            asked.append(span)
            return answer

    client = Client("https://hub", "", 1.0)
    if answer.target == "home":
        answer.target = client.home
    stream = core.HttpSource(client).open_url(Asked(client), "https://hub/x", FILE, start, stop)
    return stream, asked[0]


def test_a_range_that_came_as_it_was_asked_for():
    for remaining in (4, None):
        answer = Answer(206, remaining, (2, 6, 10))
        stream, asked = opened(answer)
        assert asked == (2, 6) and (stream.first, stream.ranged, answer.remaining) == (2, True, 4)
        assert stream.readinto(memoryview(bytearray(9))) == 3
        stream.finish(True)
        assert answer.ended == "finished"
        stream.finish(False)
        assert answer.ended == "abandoned"
    assert opened(Answer(206, 4, (2, 6, None)))[0].first == 2, "its size may be unknown"


@pytest.mark.parametrize(("answer", "status"), [
    (Answer(206, 4, None), 0), (Answer(206, 4, (0, 4, 10)), 0), (Answer(206, 4, (2, 7, 10)), 0),
    (Answer(206, 5, (2, 6, 10)), 0), (Answer(206, 4, (2, 6, 11)), 1), (Answer(200, 9), 1), (Answer(200, 11), 1),
])  # fmt: skip
def test_another_range_or_another_size_breaks_and_is_left(answer, status):
    with pytest.raises(Broken) as caught:
        opened(answer)
    assert answer.ended == "abandoned" and caught.value.status == status


def test_the_whole_file_is_asked_for_without_a_range_and_taken_in_place_of_one():
    stream, asked = opened(Answer(200, 10), 0, 10)
    assert asked is None and (stream.first, stream.ranged) == (0, True)
    stream, asked = opened(Answer(200))
    assert asked == (2, 6) and (stream.first, stream.ranged) == (0, False)


@pytest.mark.parametrize(("status", "rule"), [(401, "LLM608"), (403, "LLM608"), (404, "LLM611"), (410, "LLM611")])
def test_what_the_hub_itself_refuses_is_no_matter_of_trying_again(status, rule):
    answer = Answer(status, target="home")
    with pytest.raises(Refusal) as caught:
        opened(answer)
    assert caught.value.rule == rule and answer.ended == "abandoned" and f"HTTP {status}" in caught.value.reason.en
    with pytest.raises(Broken):
        opened(Answer(status, target="https://a-mirror"))


@pytest.mark.parametrize("status", [206, 500, 429])
def test_any_other_answer_fails(status):
    with pytest.raises(Broken):
        opened(Answer(status), 0, 10)


def test_a_folder_gives_ranges_of_the_files_that_are_listed(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").write_bytes(DATA)
    source = core.DirectorySource(str(tmp_path))
    assert source.name == str(tmp_path) and source.connect() is None and source.pick([1, 2, 3]) == 2
    stream = source.open(None, FILE, 4, 10)
    buffer = bytearray(4)
    assert stream.first == 4 and stream.readinto(memoryview(buffer)) == 4 and bytes(buffer) == b"4567"
    assert stream.readinto(memoryview(buffer)) == 2 and buffer[:2] == b"89" and stream.readinto(memoryview(buffer)) == 0
    stream.finish(True)
    with pytest.raises(OSError):
        os.fstat(stream.handle)
    with pytest.raises(Broken):
        stream.readinto(memoryview(buffer))


def test_a_file_that_is_absent_or_has_another_size_is_refused(tmp_path):
    source = core.DirectorySource(str(tmp_path))
    with pytest.raises(Refusal) as caught:
        source.open(None, FILE, 0, 10)
    assert caught.value.rule == "LLM615"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").write_bytes(DATA[:9])
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(Refusal) as caught:
        source.open(None, FILE, 0, 10)
    assert caught.value.rule == "LLM601" and "9 bytes, listed are 10" in caught.value.reason.en
    assert len(os.listdir("/proc/self/fd")) == before
