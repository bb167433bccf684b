# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked for which file: answers from a table, a clock that the test sets (whole downloads: tests/fault)."""

from __future__ import annotations

import collections

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    HAVE,
    MANIFEST,
    PROGRESS,
    STAMP,
    WORK,
    Entry,
    Manifest,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import mirror
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.mirror import AVOID, OVERLAP, SILENT
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.sources import Stream

FIRST, SECOND = "http://n0/files", "http://n1/files"
FILES = [Entry(name, 3, letter * 64) for name, letter in (("a", "a"), ("b", "b"), ("c", "c"))]
LISTED = Manifest("o/m", "v1", FILES)
ROWS = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in FILES]
DATA = {"schema": 1, "model": "o/m", "revision": "v1", "files": ROWS}
Waiting = collections.namedtuple("Waiting", "entry")
WAITING = [Waiting(entry) for entry in FILES]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Answers:
    """A connection whose answers stand in a table; an error there is raised. The server's clock is `date`."""

    def __init__(self) -> None:
        self.table, self.asked, self.date = {}, [], 5000.0

    def json(self, url):
        return self.dated_json(url)[0]

    def dated_json(self, url):
        self.asked.append(url)
        found = self.table.get(url)
        if isinstance(found, Exception):
            raise found
        return found, self.date


class Bytes(Stream):
    first, ranged = 2, True

    def __init__(self, fails=False):
        self.fails, self.ended = fails, []

    def readinto(self, view):
        if self.fails:
            raise Broken("cut")
        return 7

    def finish(self, whole):
        self.ended.append(whole)


@pytest.fixture(name="clock")
def fixture_clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(mirror, "time", clock)
    return clock


@pytest.fixture(name="source")
def fixture_source(clock):
    source = mirror.MirrorSource(Client(FIRST), [FIRST + "/", SECOND])
    source._connection = Answers()
    return source


@pytest.fixture(name="known")
def fixture_known(source):
    """The first node's list was read."""
    source._connection.table[f"{FIRST}/{MANIFEST}"] = DATA
    source.manifest("o/m", "v1", 1.0)
    return source


def progress(source, **state):
    source._connection.table[f"{FIRST}/{WORK}/{PROGRESS}"] = state


def have(source, base, *names):
    source._connection.table[f"{base}/{WORK}/{HAVE}"] = {file.path: file.sha256 for file in FILES if file.path in names}


def avoided(source, clock, base):
    return source._avoid.get(base, 0) - clock.now


def test_the_first_node_says_what_is_wanted(source):
    source._connection.table[f"{FIRST}/{MANIFEST}"] = DATA
    assert source.name == FIRST and source.manifest("o/m", "v1", 1.0) == LISTED
    assert source._connection.asked == [f"{FIRST}/{MANIFEST}"]


@pytest.mark.parametrize("change", [{"model": "o/other"}, {"revision": "v2"}])
def test_another_list_is_waited_for(source, clock, change):
    source._connection.table[f"{FIRST}/{MANIFEST}"] = {**DATA, **change}
    with pytest.raises(Refusal, match="it has no manifest of o/m v1 yet") as caught:
        source.manifest("o/m", "v1", 10.0)
    assert caught.value.rule == "LLM605" and clock.now == 1010.0


def test_hashes_are_waited_for_while_bytes_come(source, clock):
    """But for those that the plan has."""
    bare = [{**row, "sha256": "" if row["path"] == "b" else row["sha256"]} for row in ROWS]
    source._connection.table[f"{FIRST}/{MANIFEST}"] = {**DATA, "files": bare}
    assert source.manifest("o/m", "v1", 1.0, FILES).files[1].sha256 == ""
    with pytest.raises(Refusal, match="no manifest"):
        source.manifest("o/m", "v1", 1.0, FILES[:1])
    assert 1000.0 + SILENT <= clock.now < 1001.0 + SILENT


def test_why_it_did_not_answer_is_told(source):
    source._connection.table[f"{FIRST}/{MANIFEST}"] = Broken("connection refused")
    with pytest.raises(Refusal, match="connection refused") as caught:
        source.manifest("o/m", "v1", 2.0)
    assert caught.value.rule == "LLM605"


def test_a_refusal_of_its_server_is_waited_out(source):
    source._connection.table[f"{FIRST}/{MANIFEST}"] = Refusal("LLM608", url="u", detail="HTTP 403")
    with pytest.raises(Refusal, match="HTTP 403") as caught:
        source.manifest("o/m", "v1", 2.0)
    assert caught.value.rule == "LLM605"


def test_a_list_that_is_none_ends_it_at_once(source, clock):
    source._connection.table[f"{FIRST}/{MANIFEST}"] = {"schema": 2}
    with pytest.raises(Refusal, match=f"{FIRST}: not a manifest") as caught:
        source.manifest("o/m", "v1", 50.0)
    assert caught.value.rule == "LLM610" and clock.now == 1000.0


def test_a_first_node_that_gave_up_is_not_waited_for(source, clock):
    progress(source, state="failed", message="disk full", updated=4999.0, bytes_done=1)
    with pytest.raises(Refusal, match="it gave up: disk full"):
        source.manifest("o/m", "v1", 50.0)
    assert clock.now == 1000.0


@pytest.mark.parametrize(
    ("age", "later", "gave_up"),
    [(OVERLAP - 0.1, 0.0, True), (OVERLAP, 0.0, False), (OVERLAP + 4, 5.0, True), (OVERLAP + 6, 5.0, False)],
)
def test_what_failed_yesterday_does_not_count(source, clock, age, later, gave_up):
    clock.now += later
    progress(source, state="failed", message="old", updated=5000.0 - age, bytes_done=1)
    source._watch_first()
    assert bool(source._gave_up) is gave_up


def test_one_that_goes_on_has_not_given_up(source):
    progress(source, state="failed", message="x", updated=5000.0, bytes_done=1)
    source._watch_first()
    progress(source, state="downloading", updated=5001.0, bytes_done=2)
    source._watch_first()
    assert source._gave_up == ""


def test_bytes_are_news_and_the_same_again_are_none(source, clock):
    progress(source, state="downloading", bytes_done=5)
    clock.now += 10
    source._watch_first()
    assert source._news == 1010.0
    clock.now += 10
    source._watch_first()
    assert source._news == 1010.0
    source._connection.date = None  # a server without a clock
    progress(source, state="failed", updated=5000.0, bytes_done=6)
    source._watch_first()
    assert source._news == 1020.0 and source._gave_up == ""


def test_a_stamp_of_this_list_means_every_file(known, clock):
    known._connection.table[f"{SECOND}/{STAMP}"] = {"manifest_sha256": LISTED.digest()}
    clock.now += 1
    known.poll()
    assert [known.holders(entry) for entry in FILES] == [[SECOND]] * 3 and known._news == 1001.0
    before = len(known._connection.asked)
    known.poll()
    assert [url for url in known._connection.asked[before:] if url.startswith(SECOND)] == [], "all is known of it"


def test_another_stamp_means_nothing(known):
    known._connection.table[f"{SECOND}/{STAMP}"] = {"manifest_sha256": "0" * 64}
    known.poll()
    assert [known.holders(entry) for entry in FILES] == [[]] * 3


def test_single_files_count_by_their_hash(known, clock):
    known._connection.table[f"{SECOND}/{WORK}/{HAVE}"] = {"a": "a" * 64, "b": "0" * 64}
    known.poll()
    assert [known.holders(entry) for entry in FILES] == [[SECOND], [], []]
    news = known._news
    clock.now += 1
    known.poll()
    assert known._news == news, "nothing new"


def test_only_the_first_nodes_progress_is_looked_at(known):
    before = len(known._connection.asked)
    known.poll()
    asked = known._connection.asked[before:]
    assert f"{FIRST}/{WORK}/{PROGRESS}" in asked and f"{SECOND}/{WORK}/{PROGRESS}" not in asked


def test_a_node_that_failed_is_left_alone_for_a_while(known, clock):
    have(known, FIRST, "a")
    have(known, SECOND, "a")
    known.poll()
    known._connection.table[f"{SECOND}/{STAMP}"] = Broken("reset")
    known.poll()
    assert known.holders(FILES[0]) == [FIRST] and avoided(known, clock, SECOND) == AVOID
    clock.now += AVOID
    assert known.holders(FILES[0]) == [FIRST]
    clock.now += 0.1
    assert known.holders(FILES[0]) == [FIRST, SECOND]


def test_nothing_is_looked_for_before_the_list_is_known(source):
    source.poll()
    assert source._connection.asked == []


def test_the_rarest_file_is_next(known, clock, monkeypatch):
    have(known, FIRST, "a", "b")
    have(known, SECOND, "a", "c")
    known.poll()
    chosen = []
    monkeypatch.setattr(mirror.random, "choice", lambda best: chosen.append(best) or best[0])
    clock.now += 3
    assert known.pick(WAITING) == 1 and chosen == [[1, 2]] and known._news == 1003.0
    assert known.pick(WAITING[:1]) == 0


def test_a_file_that_nobody_has_is_waited_for_and_then_refused(known, clock):
    assert known.pick(WAITING) is None
    clock.now = known._news + SILENT
    assert known.pick(WAITING) is None
    clock.now += 0.1
    with pytest.raises(Refusal, match=rf"{FIRST}, {SECOND}.*no node has it, and none got a new file for") as caught:
        known.pick(WAITING)
    assert caught.value.rule == "LLM611"


def test_none_comes_from_a_first_node_that_gave_up(known):
    known._gave_up = "it gave up: disk full"
    with pytest.raises(Refusal, match=rf"a.*{FIRST}.*it gave up: disk full") as caught:
        known.pick(WAITING)
    assert caught.value.rule == "LLM611"
    have(known, SECOND, "a")
    known._look(SECOND)
    assert known.pick(WAITING) == 0, "others have what they have"


def test_the_first_node_is_the_last_choice(known, monkeypatch):
    have(known, FIRST, "a")
    have(known, SECOND, "a")
    known.poll()
    asked, stream = [], Bytes()
    monkeypatch.setattr(known, "open_url", lambda *words: asked.append(words) or stream)
    one = known.open("handle", FILES[0], 2, 3)
    assert asked == [("handle", f"{SECOND}/a", FILES[0], 2, 3)] and (one.first, one.ranged) == (2, True)
    two = known.open(None, FILES[0], 0, 3)  # one is busy there
    assert asked[1][1] == f"{FIRST}/a"
    assert one.readinto(memoryview(b"")) == 7
    one.finish(True)
    assert known._load == {FIRST: 1, SECOND: 0} and stream.ended == [True]
    two.finish(False)
    assert known._load == {FIRST: 0, SECOND: 0} and stream.ended == [True, False]
    assert len(known.holders(FILES[0])) == 2, "what we broke off ourselves is no fault of a node"


def test_a_stream_that_broke_is_the_nodes_fault(known, clock, monkeypatch):
    have(known, SECOND, "a")
    known.poll()
    monkeypatch.setattr(known, "open_url", lambda *_words: Bytes(fails=True))
    stream = known.open(None, FILES[0], 0, 3)
    with pytest.raises(Broken, match="cut"):
        stream.readinto(memoryview(b""))
    stream.finish(False)
    assert avoided(known, clock, SECOND) == AVOID and known._load[SECOND] == 0
    with pytest.raises(Broken, match="no node has it now"):
        known.open(None, FILES[0], 0, 3)


def test_a_lone_node_is_asked_again_at_once(clock):
    source = mirror.MirrorSource(Client(FIRST), [FIRST])
    source.left(FIRST, False)
    assert avoided(source, clock, FIRST) == 0.0


@pytest.mark.parametrize("error", [Broken("refused"), Refusal("LLM611", path="a", url="u", detail="HTTP 404")])
def test_one_that_does_not_open_is_broken_and_left_alone(known, clock, monkeypatch, error):
    have(known, SECOND, "a")
    known.poll()

    def fails(*_words):
        raise error

    monkeypatch.setattr(known, "open_url", fails)
    with pytest.raises(Broken, match=f"{SECOND}: "):
        known.open(None, FILES[0], 0, 3)
    assert known._load[SECOND] == 0 and avoided(known, clock, SECOND) == AVOID
