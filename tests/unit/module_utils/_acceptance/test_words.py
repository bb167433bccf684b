# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS


def test_every_word_is_there_in_both_languages():
    assert len(LANGUAGES) == 2
    for key, (zh, en) in WORDS.items():
        assert re.search(r"[一-鿿]", zh) and not re.search(r"[一-鿿]", en), key
