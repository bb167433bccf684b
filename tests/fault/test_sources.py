# SPDX-License-Identifier: GPL-3.0-or-later
"""A directory as the source, and the same tree as the ModelScope SDK makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import request as weights_request
from conftest import MODEL, Site

CACHE = Path(os.environ.get("YITIJI_BENCH_DIR") or Path.home() / ".cache/yitiji/bench")
SDK = CACHE / "sdk/bin/modelscope"


def from_directory(site: Site, path: Path, **more: object) -> download.Outcome:
    request = weights_request.Request(MODEL, str(site.dest), source="directory", source_dir=str(path), **more)
    try:
        return download.Weights(request).run()
    finally:
        site.nothing_corrupt()


@pytest.fixture
def disk(site, tmp_path):
    """A verified copy, carried to a place without a network."""
    site.run()
    shutil.copytree(site.dest, tmp_path / "usb" / MODEL)
    shutil.rmtree(site.dest)
    site.hub.server.hub.reset()
    return tmp_path / "usb"


@pytest.mark.parametrize("below", ["", MODEL])
def test_directory(site, disk, below):
    outcome = from_directory(site, disk / below)
    assert outcome.verified and outcome.fetched == outcome.manifest.bytes_total and not outcome.warnings
    site.complete()
    assert not site.hub.requests()
    assert not from_directory(site, disk).changed


def test_corrupt_directory(site, disk):
    path = disk / MODEL / "model-00001-of-00002.safetensors"
    data = bytearray(path.read_bytes())
    data[5_000_000] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Refusal) as caught:
        from_directory(site, disk)
    assert caught.value.rule == "LLM612" and not site.stamped


@pytest.mark.parametrize(("change", "rule"), [("cut", "LLM601"), ("remove", "LLM615")])
def test_incomplete_directory(site, disk, change, rule):
    path = disk / MODEL / "model-00002-of-00002.safetensors"
    if change == "cut":
        os.truncate(path, 1000)
    else:
        path.unlink()
    with pytest.raises(Refusal) as caught:
        from_directory(site, disk)
    assert caught.value.rule == rule and not site.stamped


def test_directory_without_a_manifest(site, repo):
    outcome = from_directory(site, repo)
    assert outcome.verified and "taken as they are" in outcome.warnings[0]
    assert all(len(file.sha256) == 64 for file in outcome.manifest.files), "what came is known from now on"
    site.complete()


def test_directory_repairs(site, disk):
    from_directory(site, disk)
    path = site.dest / "config.json"
    path.write_text(path.read_text().replace("2", "3"))
    assert from_directory(site, disk).repaired == ["config.json"]
    site.complete()


@pytest.mark.skipif(not SDK.exists(), reason="tests/bench/weights-setup.sh has not run")
def test_same_tree_as_the_sdk(site, tmp_path):
    site.run()
    env = {
        **os.environ,
        "MODELSCOPE_ENDPOINT": site.hub.url,
        "MODELSCOPE_CACHE": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "NO_PROXY": "127.0.0.1",
    }
    command = [str(SDK), "download", MODEL, "--local-dir", str(tmp_path / "sdk")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert tree(tmp_path / "sdk") == tree(site.dest)


def tree(base: Path) -> dict[str, bytes]:
    files = [path for path in base.rglob("*") if path.is_file() and not path.relative_to(base).parts[0].startswith(".")]
    return {str(path.relative_to(base)): path.read_bytes() for path in files}
