# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import struct

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance import tokenizer as core

TOKENS = ["Ġ", "a", "b", "ab", "Ġab", "<|end|>", "<think>"]
FIELDS = {
    "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2", "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": [1, 1, 1, 1, 1, 3, 4], "tokenizer.ggml.merges": ["a b", "Ġ ab"],
    "tokenizer.chat_template": "{{ 词元 }}",
}  # fmt: skip


def text(value):
    content = value.encode()
    return struct.pack("<Q", len(content)) + content


def value(of):
    if isinstance(of, str):
        return struct.pack("<I", 8) + text(of)
    if of and isinstance(of[0], int):
        return struct.pack("<IIQ", 9, 5, len(of)) + struct.pack(f"<{len(of)}i", *of)
    return struct.pack("<IIQ", 9, 8, len(of)) + b"".join(text(part) for part in of)


def gguf(path, **changed):
    fields = {**FIELDS, **{"tokenizer.ggml." + key: of for key, of in changed.items()}}
    rows = {key: of for key, of in fields.items() if of is not None}
    body = b"".join(text(key) + value(of) for key, of in rows.items())
    path.write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 0, len(rows)) + body)
    return path


def read(tmp_path):
    core.write(str(tmp_path), core.read(str(tmp_path)))
    return json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))


def test_tokens_merges_and_template_come_out_as_they_are_in_the_file(tmp_path):
    gguf(tmp_path / "m.gguf")
    whole = read(tmp_path)
    assert whole["model"]["vocab"] == {token: number for number, token in enumerate(TOKENS)}
    assert whole["model"]["merges"] == ["a b", "Ġ ab"]
    assert [(row["id"], row["content"], row["special"]) for row in whole["added_tokens"]] == [
        (5, "<|end|>", True), (6, "<think>", False),
    ]  # fmt: skip
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert settings["chat_template"] == "{{ 词元 }}" and (tmp_path / "config.json").exists()


@pytest.mark.parametrize(("pre", "digits"), [("qwen2", r"\p{N}|"), ("llama-bpe", r"\p{N}{1,3}|")])
def test_numbers_are_cut_as_the_model_does_it(tmp_path, pre, digits):
    gguf(tmp_path / "m.gguf", pre=pre)
    [split, _bytes] = read(tmp_path)["pre_tokenizer"]["pretokenizers"]
    assert digits in split["pattern"]["Regex"]


def test_the_first_file_that_has_one_is_read(tmp_path):
    """The later parts of a split file, and the eyes of a model, have none."""
    (tmp_path / "parts").mkdir()
    gguf(tmp_path / "a.gguf", model=None)
    (tmp_path / "b.gguf").write_bytes(b"cut short")
    gguf(tmp_path / "parts/m-00001-of-00002.gguf")
    assert set(core.read(str(tmp_path))) == {"tokenizer.json", "tokenizer_config.json", "config.json"}


@pytest.mark.parametrize("changed", [{"model": "llama"}, {"tokens": None}, {"model": None}])
def test_another_kind_is_left_to_the_operator(tmp_path, changed):
    gguf(tmp_path / "m.gguf", **changed)
    assert core.read(str(tmp_path)) == {}


def test_a_folder_without_gguf_has_none(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"GGUF")
    assert core.read(str(tmp_path)) == {} == core.read(str(tmp_path / "none"))
