# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the users' data are, and which image may take them over."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

from tests.unit.module_utils._webui.page_data import NEW, NOW, OLD


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ("ghcr.io/open-webui/open-webui:v0.12.4", "0.12.4"),
        ("yitiji.local:5000/open-webui:0.12.4-slim", "0.12.4"),
        ("x/open-webui:0.12.4@sha256:abc", "0.12.4"),
        ("localhost:5000/open-webui", ""),
        ("x/open-webui:main", ""),
    ],
)
def test_version_of(ref, version):
    assert data.version_of(ref) == version


def test_which_image_is_another():
    assert data.changes_image({}, NOW), "nobody knows what ran before"
    assert not data.changes_image({**NOW, "digest": ""}, {**NOW, "digest": None})
    assert data.changes_image(NOW, {**NOW, "id": "sha256:other"})
    assert not data.changes_image({"ref": "a", "id": ""}, {"ref": "a", "id": "sha256:x"})


def rules(found, record, image, database="sqlite"):
    return [refusal.rule for refusal in data.judge(found, record, image, database)]


def test_what_may_go_on_with_the_data(node):
    found = data.info(node / "data")
    empty = {"exists": False}
    assert rules(found, {**NOW, "database": "sqlite"}, NOW) == []
    assert rules(found, {**NOW, "database": "sqlite"}, NEW) == []
    assert rules(found, {**NOW, "database": "sqlite"}, OLD) == ["LLM728"]
    assert rules(empty, {**NOW, "database": "sqlite"}, OLD) == []
    assert rules(found, {**NOW, "database": "sqlite"}, NOW, "postgresql") == ["LLM713"]
    assert rules(found, {}, NOW, "postgresql") == ["LLM713"]
    assert rules(empty, {}, NOW, "postgresql") == []
    assert rules(empty, {**NOW, "database": "postgresql"}, NOW) == ["LLM713"]


def test_a_database_that_cannot_be_read_counts_as_used(tmp_path):
    (tmp_path / "webui.db").write_text("not a database")
    found = data.info(tmp_path)
    assert found["problem"] and data.in_use(found)


@pytest.mark.parametrize(
    ("record", "database", "saved_for", "refused"),
    [
        (NOW, "postgresql", "", True),
        (NOW, "postgresql", NOW["ref"].rpartition(":")[2], True),
        (NOW, "postgresql", NEW["ref"].rpartition(":")[2], False),
        ({}, "postgresql", "", False),
        (NEW, "postgresql", "", False),
        (NOW, "sqlite", "", False),
    ],
)
def test_a_database_of_ones_own_is_backed_up_first(record, database, saved_for, refused):
    kept = {**record, "database": database} if record else {}
    wrong = data.judge({"exists": False}, kept, NEW, database, saved_for)
    assert [refusal.rule for refusal in wrong] == (["LLM717"] if refused else [])
