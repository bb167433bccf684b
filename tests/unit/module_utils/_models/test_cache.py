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


@pytest.mark.parametrize(
    ("flight", "length", "gib"),
    [
        (16384, 30000, 6.66),  # 2 x GH200, vLLM 0.22: "6.66 GiB KV cache is needed" (vllm-project/vllm#44376)
        (8192, 1048576, 7.3),  # 8 x B200, 0.25: 20.43 requests (vllm-project/vllm#51454)
    ],
)
def test_a_compressed_cache_takes_pages_for_what_is_in_flight(catalog, flight, length, gib):
    token, request = cost(catalog, "deepseek-v4-flash", batched=flight)
    assert (length * token + request) / 2**30 == pytest.approx(gib, abs=0.01)


def test_a_tuple_of_layers_is_as_large_as_vllm_makes_it(catalog):
    """22 times 37,440 + 1,728 + 8,640 B for 256 tokens: the groups of vllm-project/vllm#54703."""
    assert cost(catalog, "deepseek-v4-flash").token == 22 * (37440 + 1728 + 8640) / 256
    shape = shape_of(catalog, "deepseek-v4-flash")
    halves = [cache_cost(shape, stage, 1, "auto", NEW, 8192) for stage in stages(shape.layers, 2)]
    assert all(half.request < 0.6 * cost(catalog, "deepseek-v4-flash").request for half in halves)
