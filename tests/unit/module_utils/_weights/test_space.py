# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Space for what is missing."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.space import check_space


def test_what_fits_and_what_does_not(tmp_path):
    below = str(tmp_path / "not/there/yet")
    check_space(below, 0, 5, "o/m")
    check_space(below, 1, 5, "o/m")
    for need, files in ((1 << 60, 5), (1, 1 << 50)):
        with pytest.raises(Refusal) as caught:
            check_space(below, need, files, "o/m")
        assert caught.value.rule == "LLM101"
