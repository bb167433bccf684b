# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that brings a program: pickled weights, and Python of its repository, from every source."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, STAMP
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import download, transfer
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

MODEL = "attack/model"
NAMES = ["pytorch_model.bin", "model.pt", "consolidated.00.pth", "model.ckpt", "model.pkl", "MODEL.BIN", "sub/x.pickle"]


class Owned:
    def __reduce__(self) -> tuple:
        return print, ("owned",)


def pickles(kind: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Owned()))
    else:
        path.write_bytes(pickle.dumps(Owned(), int(kind)))


def safetensors(path: Path) -> None:
    header = json.dumps({"w": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"abcd")


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(transfer, "KEEP_EVERY", 0.05)
    monkeypatch.setattr(transfer, "POLL_EVERY", 0.05)
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick/config.json").write_text(json.dumps({"model_type": "qwen2"}))
    return tmp_path / "stick"


def take(stick: Path, listed: bool, **more: str) -> download.Outcome:
    if listed:
        rows = []
        for path in sorted(path for path in stick.rglob("*") if path.is_file()):
            data = path.read_bytes()
            name = str(path.relative_to(stick))
            rows.append({"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        data = {"schema": 1, "model": MODEL, "revision": "master", "files": rows}
        (stick / MANIFEST).write_text(json.dumps(data))
    dest = str(stick.parent / "dest")
    return download.Weights(
        Request(MODEL, dest, source="directory", source_dir=str(stick), lock_timeout=0.5, **more)
    ).run()


def fetched(stick: Path) -> set[str]:
    dest = stick.parent / "dest"
    return {str(path.relative_to(dest)) for path in dest.rglob("*") if path.is_file() and ".yitiji" not in str(path)}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_pickled_weights_do_not_come(stick: Path, name: str, listed: bool) -> None:
    pickles("4", stick / name)
    with pytest.raises(Refusal) as caught:
        take(stick, listed)
    assert caught.value.rule == "LLM650" and name in str(caught.value) and not fetched(stick)


@pytest.mark.parametrize("kind", ["2", "3", "4", "5", "zip"])
@pytest.mark.parametrize("name", ["model.dat", "model", "tokenizer.model", "model.onnx", "model.safetensors", "x.gguf"])
def test_a_pickle_under_another_name(stick: Path, name: str, kind: str) -> None:
    safetensors(stick / "weights.safetensors")
    pickles(kind, stick / name)
    with pytest.raises(Refusal):
        take(stick, True)
    assert name not in fetched(stick) and not (stick.parent / "dest" / STAMP).exists()


@pytest.mark.parametrize("listed", [True, False])
def test_what_the_model_does_not_need_stays_away(stick: Path, listed: bool) -> None:
    safetensors(stick / "weights.safetensors")
    pickles("4", stick / "training_args.bin")
    for name in ("modeling_deepseek.py", "inference/kernel.py", "x.so", "setup.sh"):
        (stick / name).parent.mkdir(exist_ok=True)
        (stick / name).write_text("owned")
    (stick / "config.json").write_text(json.dumps({"model_type": "deepseek_v3", "auto_map": {"AutoConfig": "x.Y"}}))
    take(stick, listed)
    assert fetched(stick) == {"config.json", "weights.safetensors"}


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_model_that_needs_its_own_code(stick: Path, name: str) -> None:
    safetensors(stick / "weights.safetensors")
    (stick / name).write_text(json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "configuration_own.Own"}}))
    with pytest.raises(Refusal) as caught:
        take(stick, True)
    assert caught.value.rule == "LLM651" and not (stick.parent / "dest" / STAMP).exists()


def test_the_site_may_allow_both(stick: Path) -> None:
    pickles("4", stick / "pytorch_model.bin")
    (stick / "modeling_own.py").write_text("x")
    (stick / "config.json").write_text(
        json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "modeling_own.Own"}})
    )
    why = "made and read by us"
    take(stick, True, allow_pickle=why, allow_remote_code=why)
    assert fetched(stick) == {"config.json", "pytorch_model.bin", "modeling_own.py"}
