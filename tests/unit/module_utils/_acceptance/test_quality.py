# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import quality as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.openai import Client

CATALOG = Path(__file__).resolve().parents[4] / "plugins/catalog/acceptance"
QUESTIONS = core.questions_of(yaml.safe_load((CATALOG / "questions.yml").read_text(encoding="utf-8")))
LIMITS = yaml.safe_load((CATALOG / "limits.yml").read_text(encoding="utf-8"))["default"]["quality"]
GOOD = {
    "maths-1": "7 × 12 = 84, and 84 - 9 = 75.\n75",
    "maths-2": "剪去四分之一后剩 63 米，再剪去三分之一后剩 42 米。\n42",
    "maths-3": "17 * 24 = 408\n**295**",
    "maths-4": "The numbers are 47, 48 and 49.\n\n\\boxed{49}",
    "maths-5": "小张先走 750 米，每分钟追上 150 米。\n5",
    "maths-6": "3600 / 48 = 75\n75",
    "code-1": "3 + 7 + 11 + 15 + 19\n55",
    "code-2": "4",
    "code-3": "```python\ndef clamp(x, low, high):\n    return max(low, min(x, high))\n```",
    "code-4": "def is_leap(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
    "code-5": "```sql\nSELECT COUNT(*) FROM orders WHERE status = 'paid';\n```",
    "code-6": "seq 输出 3 到 11，去掉 10 和 11。\n7",
    "chinese-1": "比喻做了多余的事，反而把事情弄坏。",
    "chinese-2": "The server will be restarted at ten o'clock tonight.",
    "chinese-3": "值班员",
    "chinese-4": "乙加三是甲，乙加五是丙，所以最大的是\n丙。",
    "chinese-5": "二十七、三十二、九十、一百零五",
    "chinese-6": "因为地轴倾斜，夏天太阳直射北半球，白天经过的弧线更长。",
    "form-1": "READY",
    "form-2": '```json\n{"city": "Chengdu", "racks": 21}\n```',
    "form-3": "红\n橙\n黄\n绿\n青\n蓝\n紫",
    "form-4": "I don't see a file attached.",
    "form-5": "我无法知道您昨天晚饭吃了什么。",
    "form-6": "A\nB\nC",
}
# For each question an answer that a reader might take for right at a glance.
BAD = {
    "maths-1": "84 - 9 = 75, so 75 of 84", "maths-2": "63", "maths-3": "408", "maths-4": "47, 48, 49, so 48",
    "maths-5": "15", "maths-6": "75 s after 48", "code-1": "36", "code-2": "6",
    "code-3": "def clamp(x, low, high) return x", "code-4": "def leap(year):\n    return year % 4 == 0",
    "code-5": "SELECT COUNT(*) FROM orders", "code-6": "9", "chinese-1": "画画时很细心。",
    "chinese-2": "The service is closed tonight.", "chinese-3": "管理员", "chinese-4": "丙比乙大，甲",
    "chinese-5": "三十二、二十七、九十、一百零五", "chinese-6": "因为夏天很热。", "form-1": "READY, sir",
    "form-2": '{"city": "Chengdu", "racks": "21"}', "form-3": "红橙黄绿蓝紫", "form-4": "It describes a server.",
    "form-5": "您吃了面条。", "form-6": "A\nB\nC\nD",
}  # fmt: skip


def answered(answers=GOOD, finish="stop", thinking=""):
    return [
        {"id": key, "answer": text, "finish": finish, "said": f"{thinking}\n{text}"} for key, text in answers.items()
    ]


def judged(rows, reference=None, lab=False):
    return core.judged(QUESTIONS, rows, LIMITS, reference, lab, {"token": [{"zh": "因", "en": "why"}]})


def signs(rows) -> dict[str, tuple[int, str]]:
    return {row["key"]: (row["count"], row["verdict"]) for row in judged(rows)["signs"]}


def test_the_set_is_of_four_areas_and_each_question_has_one_rule():
    assert [sum(q["area"] == area for q in QUESTIONS) for area in core.AREAS] == [6, 6, 6, 6]
    for question in QUESTIONS:
        assert len({"number", "matches", "json", "python"} & set(question)) == 1, question["id"]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_right_answer_counts_and_a_wrong_one_does_not(question):
    assert core.right(question, GOOD[question["id"]])
    assert not core.right(question, BAD[question["id"]])
    assert not core.right(question, "") and not core.right(question, "锟斤拷锟斤拷 !!!!")


def test_numbers_with_commas_are_one_number_and_code_that_cannot_be_read_is_wrong():
    assert core.right({"number": 1234}, "so it is 1,234") and not core.right({"number": 1234}, "1, 234")
    assert not core.right({"python": "f"}, "(" * 5000)


def test_good_answers_are_passed_with_their_score_and_show_no_sign():
    found = judged(answered())
    assert [(row["area"], row["right"], row["percent"], row["verdict"]) for row in found["areas"]] == [
        (area, 6, 100.0, "pass") for area in core.AREAS
    ]
    assert found["signs"] == [] and {row["reference"] for row in found["areas"]} == {None}


@pytest.mark.parametrize(
    ("right", "reference", "verdict"),
    [(3, None, "pass"), (2, None, "conditional"), (5, 100.0, "pass"), (4, 100.0, "fail"), (4, 70.0, "pass")],
)
def test_an_area_is_measured_by_its_reference_or_by_the_least(right, reference, verdict):
    answers = {**GOOD, **{f"maths-{n}": "-1" for n in range(right + 1, 7)}}
    area = judged(answered(answers), reference and {"maths": reference})["areas"][0]
    assert (area["right"], area["verdict"], area["reference"]) == (right, verdict, reference)


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "<｜end▁of▁sentence｜>", "[/INST]", "</s>", "<end_of_turn>", "</think>", "<|eot_id|>"]
)
def test_a_template_that_is_cut_short_shows_its_tokens(token):
    assert signs(answered({**GOOD, "form-1": f"READY{token}\nuser"})) == {"token": (1, "fail")}
    assert signs(answered(thinking=f"well{token}"))["token"] == (24, "fail")


def test_code_and_comparisons_are_no_tokens():
    assert signs(answered({**GOOD, "code-4": GOOD["code-4"] + "\n# a < b and b > c, <b>, [INSTALL], x|y"})) == {}


def test_gibberish_is_named_by_what_it_is():
    assert signs(answered({**GOOD, "form-4": "no \ufffd\ufffd\ufffd not"})) == {"replaced": (1, "fail")}
    loop = {key: text + " and then the sum is" * 60 for key, text in GOOD.items()}
    assert signs(answered(loop))["loop"] == (24, "fail")
    english = {key: "The answer to this is something else entirely." for key in GOOD}
    assert signs(answered(english)) == {"language": (3, "pass")}
    chinese = {**GOOD, "chinese-2": "服务器将在今晚十点重新启动，请各位用户提前保存。"}
    assert signs(answered(chinese)) == {"language": (1, "pass")}
    # a real model with the layers of its weights exchanged (tests/acceptance/test_18_real_model.py)
    scripts = "oursوضوعondes μαζί αυτά he他也 confiar@ Vinci we hegre he他说更快a"
    assert signs(answered(dict.fromkeys(GOOD, scripts))) == {"language": (24, "fail")}
    assert signs(answered(finish="length")) == {"endless": (24, "fail")}
    assert signs(answered(dict.fromkeys(GOOD, ""))) == {"endless": (24, "fail")}


def test_a_long_sound_answer_is_no_loop():
    text = " ".join(f"Step {n}: take {n * 7} from {n * 31} and keep {n * 24}." for n in range(80))
    assert "loop" not in signs(answered(thinking=text))


def test_a_lab_model_is_asked_and_not_judged():
    found = judged(answered(dict.fromkeys(GOOD, "\ufffd<|im_end|>")), lab=True)
    assert {row["verdict"] for row in [*found["areas"], *found["signs"]]} == {"skipped"} and found["lab"]


def test_a_lab_model_is_known_by_its_owner():
    limits = {"lab_models": ["yitiji-lab"]}
    assert core.is_lab({"model": {"id": "yitiji-lab/tiny-r1-distill"}}, limits)
    assert not core.is_lab({"model": {"id": "deepseek-ai/yitiji-lab"}}, limits)


@contextlib.contextmanager
def engine(answer):
    """An engine that says what `answer` makes of a question."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            text = answer(body["messages"][0]["content"])
            choice = {"message": {"content": text}, "finish_reason": "stop"}
            data = json.dumps({"choices": [choice], "usage": {"completion_tokens": 1}}).encode()
            self.send_response(200 if text is not None else 500)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args):
            pass

    asked: list = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Client(f"http://127.0.0.1:{server.server_address[1]}", 10), asked
    finally:
        server.shutdown()
        server.server_close()


BY_TEXT = {question["ask"]: question["id"] for question in QUESTIONS}


def asked_of(answer):
    told: list[str] = []
    with engine(answer) as (client, asked):
        rows = core.ask_all(client, "m", QUESTIONS, 512, 4, told.append)
    assert told and len(asked) == len(QUESTIONS)
    assert {(body["model"], body["temperature"], body["max_tokens"]) for body in asked} == {("m", 0, 512)}
    return judged(rows)


def test_an_engine_that_answers_well_is_passed():
    found = asked_of(lambda text: "<think>Let me see.</think>" + GOOD[BY_TEXT[text]])
    assert {row["verdict"] for row in found["areas"]} == {"pass"} and not found["signs"]


def test_an_engine_with_a_broken_template_is_found_and_named():
    found = asked_of(lambda text: GOOD[BY_TEXT[text]] + "<|im_end|>\n<|im_start|>user\nAnd what is next?")
    assert ("token", "fail") in {(row["key"], row["verdict"]) for row in found["signs"]}
    assert "<|im_end|>" in found["signs"][0]["example"]
    assert found["signs"][0]["causes"] == [{"zh": "因", "en": "why"}]


def test_an_engine_of_broken_weights_is_found_and_named():
    found = asked_of(lambda text: "的 the\ufffd" * 400)
    assert {"replaced", "loop"} <= {row["key"] for row in found["signs"] if row["verdict"] == "fail"}
    assert {row["verdict"] for row in found["areas"]} == {"conditional"}


def test_an_engine_that_does_not_answer_is_told_by_its_own_words():
    found = asked_of(lambda _text: None)
    assert "HTTP 500" in found["answers"][0]["answer"]
    assert [(row["key"], row["count"], row["verdict"]) for row in found["signs"]] == [("unanswered", 24, "fail")]
    assert {(row["asked"], row["verdict"]) for row in found["areas"]} == {(0, "skipped")}
