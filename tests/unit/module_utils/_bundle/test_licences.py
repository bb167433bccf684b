# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose terms must be accepted before anything is fetched."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import licences as licence

from tests.unit.module_utils._bundle.samples import LICENCES


@pytest.mark.parametrize("accepted, names, missing", [
    ([], [("packages", "nvidia-driver")], ["nv"]), (["nv"], [("packages", "nvidia-driver")], []),
    ([], [("packages", "nvidia-container-toolkit"), ("models", "a/b"), ("images", "nvidia-driver")], []),
])  # fmt: skip
def test_consent(accepted, names, missing):
    found = licence.wanting(LICENCES, accepted, names)
    assert sorted(found) == missing
    if found:
        refusal = licence.refusal(LICENCES, found)
        assert refusal.rule == "LLM910" and "bundle_licences: [nv]" in refusal.remedy.en


def test_a_long_list_is_cut_and_its_rest_is_counted():
    def told(count):
        return licence.refusal(LICENCES, {"nv": [f"n{number}" for number in range(count)]}).reason.en

    assert "n0, n1, n2, n3" in told(4) and "(+" not in told(4)
    assert "n3 (+1)" in told(5) and "n4" not in told(5) and "n3 (+3)" in told(7)


def test_a_licence_is_named_by_its_spdx_id_and_nobodys_by_nothing():
    assert licence.title(LICENCES, "models", "a/b") == "MIT" and licence.title(LICENCES, "packages", "nvidia-x") == "nv"
    assert licence.title(LICENCES, "models", "c/d") == "" and licence.unknown(LICENCES, ["nv", "x"]) == ["x"]
