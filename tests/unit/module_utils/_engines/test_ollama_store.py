# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A GGUF in Ollama's store: linked, or merged from its parts."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import ollama_store as blob
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, Entry, Manifest

DATA = Path(__file__).resolve().parents[1] / "data"


def stored(store):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (store / "blobs").iterdir()}


def test_one_file_is_linked_into_the_store(tmp_path):
    model = tmp_path / "m.gguf"
    shutil.copy(DATA / "small-merged.gguf", model)
    store = tmp_path / "ollama"
    store.mkdir()
    for _turn in range(2):  # the second time the link is there already
        name = blob.put(str(model), str(store), os.getuid(), os.getgid())
        assert stored(store) == {f"sha256-{name}": name}
        assert model.stat().st_nlink == 2 and os.listdir(store) == ["blobs"]


def test_parts_are_merged_into_the_store(tmp_path):
    for path in DATA.glob("small-0*"):
        shutil.copy(path, tmp_path)
    store = tmp_path / "ollama"
    store.mkdir()
    (store / blob.WORK).write_bytes(b"left by a killed run")
    name = blob.put(str(tmp_path / "small-00001-of-00003.gguf"), str(store), os.getuid(), os.getgid())
    assert stored(store) == {f"sha256-{name}": hashlib.sha256((DATA / "small-merged.gguf").read_bytes()).hexdigest()}
    assert os.listdir(store) == ["blobs"]


def test_the_digest_comes_from_the_verified_manifest(tmp_path):
    folder = tmp_path / "repo"
    (folder / "quant").mkdir(parents=True)
    model = folder / "quant" / "m.gguf"
    model.write_bytes(b"x")
    assert blob.digest(str(model)) == hashlib.sha256(b"x").hexdigest()
    Manifest("a/b", "master", [Entry("quant/m.gguf", 1, "f" * 64)]).save(str(folder / MANIFEST))
    assert blob.digest(str(model)) == "f" * 64


def test_a_change_of_the_weights_shows(tmp_path):
    model = tmp_path / "m.gguf"
    model.write_bytes(b"x")
    before = blob.sources(str(model))
    model.write_bytes(b"xy")
    assert blob.sources(str(model)) != before
