# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM's command line by version."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import vllm


def test_flags_belong_to_versions(catalog):
    engine = catalog["engines"]["vllm"]
    wish = vllm.Settings("/models/x", "x", 8000, "cuda", "half", 4096, 8, 2048, reasoning_parser="deepseek_r1")
    old, new = (vllm.command(engine, version, wish) for version in ("0.8.5.post1", "0.33.0"))
    assert old[:2] == ["--model", "/models/x"] and new[0] == "/models/x"
    assert "--enable-reasoning" in old and "--enable-reasoning" not in new
    assert not vllm.has_flag(engine, "swap_space", "0.33.0") and vllm.has_flag(engine, "swap_space", "0.8.5")
    with pytest.raises(Refusal, match="kv_bytes"):
        vllm.command(engine, "0.8.5", vllm.Settings("/m", "x", 1, "cpu", "half", 1, 1, 1, kv_bytes=5))


@pytest.mark.parametrize("version", ["0.32.0", "0.33.0"])
def test_what_decides_memory_is_always_written(catalog, version):
    wish = vllm.Settings("/m", "x", 8000, "cuda", "bfloat16", 4096, 8, 2048, utilization=0.92)
    args = vllm.command(catalog["engines"]["vllm"], version, wish)
    for flag in (
        "--max-num-seqs",
        "--max-num-batched-tokens",
        "--gpu-memory-utilization",
        "--kv-cache-dtype",
        "--max-model-len",
        "--dtype",
    ):
        assert args.count(flag) == 1


@pytest.mark.parametrize(("version", "capability", "off"), [
    ("0.24.0", 12.0, True), ("0.26.1", 12.1, True), ("0.27.0", 12.0, False), ("0.23.0", 12.0, False),
    ("0.26.0", 10.0, False), ("0.26.0", None, False),
])  # fmt: skip
def test_kernels_that_three_versions_tried_on_cards_they_are_not_for(catalog, version, capability, off):
    engines = catalog["engines"]
    assert ("VLLM_USE_DEEP_GEMM" in vllm.environment("vllm", engines["vllm"], version, capability)) is off
    assert "VLLM_USE_DEEP_GEMM" not in vllm.environment("sglang", engines["sglang"], version, capability)
