# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed modules are used again while nothing that is in them changed, and by nobody but their owner."""

from __future__ import annotations

import os
import shutil
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _kept as kept


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "src/inner").mkdir(parents=True)
    (tmp_path / "src/a.py").write_text("a = 1\n")
    (tmp_path / "src/inner/b.py").write_text("b = 1\n")
    return tmp_path / "src"


def run(tmp_path, name: str, **packed: str):
    """The temporary folder of a run, with what it packed."""
    folder = tmp_path / name / kept.PACKED
    folder.mkdir(parents=True)
    for module, text in packed.items():
        (folder / module.replace("_", ".")).write_text(text)
    return folder.parent


def packed(folder):
    return {path.name: path.read_text() for path in (folder / kept.PACKED).iterdir()}


def test_the_next_run_has_what_the_last_one_packed(tmp_path):
    store = str(tmp_path / "store")
    kept.keep(store, "k", str(run(tmp_path, "one", ansible_stat="s", ansible_stat_lock="", mine_x="x")), ("ansible.",))
    second = run(tmp_path, "two")
    assert kept.bring(store, "k", str(second)) == ["ansible.stat"] and packed(second) == {"ansible.stat": "s"}
    assert kept.bring(store, "k", str(second)) == []
    assert os.stat(store).st_mode & 0o777 == 0o700


def test_of_other_sources_nothing_is_used(tmp_path):
    store = str(tmp_path / "store")
    kept.keep(store, "old", str(run(tmp_path, "one", ansible_stat="s")), ("ansible.",))
    assert kept.bring(store, "new", str(run(tmp_path, "two"))) == []


def test_what_was_not_used_for_a_month_goes(tmp_path):
    store = tmp_path / "store"
    for name, days in (("old", 31), ("other", 29), ("new", 99)):
        kept.keep(str(store), name, str(run(tmp_path, name, ansible_stat="s")), ("ansible.",))
        os.utime(store / name, (time.time() - days * 86400,) * 2)
    kept.keep(str(store), "new", str(tmp_path / "new"), ("ansible.",))
    assert sorted(os.listdir(store)) == ["new", "other"]


@pytest.mark.parametrize("spoil", ["a.py", "inner/b.py", "inner/new.py", "gone"])
def test_any_change_of_a_source_makes_another_key(sources, spoil):
    before = kept.key([str(sources)], "2.19")
    assert kept.key([str(sources)], "2.19") == before != kept.key([str(sources)], "2.20")
    if spoil == "gone":
        shutil.rmtree(sources / "inner")
    else:
        (sources / spoil).write_text("c = 3\n")
        os.utime(sources / spoil, ns=(1, 1))
    assert kept.key([str(sources)], "2.19") != before


def test_what_others_can_write_is_not_trusted(tmp_path):
    store = tmp_path / "store"
    kept.keep(str(store), "k", str(run(tmp_path, "one", ansible_stat="s")), ("ansible.",))
    (store / "k").chmod(0o777)
    assert kept.bring(str(store), "k", str(run(tmp_path, "two"))) == []
    (store / "k").chmod(0o700)
    (tmp_path / "link").symlink_to(store)
    assert kept.bring(str(tmp_path / "link"), "k", str(run(tmp_path, "three"))) == []


def test_a_run_without_packed_modules_keeps_nothing(tmp_path):
    assert kept.keep(str(tmp_path / "store"), "k", str(tmp_path), ("ansible.",)) == []
    assert not (tmp_path / "store").exists()
