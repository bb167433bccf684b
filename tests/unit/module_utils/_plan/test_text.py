# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text, in columns that line up in Chinese too."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.text import (
    SPEED_WORDS,
    TITLES,
    WORDS,
    explain,
    facts,
    figures,
    named,
    noted,
    pad,
    span,
    speed_lines,
    title,
    why_not,
    width,
    wrap_args,
)

from tests.sizing.common import declared, plan
from tests.sizing.whole import FOLDER


def test_engines_are_called_as_the_catalogue_does(catalog):
    assert {name: entry["title"] for name, entry in catalog["engines"].items()} == TITLES


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text(catalog, language):
    made = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    text = explain(made, language)
    assert "1,043," in text and "--tensor-parallel-size 8" in text and ("TP 8" in text and "PP 2" in text)
    assert "NVIDIA H20 96 GB" in text and ("10 × 并发数" if language == "zh" else "one of ten asks") in text
    assert ("权重" in text) == (language == "zh")
    lab = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    assert "CPU" in explain(lab, language) and "█" in explain(lab, language)


def test_columns_count_chinese_as_two():
    assert width("模型a") == 5 and width(pad("模型", 8)) == 8
    assert wrap_args(["/m", "--a", "1", "--b", "--c", "2"]) == ["/m", "--a 1", "--b", "--c 2"]


MODEL = {"id": "o/m", "served_name": "m", "bytes": 15_260_000_000}
OTHER = {"id": "o/e", "served_name": "e", "bytes": 1_000_000_000}
GIBS = {"weights": 40.0, "kv": 30.0, "activation": 1.0, "graphs": 0.0, "non_torch": 1.0, "margin": -1.0, "outside": 8.0}


def unit(model=MODEL, **more):
    capacity = {"context": 8192, "concurrency_at_context": 12, "longest_context": 32768, "kv_tokens": 1}
    return {
        "name": "a", "serves": True, "model": model, "args": ["/m", "--a", "1"], "capacity": capacity,
        "layout": {"tensor": 4, "pipeline": 2, "data": 1, "context": 2, "expert": 4},
        "memory": {"per_gpu_gib": {**GIBS, "total": 80.0}}, **more,
    }  # fmt: skip


def made(**more):
    nodes = {f"n{number}": {"rank": number, "head": not number, "gpus": [0, 1, 2], "units": []} for number in range(18)}
    nodes["n0"]["units"] = [unit(), unit(OTHER, layout={"tensor": 1, "pipeline": 1, "data": 1}, memory={})]
    nodes["n1"]["gpus"] = []
    held = {"engines": 3, "kv_tokens": 123456, "concurrency": 20, "users": 200}
    return {
        "deployment": "demo", "profile": "basic", "gpu": "a100-80g", "card": "A100", "model": MODEL,
        "cluster": {"port": 1},
        "tier": {"zh": "基础版", "en": "basic"}, "models_beside": [OTHER],
        "nodes": nodes, "totals": {"m": held, "e": held}, "image": {"ref": "r/v:1"},
        "engine": {"name": "vllm", "version": "1.2", "device": "cuda", "form": "container", "experimental": True},
        "needs": {"disk_bytes": {"weights": 15_260_000_000, "images": 3_040_000_000}},
        "gguf": {"quant": "Q4_K_M", "bits": 4.8, "gpu_layers": 20, "layers": 28},
        "warnings": [], "alternatives": [], "why": [], **more,
    }  # fmt: skip


def test_the_table_holds_what_the_plan_says():
    rows = facts(made(), "en")
    nodes = ", ".join(["n0 (head) rank 0 GPU 0–2", "n1 rank 1", *(f"n{n} rank {n} GPU 0–2" for n in range(2, 16))])
    layout = "split over 4 card(s) (TP 4) × 2 pipeline stage(s) (PP 2), 3 replica(s) (DP 1) DCP 2 EP 4"
    disk = "weights 15.3 GB + images 3.0 GB; have 200 GB free (an upgrade holds old and new images; 100 GB are "
    disk += "for logs, chats and backups)"
    room = "123,456 KV tokens; 12 requests of 8,192; 20 at once planned, about 200 users; longest context 32,768"
    assert rows == [
        ("model", "o/m (15.3 GB)"), ("hardware", "18 node(s) × 3 × A100"),
        ("engine", "vLLM 1.2 (CUDA, container, experimental)"), ("image", "r/v:1"),
        ("gguf", "Q4_K_M (4.8 bit), 20/28 → GPU"), ("layout", layout), ("nodes", nodes),
        ("capacity", room), ("beside", f"o/e: {room}"), ("disk", disk),
    ]  # fmt: skip
    plain = made(image=None, gguf=None, gpu=None, card=None)
    plain["engine"] = {**plain["engine"], "experimental": False}
    plain["nodes"]["n0"]["units"][0]["layout"] = {"tensor": 1, "pipeline": 1, "data": 1}
    rows = dict(facts(plain, "zh"))
    assert rows["hardware"] == "CPU" and rows["engine"] == "vLLM 1.2（CUDA，容器）" and "image" not in rows
    assert rows["layout"] == "切分到 1 个进程（TP 1）× 1 级流水线（PP 1），3 个副本（DP 1）"
    assert "n0（首节点）：编号 0，GPU 0–2" in rows["nodes"]
    assert dict(facts(made(), "zh"))["engine"].endswith("（CUDA，容器，实验性）")
    assert dict(facts(made(card=None), "zh"))["hardware"] == "18 台 × 3 张 a100-80g"


def test_bars_stand_for_the_parts_of_the_memory():
    lines = explain(made(), "en").splitlines()
    assert lines[:2] == ["m: the plan · basic", "profile basic · deployment demo"]
    assert lines[2:4] == ["", "  model           o/m (15.3 GB)"]
    start = lines.index("  memory of each card (GiB): total 80.00")
    assert lines[start - 1] == "" and lines[start + 1 : start + 8] == [
        "    weights                40.00 " + "█" * 20, "    KV cache               30.00 " + "█" * 15,
        "    activation              1.00 ", "    CUDA graphs             0.00 ", "    NCCL, driver            1.00 ",
        "    margin                 -1.00 ", "    left to the system      8.00 ████",
    ]  # fmt: skip
    cpus = made()
    cpus["nodes"]["n0"]["units"][0]["memory"] = {"cpu_gib": {"weights": 1.0, "kv": 2.0, "runtime": 1.0, "total": 4.0}}
    text = explain(cpus, "zh")
    assert "  内存（GiB）：合计 4.00\n    权重                    1.00 ██████████\n" in text
    cpus["nodes"]["n0"]["units"][0]["memory"] = {"per_gpu_gib": {**dict.fromkeys(GIBS, 0.0), "total": 0.0}}
    assert "█" not in explain(cpus, "en") and "total 0.00" in explain(cpus, "en")
    cpus["nodes"]["n0"]["units"][0]["memory"] = {}
    assert "GiB" not in explain(cpus, "en")


def test_lists_stand_below_their_titles_or_not_at_all():
    said = {"id": "LLM1", "zh": "慢", "en": "slow", "remedy": {"zh": "换", "en": "change"}}
    layout = {"tensor": 2, "pipeline": 4, "data": 1}
    other = {"change": {"zh": "布局", "en": "layout"}, "kv_tokens": 1234, "gpus": 8, "layout": layout}
    reason = {"key": "k", "value": 1, "rule": {"zh": "因", "en": "because"}, "source": "s"}
    text = explain(made(warnings=[said], alternatives=[other], why=[reason]), "en")
    assert "\n\n  engine arguments:\n    /m\n    --a 1\n\n  to beware of:\n    LLM1: slow; change\n" in text
    slower = "each token passes more of them, so each answer is slower"
    told = f"layout: KV 1,234 tokens; 4 pipeline stages instead of 2: {slower}"
    others = "other layouts that fit, and why they were not taken"
    assert f"\n\n  {others}:\n    {told}\n\n  why:\n    k = 1: because [s]" in text
    bare = explain(made(), "en")
    assert "beware" not in bare and "why" not in bare and bare.endswith("    --a 1")
    assert noted(said, "zh") == "LLM1: 慢；换"
    assert noted({"id": "LLM1", "en": "slow"}, "en") == "LLM1: slow"


def test_where_a_rule_comes_from_is_said_in_the_readers_language():
    """Chinese pages had English tags behind their reasons."""
    assert named("measured starts", "zh") == "实测启动" and named("measured starts", "en") == "measured starts"
    assert named("512 B a token", "zh") == "每词元 512 B" and named(False, "zh") == "否" and named(16, "zh") == "16"
    english = re.compile(
        r"[a-z]+ [a-z]+ [a-z]+|[a-z]{3,}\([a-z]|\b(?:search|engines|native|estimate|catalogue|profile)\b"
    )
    plans = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    rows = [row for made in plans for row in made.get("why", ()) if row["key"] != "healed"]  # that is the engine's line
    told = {(row["source"], named(row["source"], "zh")) for row in rows}
    assert len(told) > 8 and [pair for pair in told if english.search(pair[1])] == []


@pytest.mark.parametrize(
    ("model", "served", "said"),
    [
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1-671b", "DeepSeek-R1 671B"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek-r1-7b", "DeepSeek-R1-Distill-Qwen-7B"),
        ("own", "own", "own"),
    ],
)
def test_a_title_names_the_model_its_size_and_the_tier(model, served, said):
    plan = made(model={"id": model, "served_name": served, "bytes": 1})
    assert title(plan, "zh") == f"{said} 部署方案 · 基础版"
    del plan["tier"]
    assert title(plan, "en") == f"{said}: the plan · basic"


@pytest.mark.parametrize(
    ("layout", "gpus", "reason"),
    [
        ({"tensor": 2, "pipeline": 2, "data": 1}, 4, "只用 4 张卡"),
        ({"tensor": 2, "pipeline": 4, "data": 1}, 8, "流水线 4 级，而所选为 2 级"),
        ({"tensor": 2, "pipeline": 2, "data": 2}, 8, "2 个副本，而所选为 1 个"),
        ({"tensor": 4, "pipeline": 2, "data": 1}, 8, "缓存更小"),
    ],
)
def test_why_another_layout_was_not_taken(layout, gpus, reason):
    other = {"layout": layout, "gpus": gpus, "kv_tokens": 5000}
    assert why_not(made(), other, "zh").startswith(f"KV 5,000 词元；{reason}")


def test_four_numbers_answer_what_a_customer_asks(catalog):
    plan_ = plan(catalog, declared("h20-96g", 8, 2), profile="flagship")
    assert [number for _name, number, _meaning in figures(plan_, "zh")] == ["90", "31", "32,768", "900"]
    reason = next(row for row in plan_["why"] if row["key"] == "users")
    assert reason["value"] == 900 and "10 ×" in reason["rule"]["zh"], "the rule of the users stands among the reasons"


def test_both_languages_show_ranges_verdicts_and_layouts(catalog):
    made = plan(catalog, declared("rtx-4090-24g", 4), profile="standard", concurrency=4)
    zh, en = (explain(made, language) for language in ("zh", "en"))
    assert "预测速度 deepseek-r1-32b" in zh and "档位标称 10-15 请求/秒" in zh and "达不到" in zh
    assert "predicted speed of deepseek-r1-32b" in en and "prompts of 768 tokens, answers of 2304" in en
    assert "4 at once: first token" in en and "the profile states 10-15 requests/s" in en and "not met" in en
    assert en.count("each request") == 2 + len(made["alternatives"])
    lines = speed_lines(made, "zh")
    assert not any("at once" in line for line in lines)


def test_none_is_said_and_old_plans_are_silent(catalog):
    made = plan(catalog, declared("", 0, memory_gib=24), profile="lab")
    assert "no predicted speed of tiny-r1-distill: runs on CPUs" in explain(made, "en")
    assert speed_lines({key: value for key, value in made.items() if key != "speed"}, "en") == []


def test_ranges_for_people():
    assert (span([1234.0, 5678.0]), span([0.123, 4.5]), span([30.0, 30.0])) == ("1,234-5,678", "0.123-4.5", "30")


def test_every_word_has_both_languages():
    assert all(zh and en for zh, en in [*WORDS.values(), *SPEED_WORDS.values()])


ROW = {
    "concurrency": 8, "first_token_seconds": [0.25, 4.5], "request_tokens_per_second": [35.0, 67.5],
    "total_tokens_per_second": [282.0, 1537.0], "requests_per_second": [0.04, 0.09],
}  # fmt: skip
TEXT = {"zh": "因", "en": "because"}
STATED = [
    {"key": "concurrency", "stated": "4-8", "verdict": "met", "text": TEXT},
    {"key": "requests_per_second", "stated": "30", "predicted": [0.1, 0.3], "verdict": "short", "text": TEXT},
]
OTHER_LAYOUT = {**ROW, "layout": {"tensor": 2, "pipeline": 1, "data": 4}}
FOUND = {"predicted": True, "prompt_tokens": 768, "answer_tokens": 2304, "rows": [ROW], "stated": STATED}


def test_every_line():
    none = {"predicted": False, "reason": TEXT}
    made = {"speed": {"m": {**FOUND, "alternatives": [OTHER_LAYOUT]}, "e": none}}
    assert speed_lines(made, "en") == [
        "",
        "  predicted speed of m (ranges, no promise; prompts of 768 tokens, answers of 2304):",
        "    8 at once: first token 0.25-4.5 s; each request 35-67.5 tokens/s; in all 282-1,537 tokens/s, "
        "0.04-0.09 requests/s",
        "    the profile states 4-8 at once → met: because",
        "    the profile states 30 requests/s, predicted 0.1-0.3 → not met: because",
        "    other layouts, at the planned number:",
        "      TP 2 x PP 1 x DP 4: each request 35-67.5 tokens/s, in all 282-1,537 tokens/s",
        "",
        "  no predicted speed of e: because",
    ]
    assert speed_lines({"speed": {"m": {**FOUND, "alternatives": []}}}, "zh")[3:] == [
        "    档位标称 4-8 并发 → 达到：因", "    档位标称 30 请求/秒，预测 0.1-0.3 → 达不到：因",
    ]  # fmt: skip
