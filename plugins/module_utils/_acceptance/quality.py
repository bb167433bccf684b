# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small set of questions, judged by rules: whether weights and chat template are whole, not how clever a model is."""

from __future__ import annotations

import ast
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.judge import CONDITIONAL, FAIL, PASS
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client, Unanswered

CHAT = "/v1/chat/completions"
QUESTION, REFERENCE = "question-", "reference-"  # of rows of the catalogue
AREAS = {
    "maths": bilingual("数学题", "questions of maths"),
    "code": bilingual("代码题", "questions of code"),
    "chinese": bilingual("中文题", "questions of Chinese"),
    "form": bilingual("格式与拒答题", "questions of form and of what can't be known"),
}
FENCE = re.compile(r"```[a-zA-Z0-9]*\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
HAN = re.compile(r"[\u4e00-\u9fff]")
OTHER = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\uac00-\ud7af]")  # scripts that no question is written in
LETTER = re.compile("|".join(("[A-Za-z]", HAN.pattern, OTHER.pattern)))
PIECE = 12  # letters; pieces of this length that come again and again are a loop
SHORT = 20  # letters, or pieces, from which on a share means something
AT_ONCE, ROOM, LAB_ROOM = 8, 4096, 64  # questions together; tokens of an answer, and of one that nobody judges
SHOWN = 160  # letters of an answer that the report keeps
Row = Mapping[str, Any]
SIGNS = {
    "token": bilingual("回答中有模板标记", "tokens of the template in the answer"),
    "replaced": bilingual("乱码字符", "characters that are none"),
    "loop": bilingual("反复重复", "the same words over and over"),
    "language": bilingual("语言不符", "the wrong language"),
    "unanswered": bilingual("没有得到回答", "no answer came"),
    "endless": bilingual("不停止或空白", "does not end, or is empty"),
}


def questions_of(catalog: Mapping[str, Row]) -> List[Dict[str, Any]]:
    return [{"id": key[len(QUESTION) :], **row} for key, row in sorted(catalog.items()) if key.startswith(QUESTION)]


def is_lab(plan: Row, limits: Row) -> bool:
    """Whether the model has random weights, by its owner's name."""
    return str(plan["model"]["id"]).partition("/")[0] in limits["lab_models"]


def ask_all(
    client: Client, model: str, questions: Sequence[Row], room: int, at_once: int, tell: Callable[[str], None]
) -> List[Dict[str, Any]]:
    """Every question once at temperature 0, `at_once` together; -> `{id, area, answer, finish, said}`.

    `said` is what is searched for signs: thinking and answer.
    """
    tell(f"asking {len(questions)} questions")

    def one(question: Row) -> Dict[str, Any]:
        messages = [{"role": "user", "content": question["ask"]}]
        body = {"model": model, "messages": messages, "max_tokens": room, "temperature": 0}
        try:
            reply = client.ask(CHAT, body)
        except Unanswered as error:
            return {"id": question["id"], "answer": "", "finish": "", "said": "", "error": str(error)[:SHOWN]}
        said = f"{reply.thinking}\n{reply.answer}"
        return {"id": question["id"], "answer": reply.answer, "finish": reply.finish, "said": said}

    with ThreadPoolExecutor(max(1, at_once)) as pool:
        return list(pool.map(one, questions))


def right(rule: Row, answer: str) -> bool:
    """Whether an answer keeps the question's rule."""
    fenced = FENCE.findall(answer)
    code = str(fenced[-1]) if fenced else answer
    if "number" in rule:
        found = NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3})", "", answer))
        return bool(found) and float(found[-1]) == float(rule["number"])
    try:
        if "json" in rule:
            return bool(json.loads(code) == rule["json"])
        if "python" in rule:
            return any(
                isinstance(node, ast.FunctionDef) and node.name == rule["python"] for node in ast.parse(code).body
            )
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return re.search(rule["matches"], answer.strip()) is not None


def signs(question: Row, row: Row, limits: Row) -> List[str]:
    """What shows that the model is broken, whatever it was asked. `limits`: `quality` of the catalogue's limits."""
    if row.get("error"):
        return ["unanswered"]
    said, answer, found = row["said"], row["answer"], []
    if re.search(limits["tokens"], said):
        found.append("token")
    if said.count("\ufffd") > limits["replaced_most"] * len(said):
        found.append("replaced")
    pieces = [said[at : at + PIECE] for at in range(len(said) - PIECE)]
    if len(pieces) > 10 * SHORT and len(set(pieces)) < limits["distinct_least"] * len(pieces):
        found.append("loop")
    letters, han = len(LETTER.findall(answer)), len(HAN.findall(answer))
    wanted = question.get("language")
    share = han / letters if letters >= SHORT else None
    if share is not None and (
        (wanted == "zh" and share < 0.5)
        or (wanted == "en" and share > 0.1)
        or len(OTHER.findall(answer)) > 0.1 * letters
    ):
        found.append("language")
    if row["finish"] == "length" or not answer:
        found.append("endless")
    return found


def judged(
    questions: Sequence[Row], rows: Sequence[Row], limits: Row, reference: Optional[Row], lab: bool,
    causes: Mapping[str, Sequence[Row]],
) -> Dict[str, Any]:  # fmt: skip
    """-> `areas` and `signs` with their verdicts, `answers` for the reader.

    `reference`: percent by area of the same model where it was whole, None where that is not known. `lab`: the model
    has random weights; it is asked, and not judged.
    """
    by_id = {row["id"]: row for row in rows}
    answers: List[Dict[str, Any]] = []
    for question in questions:
        row = by_id[question["id"]]
        answers.append({
            "id": question["id"], "area": question["area"], "right": right(question, row["answer"]),
            "signs": signs(question, row, limits),
            "answer": " ".join((row.get("error") or row["answer"]).split())[:SHOWN],
        })  # fmt: skip
    areas = []
    for area in [each for each in AREAS if any(row["area"] == each for row in answers)]:
        own = [row["right"] for row in answers if row["area"] == area and row["signs"] != ["unanswered"]]
        percent, known = 100.0 * sum(own) / max(1, len(own)), (reference or {}).get(area)
        least = limits["least_percent"] if known is None else known - limits["below_reference"]
        missed = CONDITIONAL if known is None else FAIL
        areas.append({
            "area": area, "name": AREAS[area], "asked": len(own), "right": sum(own),
            "percent": round(percent, 1), "reference": known,
            "least": least, "verdict": "skipped" if lab or not own else PASS if percent >= least else missed,
            "causes": list(causes.get("area", ())),
        })  # fmt: skip
    found = []
    for key, name in SIGNS.items():
        having = [row for row in answers if key in row["signs"]]
        percent = 100.0 * len(having) / max(1, len(answers))
        verdict = "skipped" if lab else PASS if percent <= limits["signs_percent"][key] else FAIL
        if having:
            found.append({
                "key": key, "name": name, "count": len(having), "percent": round(percent, 1), "verdict": verdict,
                "causes": list(causes.get(key, ())),
                "example": f"{having[0]['id']}: {having[0]['answer']}",
            })  # fmt: skip
    return {"lab": lab, "areas": areas, "signs": found, "answers": answers}
