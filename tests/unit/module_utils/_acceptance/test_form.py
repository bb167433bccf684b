# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import form as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

from tests.unit.module_utils._acceptance.test_report import STEP, document


def form(language: str = "en", **more) -> core.Form:
    return core.Form({**document(**more), "signer": "SHA256:abc"}, language)


def tables(shown: core.Form) -> list:
    return [block for block in shown.blocks if block["kind"] == "table"]


def cells(shown: core.Form) -> list[str]:
    rows = [row for table in tables(shown) for row in table["rows"]]
    return [cell if isinstance(cell, str) else cell[0] for row in rows for cell in row]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_are_numbered_and_every_row_fits_its_head(language):
    shown = form(language)
    headings = [block["text"] for block in shown.blocks if block["kind"] == "heading"]
    first = {"zh": "一、双方与项目", "en": "1. Parties"}[language]
    assert headings[0] == first and headings[-1].endswith(WORDS["signing"][LANGUAGES.index(language)])
    for table in tables(shown):
        assert {len(table["head"]), len(table["widths"])} == {len(table["head"])}
        assert all(len(row) == len(table["head"]) for row in table["rows"])


def test_parties_serials_and_verdict_are_told():
    shown = form()
    said = cells(shown)
    report = document()
    for text in ("V", report["number"], "S1", "GPU-1", "N1", "02:00:00:00:00:01", "Maker X1", report["plan_sha256"]):
        assert text in said
    parties = {row[0]: row[1] for row in tables(shown)[0]["rows"]}
    assert parties["vendor"] == "V" and parties["customer"] == ""  # a field to fill in
    [verdict] = [block for block in shown.blocks if block["kind"] == "verdict"]
    assert verdict["text"] == "Verdict: passed" and verdict["verdict"] == "pass"
    [counts] = [block["text"] for block in shown.blocks if block["kind"] == "centred"]
    assert counts == "passed 4; not judged 1"


def test_a_machine_without_a_serial_number_says_so():
    machine = {**document()["identity"]["gpu01"], "serial": ""}
    shown = core.Form({**document(), "identity": {"gpu01": machine}, "signer": "x"}, "en")
    assert WORDS["no_serial"][1] in cells(shown) and WORDS["no_serial"][1] not in cells(form())


def test_a_missed_figure_has_its_causes_and_colour():
    shown = form(speed=[{**STEP, "failed": 1}])
    rows = [row for table in tables(shown) for row in table["rows"] if row[0] == WORDS["failed_percent"][1]]
    assert [(row[3], row[4]) for row in rows] == [("12.5", ("failed", "fail"))]
    assert rows[0][5] == "1 of 8 requests failed. Likely causes: why"


def test_every_pair_of_lengths_is_a_line_of_each_picture():
    speed = [{**STEP, "concurrency": n, "prompt": prompt} for n in (1, 4) for prompt in (64, 128)]
    figures = [block["svg"] for block in form(speed=speed).blocks if block["kind"] == "figure"]
    assert len(figures) == len(core.DRAWN)
    assert all(figure.count("<polyline") == 2 and figure.count("<circle") == 4 for figure in figures)


def test_the_key_that_signs_is_named_where_people_sign():
    shown = form()
    assert shown.blocks[-1]["kind"] == "sign" and "SHA256:abc" in shown.blocks[-2]["text"]
