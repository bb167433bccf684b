# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
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
    graph_gib,
    non_torch_gib,
    predict,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import (
    stage_weights,
    stages,
)

from tests.unit.module_utils._models.shapes import shape_of

ROOT = Path(__file__).resolve().parents[4]


def test_sampler_does_not_depend_on_model_size(catalog):
    """39 bytes x 1024 sequences x vocabulary, up to 0.11.0."""
    run = Run((0, 11, 0), 1, 1, 79.18, 0.9, 8192, 1024, 8192)
    small = predict(shape_of(catalog, "deepseek-r1-1.5b"), run)
    assert small.activation == pytest.approx(39 * 1024 * 151936 / 2**30, rel=1e-6)
    later = predict(shape_of(catalog, "deepseek-r1-1.5b"), dataclasses.replace(run, version=(0, 33, 0)))
    assert later.activation < small.activation


def test_graphs_move_into_the_budget_at_0_21(catalog):
    shape = shape_of(catalog, "deepseek-r1-8b")
    run = Run((0, 20, 0), 1, 1, 79.18, 0.9, 8192, 16, 2048)
    assert graph_gib(shape, run) == (0.0, pytest.approx(0.948))
    assert graph_gib(shape, dataclasses.replace(run, version=(0, 21, 0))) == (pytest.approx(0.948), 0.0)
    assert graph_gib(shape, dataclasses.replace(run, eager=True)) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "gib"),
    [
        ({}, 0.12),
        ({"tensor": 2}, 0.5),
        ({"tensor": 6}, 0.8),
        ({"tensor": 8}, 1.8),
        ({"tensor": 4, "consumer": True}, 0.25),
        ({"tensor": 8, "pipeline": 2, "ranks_a_node": 8}, 4.5),
        ({"version": (0, 6, 4)}, 0.47),
        ({"tensor": 8, "version": (0, 7, 0)}, 1.8),
        ({"tensor": 8, "version": (0, 7, 0), "total_gib": 139.8}, 7.2),
    ],
)
def test_non_torch(change, gib):
    run = dataclasses.replace(Run((0, 32, 0), 1, 1, 79.18, 0.9, 8192, 16, 2048), **change)
    assert non_torch_gib(run) == pytest.approx(gib)


def test_accuracy_on_published_starts():
    """The command that `make sizing-accuracy` runs, on the cases kept here."""
    data = ROOT / "tests" / "sizing" / "data"
    done = subprocess.run(
        [sys.executable, "-m", "tests.sizing.accuracy", str(data / "cases.jsonl"), str(data / "models.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    assert figures["cases"] >= 30
    assert figures["weights_median"] <= 0.005 and figures["weights_p90"] <= 0.045
    assert figures["kv_tokens_median"] <= 0.025 and figures["kv_tokens_p90"] <= 0.20
    assert figures["unsafe"] <= 2 and figures["false_fits"] == 0 and figures["false_refusals"] <= 2


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
