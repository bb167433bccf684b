# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's memory on a GPU, and how near it comes to published starts."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.memory import (
    Run,
    captures,
    encoder_bytes,
    graph_gib,
    in_flight,
    margin_gib,
    non_torch_gib,
    predict,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    stage_weights,
    stages,
)

from tests.sizing.cases import capability, find_shape, load, out_of_scope
from tests.unit.module_utils._models.shapes import shape_of

ROOT = Path(__file__).resolve().parents[4]
DATA = ROOT / "tests" / "sizing" / "data"


def test_sampler_does_not_depend_on_model_size(catalog):
    """39 bytes x 1024 sequences x vocabulary, up to 0.11.0."""
    run = Run((0, 11, 0), 1, 1, 79.18, 0.9, 8192, 1024, 8192)
    small = predict(shape_of(catalog, "deepseek-r1-1.5b"), run)
    assert small.activation == pytest.approx(39 * 1024 * 151936 / 2**30, rel=1e-6)
    later = predict(shape_of(catalog, "deepseek-r1-1.5b"), dataclasses.replace(run, version=(0, 33, 0)))
    assert later.activation < small.activation


def test_graphs_move_into_the_budget_at_0_20(catalog):
    shape = shape_of(catalog, "deepseek-r1-8b")
    run = Run((0, 19, 1), 1, 1, 79.18, 0.9, 8192, 256, 2048)
    assert graph_gib(shape, run) == (0.0, pytest.approx(0.762, abs=0.001))
    assert graph_gib(shape, dataclasses.replace(run, version=(0, 20, 0))) == (pytest.approx(0.762, abs=0.001), 0.0)
    large = shape_of(catalog, "glm-5.2")
    assert graph_gib(large, dataclasses.replace(run, version=(0, 26, 0)))[0] == pytest.approx(4.9, abs=0.15)  # logged
    assert graph_gib(shape, dataclasses.replace(run, eager=True)) == (0.0, 0.0)


def test_dense_graphs_are_of_the_sizes_that_are_captured(catalog):
    """Four starts on an H200 (docs/gpu-tested.md): 0.14 to 0.17 GiB at 16 to 64 requests, 0.46 to 0.89 from 256 on."""
    shape = shape_of(catalog, "deepseek-r1-7b")
    run = Run((0, 26, 0), 1, 1, 139.8, 0.9, 8192, 256, 8192)
    sizes = {1: 2, 2: 3, 16: 7, 30: 10, 64: 19, 128: 35, 256: 51, 1024: 51}
    assert {seqs: captures(dataclasses.replace(run, max_seqs=seqs)) for seqs in sizes} == sizes
    assert captures(dataclasses.replace(run, max_seqs=2, drafted=3)) == 5, "each request asks for four tokens"
    assert graph_gib(shape, dataclasses.replace(run, max_seqs=30))[0] == pytest.approx(0.15, abs=0.05)
    assert graph_gib(shape, run)[0] == pytest.approx(0.7, abs=0.01)


def test_images_of_known_encoders_are_counted_by_their_patches(catalog):
    """16,384 tokens of 4 patches; their rows stay while the language model runs."""
    shape = shape_of(catalog, "qwen3-vl-8b")
    run = Run((0, 26, 0), 1, 1, 79.18, 0.9, 32768, 4, 2048)
    live = 2 * 65536 * (1536 + 3 * shape.encoder_width + 2 * shape.encoder_inter)
    kept, peak = encoder_bytes(shape, run)
    assert peak == live and kept == 2 * 16384 * shape.hidden * (1 + shape.encoder_taps)
    assert predict(shape, run).activation * 2**30 >= live
    assert encoder_bytes(shape, dataclasses.replace(run, max_batched=40000)) == (2 * kept, 2 * peak), "two images"
    once = dataclasses.replace(run, max_batched=40000, max_seqs=1, max_len=8192)
    assert encoder_bytes(shape, once) == (kept, peak), "one request has one image"
    assert encoder_bytes(shape, dataclasses.replace(run, v1=False)) == (0.0, 0.0)
    assert encoder_bytes(shape_of(catalog, "deepseek-r1-8b"), run) == (0.0, 0.0)


def test_videos_of_the_first_versions_of_qwen3_vl_are_counted_too_high(catalog):
    """Four RTX 3090 with Qwen3-VL-30B-A3B in 16 bit and vLLM 0.11.0: 153,600 rows, 2.31 GiB left for the cache."""
    shape = dataclasses.replace(shape_of(catalog, "qwen3-vl-30b-a3b"), encoder_taps=3)
    run = Run((0, 11, 0), 4, 1, 23.56, 0.9, 65536, 256, 2048, consumer=True)
    first, later = (predict(shape, dataclasses.replace(run, version=(0, minor))) for minor in (12, 13))
    assert first.activation - later.activation == pytest.approx(2 * (153600 - 16384) * 2048 * 4 / 2**30)
    assert predict(shape, run).kv == pytest.approx(2.31, abs=0.3)


@pytest.mark.parametrize(
    ("change", "gib"),
    [
        ({}, 0.22),
        ({"version": (0, 8, 1), "total_gib": 21.99}, 0.05),
        ({"version": (0, 11, 0)}, 0.12),
        ({"tensor": 2}, 0.65),
        ({"tensor": 6}, 1.05),
        ({"tensor": 8}, 1.9),
        ({"tensor": 8, "consumer": True, "version": (0, 10, 2)}, 0.22),
        ({"tensor": 8, "pipeline": 2, "ranks_a_node": 8}, 4.6),
        ({"version": (0, 6, 4)}, 0.4),
        ({"version": (0, 6, 5), "total_gib": 21.95}, 0.33),
        ({"tensor": 8, "version": (0, 7, 0)}, 1.8),
        ({"tensor": 8, "version": (0, 7, 0), "total_gib": 139.8}, 7.2),
    ],
)
def test_non_torch(change, gib):
    run = dataclasses.replace(Run((0, 32, 0), 1, 1, 79.18, 0.9, 8192, 16, 2048), **change)
    assert non_torch_gib(run) == pytest.approx(gib)


def test_accuracy_on_published_starts():
    """The command that `make sizing-accuracy` runs, on the cases kept here."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sizing.accuracy", str(DATA / "cases.jsonl"), str(DATA / "models.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures["cases"] >= 83
    assert figures["weights_median"] <= 0.0015 and figures["weights_p90"] <= 0.025
    assert figures["kv_tokens_median"] <= 0.018 and figures["kv_tokens_p90"] <= 0.15
    assert figures["unsafe"] <= 1 and figures["false_fits"] == 0 and figures["false_refusals"] <= 1


def test_sparse_attention_reserves_room_for_the_index_of_forty_requests(catalog):
    """132 bytes x 40 x the longest context and 512 MiB, however many requests run: vLLM's profile run."""
    run = Run((0, 26, 0), 4, 1, 184.31, 0.92, 819200, 64, 8192)
    sparse = shape_of(catalog, "glm-5.2")
    plain = dataclasses.replace(sparse, index_dim=0)
    more = predict(sparse, run).activation - predict(plain, run).activation
    assert more == pytest.approx(0.5 + 132 * 40 * 819200 / 2**30, abs=0.01)
    many = dataclasses.replace(run, max_seqs=256)
    assert predict(sparse, many).activation == pytest.approx(predict(sparse, run).activation, abs=0.3)
    short = dataclasses.replace(run, max_len=8192)
    assert predict(sparse, short).activation < predict(sparse, run).activation - 3.5


def test_what_a_version_adds(catalog):
    r1 = shape_of(catalog, "deepseek-r1-671b")
    stage = stages(61, 1)[0]
    fused = stage_weights(r1, stage, 8, (0, 7, 3)) - stage_weights(r1, stage, 8, (0, 8, 0))
    assert fused / 2**30 == pytest.approx(4.15, abs=0.05)  # two logs differ by this much
    run = Run((0, 8, 5), 1, 1, 79.18, 0.9, 8192, 16, 2048)
    plain = predict(shape_of(catalog, "deepseek-r1-8b"), run).weights
    assert predict(shape_of(catalog, "deepseek-r1-8b"), dataclasses.replace(run, lora_rank=16)).weights > plain
    pooling = dataclasses.replace(run, max_seqs=1024, max_batched=8192, pooling=True)
    small = shape_of(catalog, "deepseek-r1-8b")
    assert predict(small, pooling).activation < predict(small, dataclasses.replace(pooling, pooling=False)).activation


def test_the_sampler_that_sorts_ends_with_the_triton_kernel(catalog):
    """vLLM #33538: until then 39 bytes a logit, whatever came between."""
    run = Run((0, 16, 0), 4, 1, 94.97, 0.9, 196608, 1024, 8192)
    shape = shape_of(catalog, "minimax-m2.5")
    assert predict(shape, run).activation == pytest.approx(39 * 1024 * 200064 / 2**30, rel=1e-6)
    assert predict(shape, dataclasses.replace(run, version=(0, 17, 0))).activation < 3


def test_windows_keep_what_is_in_flight(catalog):
    """One batch; since 0.26 two, as another is scheduled while one runs; with pipelines one for each stage more."""
    run = Run((0, 25, 1), 1, 1, 79.18, 0.95, 131072, 64, 8192)
    assert in_flight(run) == 8192 and in_flight(dataclasses.replace(run, version=(0, 26, 0))) == 16384
    assert in_flight(dataclasses.replace(run, version=(0, 26, 0), pipeline=3)) == 32768
    assert in_flight(dataclasses.replace(run, max_len=4096)) == 4096
    memory = predict(shape_of(catalog, "gpt-oss-20b"), run)
    assert memory.own_bytes(131072) == memory.request_bytes == 2 * memory.own_bytes((8192 + 128) // 2)
    linear = predict(shape_of(catalog, "qwen3.6-27b"), run)
    assert linear.own_bytes(1) == linear.request_bytes > 0, "states have one size"


def test_margins_of_their_own(catalog):
    plain = margin_gib(80, shape_of(catalog, "deepseek-r1-8b"))
    assert plain == pytest.approx(0.3 + 0.02 * 80)
    for name in ("qwen3-vl-8b", "gpt-oss-20b", "deepseek-v4-flash"):
        assert margin_gib(80, shape_of(catalog, name)) > plain, name


def test_what_mtp_and_shared_caches_change(catalog):
    """GLM-5.1 on eight cards: 0.95 GiB more weights with MTP, 79 layers of cache rather than 78 (two logs)."""
    run = Run((0, 20, 0), 8, 1, 94.97, 0.865, 202752, 64, 8192, "fp8", consumer=True)
    shape = shape_of(catalog, "glm-5.1")
    alone, drafted = predict(shape, run), predict(shape, dataclasses.replace(run, drafted=3))
    assert alone.kv_token_bytes == 78 * 788 and drafted.kv_token_bytes == 79 * 788
    assert drafted.weights > alone.weights
    shared = predict(shape, dataclasses.replace(run, context_ranks=4))
    assert shared.tokens() == 4 * alone.tokens()


def test_streams_of_deepseek_v4_and_an_index_of_an_entry_for_four_tokens(catalog):
    """vLLM's deepseek_v4: hc_mult streams and a copy for the draft, 40 requests of a quarter of the entries."""
    shape = shape_of(catalog, "deepseek-v4-flash")
    run = Run((0, 26, 0), 8, 1, 178.35, 0.92, 1048576, 16, 8192)
    short = predict(shape, dataclasses.replace(run, max_len=8192)).activation
    more = predict(shape, run).activation - short
    assert more == pytest.approx(132 * 40 * (1048576 - 8192) / 4 / 2**30, abs=0.01)
    plain = predict(dataclasses.replace(shape, model_type="deepseek_v3"), dataclasses.replace(run, max_len=8192))
    streams = 2 * 2 * 4 * 8192 * shape.hidden / 2**30
    assert short - plain.activation == pytest.approx(streams - 132 * 40 * 8192 * 0.75 / 2**30, abs=0.02)


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("llava-hf/llava-v1.6-mistral-7b-hf", 14.08),  # vLLM 0.10.2 on an H100
        ("intfloat/e5-mistral-7b-instruct", 13.48),  # what it was made from
        ("Deepseek 70b", 131.42),
    ],
)
def test_starts_of_checkpoints_made_from_others_are_judged_by_those(name, gib):
    case = {"model": name, "measured": {}}
    _, models = load(str(DATA / "cases.jsonl"), str(DATA / "models.json"))
    shape = find_shape(case, models)
    assert shape and not out_of_scope(case, shape)
    assert stage_weights(shape, stages(shape.layers, 1)[0], 1, (0, 10, 2)) / 2**30 == pytest.approx(gib, rel=0.01)


def test_a_log_that_names_marlin_is_judged_by_its_tiles():
    card = {"gpu": "NVIDIA H100 80GB"}
    assert (capability(card), capability({**card, "notes": "Marlin was chosen"})) == (9.0, 8.0)
