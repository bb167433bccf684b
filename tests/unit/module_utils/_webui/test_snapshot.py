# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases are copied as they are at one moment, by a process without rights."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import snapshot as core

root = pytest.mark.skipif(os.geteuid() != 0, reason="users change")


@root
def test_the_child_has_the_rights_of_its_user():
    assert core.as_user(12, 13, lambda: [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()], 10) == [
        12,
        12,
        13,
        [],
    ]


def test_what_goes_wrong_there_is_told():
    with pytest.raises(ValueError, match="it broke"):
        core.as_user(os.getuid(), os.getgid(), lambda: (_ for _ in ()).throw(RuntimeError("it broke")), 10)


def test_nobody_waits_for_ever():
    before = time.monotonic()
    with pytest.raises(ValueError, match="no answer"):
        core.as_user(os.getuid(), os.getgid(), lambda: time.sleep(60), 0.2)
    assert time.monotonic() - before < 5


def copied(node: Path, name: str = "webui.db") -> tuple[dict, bytes]:
    told: dict = {}
    copies = core.Databases(node / "data")
    with copies.folder(), copies.copied(name, told) as stream:
        content = stream.read()
    assert not copies.place.exists()
    return told, content


def test_a_database_that_is_written_to_comes_as_it_is_at_one_moment(node, tmp_path):
    writer = sqlite3.connect(node / "data/webui.db")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO chat VALUES (99)")  # not committed
    told, content = copied(node)
    assert told["chats"] == 3
    (tmp_path / "copy.db").write_bytes(content)
    assert sqlite3.connect(tmp_path / "copy.db").execute("SELECT count(*) FROM chat").fetchone() == (3,)
    writer.rollback()


def test_what_a_killed_writer_had_begun_is_undone(tmp_path):
    """A rollback journal that is left: the copy is of before, as the page itself would find it."""
    (tmp_path / "data").mkdir()
    database = tmp_path / "data/x.db"
    child = os.fork()
    if child == 0:
        db = sqlite3.connect(database)
        db.executescript("PRAGMA cache_size=1; CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES (1); COMMIT; BEGIN")
        for number in range(3000):
            db.execute("INSERT INTO t VALUES (?)", ("x" * 1000 + str(number),))
        os._exit(0)
    os.waitpid(child, 0)
    assert Path(f"{database}-journal").stat().st_size > 0
    _told, content = copied(tmp_path, "x.db")
    (tmp_path / "copy.db").write_bytes(content)
    assert sqlite3.connect(tmp_path / "copy.db").execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_broken_one_is_told(node):
    raw = bytearray((node / "data/webui.db").read_bytes())
    raw[4096:4196] = b"\xff" * 100
    (node / "data/webui.db").write_bytes(raw)
    for side in ("-wal", "-shm"):
        (node / f"data/webui.db{side}").unlink()
    with pytest.raises(ValueError, match=r"webui.db|malformed|no such table"):
        copied(node)
