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


def test_its_package_manager_and_architecture_are_known():
    own = [{"name": "os", "url": "u"}]
    known = {"rocky-9": {"distribution": "rocky", "version": "9", "manager": "dnf", "repositories": own}}
    found = work.target_of({"release": "rocky-9", "architecture": "x86_64"}, known)
    assert (found["manager"], found["architecture"]) == ("dnf", "amd64")
    mine = {"release": "x", "distribution": "x", "version": "1", "architecture": "aarch64"}
    assert work.target_of({**mine, "repositories": own}, {})["manager"] == "dnf"
    assert work.target_of({**mine, "sources": ["deb x"]}, {}) == {
        **mine, "architecture": "arm64", "manager": "apt", "sources": ["deb x"],
    }  # fmt: skip
    for wrong in (mine, {**mine, "manager": "zypper", "repositories": own}):
        with pytest.raises(Refusal) as refused:
            work.target_of(wrong, {})
        assert refused.value.rule == "LLM925"
