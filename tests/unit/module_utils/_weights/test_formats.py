# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats, texts, sharing, removal, clients."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import formats
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.formats import (
    Hashed,
    check_format,
    check_index,
    check_sets,
    hash_file,
)

from tests.unit.module_utils._weights.samples import tensors


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("m.gguf", b"GGUF1234", ""),
        ("m.gguf", b"vers", "does not begin with GGUF"),
        ("m.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS pointer"),
        ("m.bin", b"version https://git-lfs".ljust(199), "Git LFS pointer"),
        ("m.bin", b"version https://git-lfs".ljust(200), ""),  # no pointer is that long
        ("m.safetensors", tensors(9, 9), ""),
        ("m.safetensors", tensors(9, 8), "speaks of 9 bytes of tensors, there are 8"),
        ("m.safetensors", tensors(9, 9, b"not json at all"), "cannot be read"),
        ("m.safetensors", struct.pack("<Q", 1 << 60) + bytes(99), "header's length"),
        ("m.safetensors", b"1234", "header's length"),
        ("m.safetensors", struct.pack("<Q", 93) + bytes(92), "header's length is 93 in a file of 100"),
        ("m.safetensors", struct.pack("<Q", 1) + b"1", "header's length is 1"),
        ("m.safetensors", struct.pack("<Q", 2) + b"{}", ""),
        ("m.safetensors", struct.pack("<Q", 2) + b"{}x", "speaks of 0 bytes of tensors, there are 1"),
        ("m.txt", b"", ""),
    ],
)
def test_formats(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    if not says:
        check_format(str(tmp_path / name), name)
        return
    with pytest.raises(Refusal, match=says) as caught:
        check_format(str(tmp_path / name), name)
    assert caught.value.rule == "LLM602"


def test_split_sets():
    check_sets(["a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "b.gguf"])
    with pytest.raises(Refusal, match="1 of 3 parts are missing: 2"):
        check_sets(["a-00001-of-00003.gguf", "a-00003-of-00003.gguf"])


def test_index_names_its_shards(tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "1", "b": "2"}}))
    check_index(str(tmp_path), ["1", "2", "model.safetensors.index.json"])
    with pytest.raises(Refusal) as caught:
        check_index(str(tmp_path), ["1", "model.safetensors.index.json"])
    assert caught.value.rule == "LLM603"


def test_a_file_and_its_prefixes_are_hashed(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "STEP", 1000)
    data, ticks = bytes(range(250)) * 10, []
    (tmp_path / "a").write_bytes(data)
    sums = [hashlib.sha256(data[:end]).hexdigest() for end in (1000, 2000, 2500)]
    assert hash_file(str(tmp_path / "a"), ticks.append, 300) == Hashed(sums[2], sums[:2], 2500)
    assert ticks == [300, 300, 300, 100] * 2 + [300, 200]
    assert hash_file(str(tmp_path), ticks.append) is None and hash_file(str(tmp_path / "b"), ticks.append) is None
