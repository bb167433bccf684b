# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rehearsal finds what would not come back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import rehearse as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup.make import make
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.unit.module_utils._backup.conftest import PAGE, config_of


@pytest.fixture
def archive(node):
    return Path(make(config_of(node))["path"])


def test_what_would_come_back(archive, node):
    found = core.rehearse(archive, node / "scratch", PAGE)
    assert found == {"members": 15, "users": 1, "chats": 3, "files": 0, "knowledge": 0, "databases": 1}
    assert not (node / "scratch").exists()


def test_a_cut_archive(archive, node):
    archive.write_bytes(archive.read_bytes()[:-50])
    with pytest.raises(Refusal):
        core.rehearse(archive, node / "scratch", PAGE)
    assert not (node / "scratch").exists()


def test_bytes_that_change_on_the_disk(archive, node, monkeypatch):
    read = core.page.read

    def and_rot(path, into, most, contents):
        manifest = read(path, into, most, contents)
        (into / "data/uploads/plan.txt").write_text("the plam")
        return manifest

    monkeypatch.setattr(core.page, "read", and_rot)
    with pytest.raises(ValueError, match=r"plan\.txt"):
        core.rehearse(archive, node / "scratch", PAGE)


def test_a_database_with_other_contents_than_were_told(node, tmp_path):
    page = node / "scratch/data"
    page.mkdir(parents=True)
    (page / "webui.db").write_bytes((node / "data/webui.db").read_bytes())
    (page / "webui.db-wal").write_bytes((node / "data/webui.db-wal").read_bytes())
    with pytest.raises(ValueError, match="manifest says"):
        core._databases(node / "scratch", PAGE, {"users": 1, "chats": 7, "files": 0, "knowledge": 0})


def test_every_database_is_looked_at(node):
    other = node / "data/vector_db"
    other.mkdir()
    db = sqlite3.connect(other / "chroma.sqlite3")
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()
    found = core.rehearse(Path(make(config_of(node))["path"]), node / "scratch", PAGE)
    assert found["databases"] == 2
