# SPDX-License-Identifier: GPL-3.0-or-later
"""The chat page's image alone, taken out of the lab's archive: for small disk images."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

IMAGE = "open-webui-slim"


def make(_work: Path, folder: Path, _log: Path) -> dict[str, Any]:
    whole = folder.parent / "images.tar"
    image = json.loads((folder.parent / "images.json").read_text())["images"][IMAGE]
    with tarfile.open(whole) as source, tarfile.open(folder / "image.tar", "w") as target:
        listed = source.extractfile("manifest.json")
        assert listed is not None
        entry = next(e for e in json.load(listed) if image["ref"] in e["RepoTags"])
        text = json.dumps([entry]).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        target.addfile(info, io.BytesIO(text))
        for name in (entry["Config"], *entry["Layers"]):
            target.addfile(source.getmember(name), source.extractfile(name))
    return {"archive": "image.tar", "images": {IMAGE: image}}
