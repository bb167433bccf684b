# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A target named in short is completed."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import work


def test_a_target_is_completed():
    known = {"bookworm": {"distribution": "debian", "version": "12", "suites": ["x"]}}
    assert work.target_of({"release": "bookworm", "architecture": "arm64"}, known)["version"] == "12"
    with pytest.raises(Refusal) as refused:
        work.target_of({"release": "sid"}, known)
    assert refused.value.rule == "LLM925"
