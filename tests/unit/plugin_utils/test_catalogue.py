# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reader of the catalogue for actions and filters."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue, load_rules


def test_a_vendors_folder_changes_entries_of_any_kind(tmp_path):
    (tmp_path / "seal").mkdir()
    (tmp_path / "seal/mine.yml").write_text("badge: {paths: [/etc/badge]}\n")
    (tmp_path / "seal/nothing.yml").write_text("# nothing yet\n")
    assert "badge" not in catalogue((), ("seal",))["seal"]
    found = catalogue([str(tmp_path)], ("seal", "routes"))
    assert found["seal"]["badge"] == {"paths": ["/etc/badge"]}
    assert "machine-id" in found["seal"] and "vllm" in found["routes"]


def test_a_folder_that_is_not_there_is_refused():
    with pytest.raises(Exception, match="/not/there"):
        catalogue(["/not/there"], ("seal",))


def test_the_rules_are_checked_and_in_order():
    ids = [rule["id"] for rule in load_rules()]
    assert ids == sorted(ids) and len(ids) > 50
