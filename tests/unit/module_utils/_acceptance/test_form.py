# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import form as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.words import LANGUAGES, WORDS

from tests.unit.module_utils._acceptance.test_report import FUNCTION, LIMITS, STEP, document


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


def test_the_worst_figures_come_first_and_many_that_passed_are_one_line():
    step = {"prompt": 1, "answer": 2, "concurrency": 4}
    row = {"key": "concurrency", "step": step, "stated": "0", "measured": "0", "text": {"zh": "甲", "en": "a"}}
    figures = [{**row, "verdict": "pass"}] * 5 + [{**row, "verdict": "conditional"}, {**row, "verdict": "fail"}]
    shown = core.Form({**document(), "signer": "x", "figures": figures}, "en")
    rows = [row for table in tables(shown) for row in table["rows"] if table["head"][0] == WORDS["figure"][1]]
    assert [row[4][1] for row in rows] == ["fail", "conditional", "pass"]
    assert rows[2][5] == "5 of them, all passed; one: a"
    few = core.Form({**document(), "signer": "x", "figures": figures[1:5]}, "en")
    assert (
        len([row for table in tables(few) for row in table["rows"] if len(row) == 6 and row[4] == ("passed", "pass")])
        == 4
    )


@pytest.mark.parametrize(
    ("of", "percent", "shown"),
    [("64 / 32 · 4", 0.1, True), ("64 / 32 · 8", 4.9, False), ("64 / 32 · 8", -5.0, True), ("quality", 0.0, True)],
)
def test_of_two_reports_the_planned_number_is_shown_and_what_changed(of, percent, shown):
    row = {"kind": "figure", "of": of, "key": "latency_p90", "before": 71.0, "after": 72.0, "percent": percent}
    report = {**document(), "signer": "x", "against": {"number": "N", "made": "M", "rows": [row]}}
    assert ("71.0" in cells(core.Comparison(report, "en"))) == shown


def test_every_pair_of_lengths_is_a_line_of_each_picture():
    speed = [{**STEP, "concurrency": n, "prompt": prompt} for n in (1, 4) for prompt in (64, 128)]
    figures = [block["svg"] for block in form(speed=speed).blocks if block["kind"] == "figure"]
    assert len(figures) == len(core.DRAWN)
    assert all(figure.count("<polyline") == 2 and figure.count("<circle") == 4 for figure in figures)


def node(degrees) -> dict:
    return {"gpus": [{"index": at, "degrees": each and [40, each]} for at, each in enumerate(degrees)]}


def test_a_soak_is_drawn_over_its_minutes_with_each_cards_temperature():
    rows = [{**STEP, "nodes": {"gpu01": node([60 + at, None]), "gpu02": node([])}} for at in range(3)]
    soak = {"minutes": 3, "slice_seconds": 60, "prompt": 64, "answer": 32, "concurrency": 4, "slices": rows}
    shown = core.Form({**document(), "signer": "x", "soak": soak}, "en")
    figures = [block for block in shown.blocks if block["kind"] == "figure"]
    assert len(figures) == 2 * len(core.DRAWN) + 1 and figures[-1]["text"].startswith("gpu01: ")
    assert figures[-1]["svg"].count("<circle") == 3 and "GPU 0" in figures[-1]["svg"]
    assert any("0 of 24 requests failed" in block["text"] for block in shown.blocks if block["kind"] == "text")
    assert len([block for block in form().blocks if block["kind"] == "figure"]) == len(core.DRAWN)


QUALITY = {
    "lab": False,
    "areas": [{"area": "maths", "right": 5, "asked": 6, "percent": 83.3, "reference": None, "least": 50,
               "verdict": "pass"}],
    "signs": [{"name": {"zh": "甲", "en": "a"}, "count": 2, "verdict": "fail", "example": "maths-1: x",
               "causes": [{"zh": "因", "en": "why"}]}],
    "answers": [{"id": "maths-1", "area": "maths", "right": False, "answer": "76"}],
}  # fmt: skip


def test_questions_are_shown_with_score_reference_and_signs():
    said = cells(form(quality=QUALITY))
    assert ["maths", "5 / 6", "83.3", WORDS["unknown"][1], "50", "passed"] == said[said.index("5 / 6") - 1 :][:6]
    assert (
        "maths-1: x. Likely causes: why" in said
        and said[said.index("76") - 2 :][:2] == ["maths-1", "failed"]
        and "数学 1" in cells(form("zh", quality=QUALITY))
    )


def test_a_lab_model_is_named_and_its_answers_are_not_called_wrong():
    shown = form(quality={**QUALITY, "lab": True})
    said = cells(shown)
    assert said[said.index("76") - 1] == "-"
    assert WORDS["lab_model"][1] in [block["text"] for block in shown.blocks if block["kind"] == "text"]


def test_what_changed_since_an_earlier_report_is_a_section_and_a_page_of_its_own():
    rows = [
        {"kind": "hardware", "of": "gpu01", "key": "gpus", "before": "G GPU-1", "after": None, "percent": None},
        {"kind": "figure", "of": "s", "key": "tokens_per_second", "before": 51.5, "after": 41.2, "percent": -20.0},
    ]
    report = {**document(), "signer": "x", "against": {"number": "N", "made": "M", "rows": rows}}
    for kind in (core.Form, core.Comparison):
        shown = kind(report, "en")
        said = cells(shown)
        at = said.index("G GPU-1")
        assert said[at - 2 : at + 3] == ["gpu01", "card", "G GPU-1", "-", "-"]
        assert said[said.index("51.5") :][:3] == ["51.5", "41.2", "-20.0"]
    assert core.Comparison(report, "en").lines() == [
        "gpu01, card: G GPU-1 → -",
        "s, answer tokens/s, in total: 51.5 → 41.2 (-20.0 %)",
    ]
    alone = core.Comparison({**report, "against": {**report["against"], "rows": []}}, "zh")
    assert [block["text"] for block in alone.blocks][-2:] == ["设备与版本没有变化。", "没有可比的指标。"]


def test_the_key_that_signs_is_named_where_people_sign():
    shown = form()
    assert shown.blocks[-1]["kind"] == "sign" and "SHA256:abc" in shown.blocks[-2]["text"]


def test_what_runs_is_told_to_the_digest_and_what_was_not_judged_is_told_too():
    machine = {**document()["identity"]["gpu01"], "images": [{"ref": "vllm:1", "sha256": "sha256:aa"}],
               "weights": [{"model": "o/m (r1)", "sha256": "bb"}]}  # fmt: skip
    shown = core.Form({**document(), "identity": {"gpu01": machine}, "signer": "x"}, "en")
    assert {"vllm:1 sha256:aa", "o/m (r1) bb"} <= set(cells(shown))
    limits = {**LIMITS, "disk_mbs": 500, "memory_gbs": 20, "card_gbs_share": 0.7, "card_tflops_share": 0.5}
    unknown = form(machines={"gpu01": {"disk_mbs": None, "memory_gbs": 30.0, "gpus": []}}, limits=limits)
    rows = {row[0]: row[4][0] for table in tables(unknown) for row in table["rows"] if len(row) == 6}
    assert (rows[WORDS["disk_mbs"][1]], rows[WORDS["memory_gbs"][1]]) == ("not judged", "passed")


def test_what_is_not_judged_has_no_causes_and_what_was_seen_has_one_language():
    quality = {**QUALITY, "lab": True, "signs": [{**QUALITY["signs"][0], "verdict": "skipped"}]}
    function = [{**FUNCTION[0], "evidence": {"zh": "找到", "en": "found"}}]
    said = cells(form(quality=quality, function=function))
    assert "maths-1: x" in said and "found" in said and "找到" not in said
