# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module signing_key."""

from __future__ import annotations

import os

import pytest

from tests.unit.module_utils._system.test_signing_key import FINGERPRINT, KEY
from tests.unit.modules.run_module import four_states, run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files must belong to root")


@needs_root
def test_signing_key_is_known_by_its_fingerprint(tmp_path):
    (tmp_path / "key").write_text(KEY)
    given = {"url": f"file://{tmp_path}/key", "fingerprint": FINGERPRINT, "path": str(tmp_path / "out.asc")}
    four_states("signing_key", given)
    answer = run("signing_key", {**given, "fingerprint": "0" * 40, "path": str(tmp_path / "other")})
    assert answer["rule"] == "LLM316" and not (tmp_path / "other").exists()
    answer = run("signing_key", {**given, "url": f"file://{tmp_path}/none", "path": str(tmp_path / "other")})
    assert answer["rule"] == "LLM327" and "cannot be fetched" in answer["msg"]
