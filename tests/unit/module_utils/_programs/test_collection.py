# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's archive: without tests, and the same bytes each time."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.collection import pack


def test_the_collection_is_packed_without_tests_and_alike(tmp_path):
    for path in ("plugins/modules/a.py", "plugins/modules/__pycache__/a.pyc", "roles/r/tasks/main.yml", "tests/t.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    packed = pack({"ns.name": str(tmp_path)})
    assert packed == pack({"ns.name": str(tmp_path)})
    assert b"ansible_collections/ns/name/roles/r/tasks/main.yml" in packed
    assert b"__pycache__" not in packed and b"tests/t.py" not in packed
