# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of owners: this version's and those of earlier ones."""

from __future__ import annotations

import json
import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as core


def test_a_record_is_written_once_it_says_something_and_read_back(tmp_path):
    record = core.Record(str(tmp_path), "a")
    assert not record.exists() and not record.differs() and record.brought() == []
    record.save()
    assert not (tmp_path / "packages").exists()
    record.wanted, record.ours, record.along, record.held = ["web"], ["web", "a", "web"], ["lib"], ["web"]
    assert record.differs()
    record.save()
    path = tmp_path / "packages/a.json"
    assert path.stat().st_mode & 0o777 == 0o644 and not record.differs()
    assert json.loads(path.read_text()) == {
        "wanted": ["web"], "ours": ["a", "web"], "along": ["lib"], "displaced": [], "held": ["web"], "masked": [],
        "unfinished": False,
    }  # fmt: skip
    again = core.Record(str(tmp_path), "a")
    assert again.exists() and again.brought() == ["a", "web", "lib"] and again.held == ["web"]
    again.wanted = []
    assert again.differs(), "who wants nothing any more is noted, too"
    again.unfinished = True
    again.save()
    assert core.Record(str(tmp_path), "a").unfinished


def test_the_folder_goes_with_the_last_record(tmp_path):
    for name in "ab":
        record = core.Record(str(tmp_path), name)
        record.wanted = [name]
        record.save()
    core.Record(str(tmp_path), "a").delete()
    assert os.listdir(tmp_path / "packages") == ["b.json"]
    core.Record(str(tmp_path), "b").delete()
    core.Record(str(tmp_path), "b").delete()
    assert not (tmp_path / "packages").exists()


def test_lists_of_earlier_versions_count_until_they_are_replaced(tmp_path):
    (tmp_path / "docker-packages").write_text("docker-ce=5:28\ncontainerd.io\n")
    record = core.Record(str(tmp_path), "docker")
    assert record.exists() and record.ours == record.wanted == ["docker-ce", "containerd.io"]
    assert record.along is None and record.brought() == ["docker-ce", "containerd.io"] and record.differs()
    assert [other.owner for other in core.others(str(tmp_path), "gateway")] == ["docker"]
    assert core.others(str(tmp_path), "docker") == []
    record.save()
    assert not (tmp_path / "docker-packages").exists() and json.loads(record.before)["along"] is None
    (tmp_path / "docker-packages").write_text("other\n")
    later = core.Record(str(tmp_path), "docker")
    assert later.ours == ["containerd.io", "docker-ce"] and not later.of_earlier, "the new record wins"
    later.delete()
    assert not (tmp_path / "docker-packages").exists()


def test_the_clock_of_an_earlier_version_knew_what_it_displaced(tmp_path):
    (tmp_path / "time-packages").write_text("installed/systemd-timesyncd/x installed/other/y\n")
    record = core.Record(str(tmp_path), "host_tuning")
    assert (record.ours, record.along, record.displaced) == (["chrony"], None, ["systemd-timesyncd"])


def test_names_that_an_owner_brought_in_either_form():
    assert core.ours_of('{"ours": ["a"]}', "b=1") == ["a"] and core.ours_of("{}", "b") == []
    assert core.ours_of("", "b=1 c:amd64") == ["b", "c"]
