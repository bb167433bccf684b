# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways for which predicted speed may speak: taken where it does, and each with its reason."""

from __future__ import annotations

import copy
import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.shape import read_shape
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan import ways

from tests.sizing.common import declared, first_unit, plan, totals

R1 = "deepseek-r1-671b"


def told(made, what):
    return [row for row in made["why"] if row["key"] == what]


def r1(catalog, gpu="h200-141g", count=8, nodes=1, **more):
    wish = {"profile": "standard", "model": R1, "context_length": 8192, "concurrency": 16}
    return plan(catalog, declared(gpu, count, nodes), **{**wish, **more})


def used(made):
    """Ways of which a warning says that no start was seen."""
    lines = [row["en"] for row in made["warnings"] if row["id"] == "LLM582"]
    return {line.split()[3] for line in lines}


def test_attention_by_data_is_sized_and_says_why_it_is_not_taken(catalog):
    """R1 on eight H200: TP keeps eight copies of one cache; groups of cards hold less each, and fewer copies."""
    made = r1(catalog)
    (row,) = told(made, "layout.data_attention")
    (held,) = re.findall(r"([\d,]+) tokens in all, ([\d,]+) for one", row["rule"]["en"])
    tokens, longest = (int(count.replace(",", "")) for count in held)
    assert row["value"] is False and tokens > longest and tokens > totals(made)["kv_tokens"]
    assert (
        f"{tokens:,}" in row["rule"]["zh"]
        and "not taken" in row["rule"]["en"]
        and "times as quick" in row["rule"]["en"]
    )


@pytest.mark.parametrize(("model", "gpu", "count", "more"), [
    ("deepseek-r1-70b", "h200-141g", 8, {}), ("qwen3-235b-a22b", "h200-141g", 8, {}),
])  # fmt: skip
def test_where_there_are_no_copies_it_is_not_considered(catalog, model, gpu, count, more):
    assert told(plan(catalog, declared(gpu, count), model=model, **more), "layout.data_attention") == []


def test_speculation_is_taken_where_it_pays(catalog):
    made = r1(catalog)
    unit, (row,) = first_unit(made), told(made, "speculation")
    args = unit["args"]
    assert row["value"] == "mtp" and "1.6 % more cache" in row["rule"]["en"] and "80 % accepted" in row["rule"]["en"]
    assert unit["layout"]["drafted"] == 1 and "speculation" in used(made)
    assert args[args.index("--speculative-config.method") + 1] == "mtp"
    assert args[args.index("--speculative-config.num_speculative_tokens") + 1] == "1"
    off = r1(catalog, without=["speculation"])
    (row,) = told(off, "speculation")
    assert row["value"] == "none" and "switched off" in row["rule"]["en"] and "关闭" in row["rule"]["zh"]
    assert "drafted" not in first_unit(off)["layout"] and "speculation" not in used(off)
    assert "--speculative-config.method" not in first_unit(off)["args"]
    assert totals(off)["kv_tokens"] > totals(made)["kv_tokens"], "the layer and its cache take room"
    rows = [made["speed"]["deepseek-r1-671b"]["rows"], off["speed"]["deepseek-r1-671b"]["rows"]]
    assert all(a["total_tokens_per_second"][0] > b["total_tokens_per_second"][0] for a, b in zip(*rows, strict=True))


@pytest.mark.parametrize(("reason", "gpu", "nodes", "more"), [
    ("not with stages", "h20-96g", 2, {}),
    ("no speed was measured on such cards", "b200-180g", 1, {}),
    ("does not hold", "h200-141g", 1, {"concurrency": 180}),
    ("no accepted share", "h200-141g", 1, {"model": "deepseek-v3.2"}),
    ("not with stages, a shared cache or attention by data", "h200-141g", 1, {"concurrency": 256}),
])  # fmt: skip
def test_speculation_is_left_with_its_reason(catalog, reason, gpu, nodes, more):
    made = r1(catalog, gpu, 8, nodes, **more)
    (row,) = told(made, "speculation")
    assert row["value"] == "none" and reason in row["rule"]["en"] and "未采用" in row["rule"]["zh"]
    assert "drafted" not in first_unit(made)["layout"]


def test_a_checkpoint_without_the_layer_does_not_speculate(catalog):
    config = catalog["models"][R1]["config"]
    shape = read_shape(config, R1)
    whole, bare = (int(ways.checkpoint_bytes(shape, mtp=mtp)) for mtp in (True, False))
    for total, value in ((whole, "mtp"), (bare, "none")):
        info = {"config": config, "index": {"metadata": {"total_size": total}}, "bytes_total": total}
        (row,) = told(r1(catalog, model_info=info), "speculation")
        assert row["value"] == value, total
    unknown = copy.deepcopy(catalog)
    del unknown["models"][R1]["bytes"]
    (row,) = told(r1(unknown), "speculation")
    assert row["value"] == "none" and "lacks the layer" in row["rule"]["en"]


def test_models_without_a_layer_say_nothing_of_it(catalog):
    assert told(plan(catalog, declared("h200-141g", 1)), "speculation") == []


def test_an_older_engine_does_not_speculate(catalog):
    older = copy.deepcopy(catalog)
    for image in older["images"].values():
        if image.get("engine") == "vllm" and image.get("device") == "cuda" and not image.get("max_capability"):
            image["version"] = "0.26.0"
    assert told(r1(older), "speculation")[0]["value"] == "none"


def test_sglang_speculates_in_its_own_words(catalog):
    made = r1(catalog, engine="sglang")
    args = first_unit(made)["args"]
    assert args[args.index("--speculative-algorithm") + 1] == "NEXTN"
    assert args[args.index("--speculative-num-draft-tokens") + 1] == "2"
    assert "--speculative-algorithm" not in first_unit(r1(catalog, engine="sglang", without=["speculation"]))["args"]


def test_speed_alone_takes_another_layout_only_where_it_is_clearly_better(catalog, monkeypatch):
    """At 120 requests groups of cards are predicted to be a little quicker: not enough, unless less is asked for."""
    usual = r1(catalog, concurrency=120, without=["speculation"])
    assert "joined" not in first_unit(usual)["layout"]
    monkeypatch.setattr(ways, "QUICKER", 1.05)
    quick = r1(catalog, concurrency=120, without=["speculation"])
    assert "joined" in first_unit(quick)["layout"] and totals(quick)["kv_tokens"] >= 120 * 4096
    (row,) = told(quick, "layout.data_attention")
    assert row["value"] is True and "slower" in row["rule"]["en"]
    assert "joined" not in first_unit(r1(catalog, "b200-180g", concurrency=120))["layout"], (
        "nobody measured these cards"
    )


def test_broken_figures_of_a_vendor_choose_nothing(catalog):
    broken = copy.deepcopy(catalog)
    broken["gpus"]["h200-141g"]["speed"]["gbs"] = "fast"
    made = r1(broken)
    assert "drafted" not in first_unit(made)["layout"] and made["verdict"] == "fits"
    with pytest.raises(Refusal):
        r1(broken, concurrency=100000)
