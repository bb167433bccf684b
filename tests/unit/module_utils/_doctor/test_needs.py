# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word under `needs` has its reason in Chinese."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS


def test_every_need_has_a_chinese_word():
    assert set(NEEDS) == set(doctor_rules.CHINESE)
