# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Troubles with weights, in both languages."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._http import refusals
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.refusals import Trouble, size_text


def test_every_trouble_speaks_both_languages():
    for rule in refusals.TEXTS:
        text = Trouble(rule, path="/p", model="o/m", url="http://h", detail="d").message("gpu01")
        english, chinese = text.split("\n")
        assert english.startswith(f"[{rule}] gpu01: ") and chinese.startswith(f"[{rule}] gpu01：")
        assert any("\u4e00" <= char <= "\u9fff" for char in chinese)


def test_sizes():
    assert [size_text(size) for size in (0, 1023, 1536, 5 << 30, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 GiB",
        "3.00 TiB",
    ]
