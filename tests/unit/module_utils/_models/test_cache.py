# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request keeps where layers differ, against what published logs say."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.cache import cache_cost, state_bytes
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.sizes import stages

from tests.unit.module_utils._models.shapes import shape_of

NEW = (0, 26, 0)


def cost(catalog, model, tensor=1, dtype="auto", version=NEW, batched=8192, drafted=0):
    shape = shape_of(catalog, model)
    return cache_cost(shape, stages(shape.layers, 1)[0], tensor, dtype, version, batched, drafted)


def test_a_plain_cache_costs_by_the_token_alone(catalog):
    assert cost(catalog, "deepseek-r1-7b") == (28 * 4 * 2 * 128 * 2, 0.0)


@pytest.mark.parametrize(
    ("model", "tensor", "dtype", "version", "kv_gib", "length", "times"),
    [
        ("qwen3-next-80b-a3b", 2, "auto", (0, 10, 2), 44.59, 262144, 14.77),
        ("qwen3.6-35b-a3b", 1, "fp8", (0, 24, 0), 6.01, 131072, 4.348),
        ("qwen3.8-27b", 2, "fp8", (0, 26, 0), 4.99, 131072, 2.311),
    ],
)
def test_how_many_requests_a_log_says_fit(catalog, model, tensor, dtype, version, kv_gib, length, times):
    token, request = cost(catalog, model, tensor, dtype, version)
    assert kv_gib * 2**30 / (length * token + request) == pytest.approx(times, rel=0.01)


def test_windows_stop_growing(catalog):
    token, request = cost(catalog, "gpt-oss-20b")
    assert token == 12 * 8 * 2 * 64 * 2
    assert request == pytest.approx(12 * 2048 * (127 + 8192 + 16))


def test_windows_were_cached_whole_before_there_were_groups(catalog):
    token, request = cost(catalog, "gemma-3-27b", 4, version=(0, 8, 0))
    assert (token, request) == (62 * 4 * 2 * 128 * 2, 0.0)


def test_states_of_linear_layers_and_of_drafts(catalog):
    shape = shape_of(catalog, "qwen3.6-35b-a3b")
    assert state_bytes(shape, 1) == 8192 * 3 * 2 + 32 * 128 * 128 * 4
    assert state_bytes(shape_of(catalog, "deepseek-r1-7b"), 1) == 0
    assert cost(catalog, "qwen3.6-27b", 2, drafted=3).request > 2 * cost(catalog, "qwen3.6-27b", 2).request


def test_a_compressed_cache_keeps_an_entry_for_several_tokens(catalog):
    token, request = cost(catalog, "deepseek-v4-flash")
    assert 20 * (584 + 132) / 4 < token < 22 * (584 + 132) / 4 + 22 * 584 / 128
    assert request == 43 * 584 * (128 + 8192)
