# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module package_repository."""

from __future__ import annotations

import pytest

from tests.unit.module_utils._system.test_signing_key import FINGERPRINT, KEY
from tests.unit.modules.run_module import four_states, run

FILES = {"apt": "etc/apt/sources.list.d/yitiji-x.sources", "dnf": "etc/yum.repos.d/yitiji-x.repo"}


@pytest.mark.parametrize(("manager", "file"), FILES.items())
def test_package_repository(tmp_path, manager, file):
    (tmp_path / "key").write_text(KEY)
    told = {"manager": manager, "url": f"file://{tmp_path}", "suite": "x", "key_url": f"file://{tmp_path}/key",
            "fingerprints": [FINGERPRINT]}  # fmt: skip
    given = {"name": "yitiji-x", "repository": told, "root": str(tmp_path / "node")}
    answers = four_states("package_repository", given)
    assert answers[1]["source"] == str(tmp_path / "node" / file)
    assert f"file://{tmp_path}" in (tmp_path / "node" / file).read_text() == answers[1]["diff"]["after"]
    answer = run("package_repository", {**given, "state": "readable"})
    assert answer["rule"] == "LLM165"
    four_states("package_repository", {**given, "state": "absent"})
    assert [path for path in (tmp_path / "node").rglob("*") if path.is_file()] == []
