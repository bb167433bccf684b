"""The memory model against figures that can be worked out by hand, and against published starts."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_bytes import (
    checkpoint_bytes,
    kv_layer_bytes,
    linear_bytes,
    stages,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_memory import (
    Run,
    graph_gib,
    non_torch_gib,
    predict,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._sizing_shape import Quant, read_shape

ROOT = Path(__file__).resolve().parents[3]


def shape_of(catalog, model):
    return read_shape(catalog["models"][model]["config"], model)


@pytest.mark.parametrize(
    ("model", "tensor", "token"),
    [
        ("deepseek-r1-671b", 1, 70272),
        ("deepseek-r1-671b", 8, 70272),  # MLA is never divided
        ("deepseek-r1-70b", 1, 327680),
        ("deepseek-r1-70b", 8, 40960),
        ("deepseek-r1-70b", 16, 40960),
        ("deepseek-r1-32b", 1, 262144),
        ("deepseek-r1-7b", 2, 28672),
    ],
)
def test_kv_bytes_of_a_token(catalog, model, tensor, token):
    shape = shape_of(catalog, model)
    assert shape.layers * kv_layer_bytes(shape, tensor, "auto") == token
    assert shape.layers * kv_layer_bytes(shape, tensor, "fp8") == token / 2


def test_padding_of_the_latent_before_0_8(catalog):
    shape = shape_of(catalog, "deepseek-r1-671b")
    assert kv_layer_bytes(shape, 8, "auto", (0, 7, 3)) == 1280


@pytest.mark.parametrize(
    ("model", "billions"),
    [
        ("deepseek-r1-70b", 141.1),
        ("deepseek-r1-32b", 65.5),
        ("deepseek-r1-14b", 29.5),
        ("deepseek-r1-8b", 16.06),
        ("deepseek-r1-7b", 15.23),
        ("deepseek-r1-671b", 688.6),
    ],
)
def test_checkpoint_sizes(catalog, model, billions):
    assert checkpoint_bytes(shape_of(catalog, model)) / 1e9 == pytest.approx(billions, rel=0.005)


def test_bytes_of_a_parameter():
    assert linear_bytes(Quant("awq", 4, 128), 2) == pytest.approx(0.5 + 2.5 / 128)
    assert linear_bytes(Quant("mxfp4", 4, 32), 2) == 4.25 / 8
    assert linear_bytes(Quant(), 2) == 2


def test_stages_cover_all_layers():
    for layers in (2, 28, 61, 80):
        for count in range(1, min(layers, 9)):
            parts = stages(layers, count)
            assert sum(part.layers for part in parts) == layers
            assert parts[0].first and parts[-1].last
            assert [part.start for part in parts] == [sum(one.layers for one in parts[:k]) for k in range(count)]


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
