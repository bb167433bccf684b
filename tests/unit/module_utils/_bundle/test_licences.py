# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
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
