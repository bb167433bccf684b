# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records for whoever asks: by user, time and model, with where people of the page came from; tables and months."""

from __future__ import annotations

import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import find as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import lines, store

NOW = time.mktime((2026, 11, 15, 12, 0, 0, 0, 0, -1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "lock", lambda _path, _flag: True)
    (tmp_path / "log").mkdir()
    settings = {"folder": str(tmp_path / "log"), "days": 180, "segment_mb": 1, "reserve_mb": 1}
    kept = store.Store(settings, str(tmp_path / "key"))

    def at(seconds: float, **more):
        return {"time": store.stamp(NOW + seconds), "status": 200, "seconds": 0.1, **more}

    kept.append(
        [
            at(0, kind="web", user="u1", source="10.0.0.1"),
            at(1, kind="page", user="u1", person="li@example.com", source="172.17.0.2", model="r1", prompt_tokens=3,
               answer_pieces=4),
            at(60, kind="page", user="u1", person="li@example.com", source="172.17.0.2", model="r1"),
            at(59, kind="web", user="u1", source="10.0.0.2"),
            at(61, kind="web", user="u1", source="10.0.0.3", status=401),
            at(62, kind="page", user="u2", source="172.17.0.2", model="r2", status=503),
            at(63, kind="api", team="research", source="10.0.0.9", model="r1", prompt_tokens=5,
               answer_tokens=6, id="abc"),
        ],
        NOW,
    )  # fmt: skip
    kept.append([at(86400 * 20, kind="api", team="research", source="10.0.0.9", model="r1")], NOW + 86400 * 20)
    return str(tmp_path / "log")


def test_each_is_found_by_user_time_and_model(folder):
    found = list(core.find(folder, 0, 0, "li@example.com"))
    assert [(row["kind"], row["source"]) for row in found] == [
        ("web", "10.0.0.1"), ("page", "10.0.0.1"), ("page", "10.0.0.2"), ("web", "10.0.0.2"), ("web", "10.0.0.3"),
    ]  # fmt: skip
    assert len(list(core.find(folder, 0, 0, "u1", "r1"))) == 2 and len(list(core.find(folder, 0, 0, "", "r2"))) == 1
    assert [row["id"] for row in core.find(folder, 0, 0, ident="abc")] == ["abc"]
    assert len(list(core.find(folder, NOW + 60, NOW + 62))) == 2
    assert len(list(core.find(folder, NOW + 86400 * 10, 0, "research"))) == 1
    assert next(core.find(folder, 0, 0, "u2"))["source"] == ""


def test_a_table_calculates_nothing(folder):
    lines_ = list(core.as_csv(core.find(folder, 0, 0)))
    assert len(lines_) == 9 and lines_[0].startswith("time,kind,team") and all(line.endswith("\r\n") for line in lines_)
    assert core.cell('=1+"2"') == '"\'=1+""2"""' and core.cell(-3) == '"-3"'


def test_a_month_by_who_asked_and_model(folder):
    rows = core.month(folder, "2026-11")
    assert [tuple(row.values()) for row in rows] == [
        ("person li@example.com", "r1", 2, 0, 3, 4),
        ("person u2", "r2", 1, 1, 0, 0),
        ("team research", "r1", 1, 0, 5, 6),
    ]  # fmt: skip
    assert core.month(folder, "2026-12")[0]["requests"] == 1
    assert "<td>team research" in core.page(rows, "2026-11", "en") and "用量 2026-11" in core.page(
        rows, "2026-11", "zh"
    )


def test_times_are_written_as_people_do():
    assert core.moment("2026-11-15T12:00") == core.moment("2026-11-15 12:00:00") == NOW
    assert core.moment("2026-11-15") == NOW - 43200
    with pytest.raises(ValueError, match="YYYY"):
        core.moment("yesterday")


def test_what_was_used_stands_beside_the_quota():
    use = lines.Use([{"team": "*", "requests": 5}])
    use.rows = {"team a": lines.Row(2, 30), "person b": lines.Row(1, 1)}
    told = core.used(use)
    assert "1/-" in told[0] and "2/5" in told[1] and "30/-" in told[1]
