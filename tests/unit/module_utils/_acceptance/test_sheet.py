# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Typst is told. That it makes a page of it, with fonts, is seen in tests/acceptance."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import sheet as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.form import Form
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

from tests.unit.module_utils._acceptance.test_report import document

REPORT = {**document(), "signer": "x"}


def program(folder, body: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_what_is_written_comes_back_and_the_report_goes_in_as_data(tmp_path):
    kept = tmp_path / "given"
    python = program(tmp_path, f'cat >"{kept}"; to=$(sed \'s/.*"to": "//; s/".*//\' "{kept}"); printf %%PDF >"$to"')
    assert core.sheet(REPORT, "zh", python) == b"%PDF"
    given = json.loads(kept.read_text())
    assert given["source"] == core.SOURCE  # nothing of the report is part of the program
    assert given["report"]["language"] == "zh" and given["report"]["number"] == REPORT["number"]
    shown = [each for block in given["report"]["blocks"] for each in block.get("each", [block])]
    assert shown == json.loads(json.dumps(Form(REPORT, "zh").blocks))
    assert [len(block["each"]) for block in given["report"]["blocks"] if block["kind"] == "figure"] == [3]  # in a grid


def test_whose_product_it_is_goes_in_as_data_too():
    given = {"name": "Acme", "logo": "data:image/png;base64,iVBORw==", "color": "#0a58ca"}
    shown = {"name": "Acme", "logo": "png", "color": "#0a58ca", "bytes": [0x89, 0x50, 0x4E, 0x47]}
    assert core._by(given) == shown
    assert core._by({}) == {"name": "", "logo": "", "color": "#3b6ea5", "bytes": []}


def test_every_kind_of_block_is_drawn():
    kinds = {block["kind"] for block in Form(REPORT, "en").blocks}
    assert set(re.findall(r'part\.kind == "(\w+)"', core.SOURCE)) == kinds


def test_what_cannot_be_made_is_refused_with_the_last_words(tmp_path):
    with pytest.raises(Refusal, match="no module named typst") as caught:
        core.sheet(REPORT, "en", program(tmp_path, "cat >/dev/null; echo no module named typst >&2; exit 1"))
    assert caught.value.rule == "LLM871"
    with pytest.raises(Refusal, match="No such file"):
        core.sheet(REPORT, "en", str(tmp_path / "none"))
