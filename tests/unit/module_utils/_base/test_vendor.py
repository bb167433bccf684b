# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose product an appliance is."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import begun, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.vendor import MOST, vendor


def test_a_logo_becomes_data_and_stays_it(tmp_path):
    logo = tmp_path / "acme.PNG"
    logo.write_bytes(b"\x89PNG")
    told = vendor({"name": " Acme ", "logo": str(logo), "color": "#0a58ca"})
    assert told == {"name": "Acme", "logo": "data:image/png;base64,iVBORw==", "color": "#0a58ca"}
    assert vendor(told) == told, "what a disk image carries"
    assert vendor({}) == vendor({"name": "", "logo": None}) == {}


@pytest.mark.parametrize(
    "given",
    [{"colour": "#000"}, {"color": "red}body{"}, {"color": "#1234"}, {"logo": "/none.png"}, {"logo": "/etc/hosts"},
     {"logo": "data:text/html;base64,AA=="}],
)  # fmt: skip
def test_what_no_page_can_show_is_refused(given):
    with pytest.raises(Refusal) as refused:
        vendor(given)
    assert refused.value.rule == "LLM588"


def test_a_logo_is_small(tmp_path):
    logo = tmp_path / "a.svg"
    for size, good in ((MOST, True), (MOST + 1, False), (0, False)):
        logo.write_bytes(b"x" * size)
        if good:
            assert vendor({"logo": str(logo)})["logo"].startswith("data:image/svg+xml;base64,")
        else:
            with pytest.raises(Refusal):
                vendor({"logo": str(logo)})


@pytest.mark.parametrize("start", [begun, opened])
def test_it_stands_above_a_page(start):
    plain = start("t", "zh")
    page = start("t", "zh", vendor={"name": "A<b>", "logo": "data:image/png;base64,AA==", "color": "#0a58ca"})
    assert '<header class="by"><img src="data:image/png;base64,AA==" alt="">A&lt;b&gt;</header>' in page
    assert ":root{--by:#0a58ca}" in page and page.index("<header") > page.index("<body>")
    assert "<header" not in plain and "--by:#" not in plain
    assert start("t", "zh", vendor={"color": "#000"}).count("<header") == 0
