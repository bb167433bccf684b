# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting reaches the command lines of SGLang and LMDeploy."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import lmdeploy, sglang, vllm


def test_every_setting_reaches_sglang_and_lmdeploy():
    wish = vllm.Settings(
        "/m",
        "x",
        8000,
        "cuda",
        "bfloat16",
        4096,
        8,
        2048,
        kv_dtype="fp8",
        data=2,
        quantization="fp8",
        eager=True,
        trust_remote_code=True,
        reasoning_parser="deepseek_r1",
        nodes=2,
        node_rank=1,
        master_address="10.0.0.1",
        master_port=5,
    )
    made = " ".join(sglang.command(wish))
    for part in (
        "--dp-size 2",
        "--quantization fp8",
        "--disable-cuda-graph",
        "--trust-remote-code",
        "--kv-cache-dtype fp8_e4m3",
        "--dist-init-addr 10.0.0.1:5",
        "--node-rank 1",
        "--reasoning-parser deepseek-r1",
    ):
        assert part in made
    other = " ".join(lmdeploy.command(wish))
    assert "--quant-policy 8" in other and "--eager-mode" in other and "--cache-max-entry-count" not in other
