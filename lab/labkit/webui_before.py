# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of an earlier Open WebUI, so that its users' data can be taken over by the present one (tests/restore)."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

from .images import EPOCH, IMAGES, SLIM_DROPS, START_WEBUI, UID, _trim, _venv
from .shell import run

VERSION = "0.11.4"
IMAGE = "open-webui-before"
REF = f"yitiji.local/open-webui:{VERSION}-slim"


def make(work: Path, folder: Path, log: Path) -> dict[str, Any]:
    root = work / "root"
    root.mkdir()
    _venv(root, log, SLIM_DROPS, f"open-webui=={VERSION}", "typer")
    (root / "app/backend/data").mkdir(parents=True)
    os.chown(root / "app/backend/data", int(UID), int(UID))
    (root / "app/backend/start.sh").write_text(START_WEBUI)
    _trim(root, keep=("open_webui", "numpy"))
    return {"archive": "image.tar", "images": {IMAGE: packed(work, folder, REF, IMAGES["open-webui-slim"]["config"])}}


def packed(work: Path, folder: Path, ref: str, config: dict[str, Any]) -> dict[str, str]:
    """The base layer is the present image's own; only the program above it, `work/root`, differs."""
    layer = work / "layer.tar"
    run("tar", "-C", work / "root", "--sort=name", "--numeric-owner", "--mtime=@0", "-cf", layer, ".")
    base = next((folder.parent / "layers").glob("base-*.tar"))
    digests = [_sha256(path) for path in (base, layer)]
    described = {
        "architecture": "amd64", "os": "linux", "created": EPOCH, "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created": EPOCH, "created_by": name} for name in ("base", ref)],
    }  # fmt: skip
    text = json.dumps(described, sort_keys=True).encode()
    image = hashlib.sha256(text).hexdigest()
    names = [f"{digest}/layer.tar" for digest in digests]
    manifest = json.dumps([{"Config": f"{image}.json", "RepoTags": [ref], "Layers": names}]).encode()
    with tarfile.open(folder / "image.tar", "w") as tar:
        for name, blob in ((f"{image}.json", text), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            tar.addfile(info, io.BytesIO(blob))
        for name, path in zip(names, (base, layer), strict=True):
            tar.add(path, name)
    return {"ref": ref, "id": f"sha256:{image}"}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
