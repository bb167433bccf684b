# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports what an engine's start imports, as far as a machine without a card can. usage: imports.py SITE

Run it with Python 3.12 that has PyTorch 2.11.0 and Transformers: the list in wheels.txt is whole when this ends well.
"""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "vllm",
    "vllm.v1.engine.core",
    "vllm.v1.worker.gpu_worker",
    "vllm.v1.worker.gpu_model_runner",
    "vllm.v1.attention.backends.flash_attn",
    "vllm.v1.attention.backends.flashinfer",
    "vllm.model_executor.models.qwen2",
    "vllm.model_executor.models.qwen3",
    "vllm.model_executor.models.deepseek_v2",
    "vllm.model_executor.layers.quantization.fp8",
    "compressed_tensors.quantization",
    "xgrammar",
)


def main(site: str) -> int:
    sys.path.insert(0, site)
    for name in NAMES:
        importlib.import_module(name)
    print(f"{len(NAMES)} modules imported from {site}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
