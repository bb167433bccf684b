# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab model as GGUF, in one file and in three parts: what llama.cpp and Ollama read.

The same weights as labkit/model.py writes, value for value, under the names that llama.cpp gives them. The parts are
laid out as llama-gguf-split lays them out. Standard library only, the same bytes every time.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from . import model

ID = "yitiji-lab/tiny-r1-distill-GGUF"
NAME = "tiny-r1-distill-BF16"
PARTS = 3

ALIGN = 32
F32, BF16 = 0, 30  # ggml's numbers of the tensor types
U16, U32, I32, FLOAT, BOOL, TEXT, ARRAY = 2, 4, 5, 6, 7, 8, 9
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # kinds of tokens
OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
INSIDE = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
Field = tuple[str, int, Any]  # key, type, value; of an array the type is that of its values
Tensor = tuple[str, list[int], int, bytes]  # name, dimensions (the fastest first), type, content


def _text(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content


def _value(kind: int, value: Any) -> bytes:
    if kind == TEXT:
        return _text(value)
    return struct.pack({U16: "<H", U32: "<I", I32: "<i", FLOAT: "<f", BOOL: "<?"}[kind], value)


def _field(field: Field) -> bytes:
    key, kind, value = field
    if isinstance(value, list):
        head = struct.pack("<IIQ", ARRAY, kind, len(value))
        return _text(key) + head + b"".join(_value(kind, item) for item in value)
    return _text(key) + struct.pack("<I", kind) + _value(kind, value)


def _padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % ALIGN)


def _file(fields: list[Field], tensors: list[Tensor]) -> bytes:
    out = [struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(fields)), *(_field(field) for field in fields)]
    at = 0
    for name, dimensions, kind, content in tensors:
        out.append(_text(name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions))
        out.append(struct.pack("<IQ", kind, at))
        at += len(_padded(content))
    return _padded(b"".join(out)) + b"".join(_padded(content) for _, _, _, content in tensors)


def _split(fields: list[Field], tensors: list[Tensor]) -> list[bytes]:
    """Parts of a like number of tensors; the first holds all fields, each says which part it is."""
    step = -(-len(tensors) // PARTS)
    files = []
    for number in range(PARTS):
        marks = [("split.no", U16, number), ("split.tensors.count", I32, len(tensors)), ("split.count", U16, PARTS)]
        files.append(_file([*(fields if number == 0 else []), *marks], tensors[number * step : (number + 1) * step]))
    return files


def _safetensors(content: bytes) -> dict[str, tuple[list[int], bytes]]:
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    found = {}
    for name, row in header.items():
        first, last = row["data_offsets"]
        found[name] = (row["shape"], content[8 + size + first : 8 + size + last])
    return found


def _tensor(name: str, shape: list[int], content: bytes) -> Tensor:
    place, _, kind = name.rpartition(".")
    if place not in OUTSIDE:
        number, _, rest = place.removeprefix("model.layers.").partition(".")
        place = f"blk.{number}.{INSIDE[rest]}"
    label = f"{OUTSIDE.get(place, place)}.{kind}"
    if len(shape) > 1:
        return label, shape[::-1], BF16, content
    wide = b"".join(b"\0\0" + content[at : at + 2] for at in range(0, len(content), 2))
    return label, shape, F32, wide  # llama.cpp wants norms and biases in 32 bit


def _fields(config: dict[str, Any], tokenizer: dict[str, Any], template: str) -> list[Field]:
    special = {added_token["id"]: added_token["content"] for added_token in tokenizer["added_tokens"]}
    names = {number: text for text, number in tokenizer["model"]["vocab"].items()} | special
    count = config["vocab_size"]

    def kind(number: int) -> int:
        if number in special:
            return USER_DEFINED if "think" in special[number] else CONTROL
        return NORMAL if number in names else UNUSED

    return [
        ("general.architecture", TEXT, "qwen2"),
        ("general.name", TEXT, NAME),
        ("general.file_type", U32, 32),  # mostly BF16
        ("qwen2.context_length", U32, config["max_position_embeddings"]),
        ("qwen2.embedding_length", U32, config["hidden_size"]),
        ("qwen2.block_count", U32, config["num_hidden_layers"]),
        ("qwen2.feed_forward_length", U32, config["intermediate_size"]),
        ("qwen2.attention.head_count", U32, config["num_attention_heads"]),
        ("qwen2.attention.head_count_kv", U32, config["num_key_value_heads"]),
        ("qwen2.attention.layer_norm_rms_epsilon", FLOAT, config["rms_norm_eps"]),
        ("qwen2.rope.freq_base", FLOAT, config["rope_theta"]),
        ("tokenizer.ggml.model", TEXT, "gpt2"),
        ("tokenizer.ggml.pre", TEXT, "qwen2"),
        ("tokenizer.ggml.tokens", TEXT, [names.get(number, f"[PAD{number}]") for number in range(count)]),
        ("tokenizer.ggml.token_type", I32, [kind(number) for number in range(count)]),
        ("tokenizer.ggml.merges", TEXT, list(tokenizer["model"]["merges"])),
        ("tokenizer.ggml.bos_token_id", U32, config["bos_token_id"]),
        ("tokenizer.ggml.eos_token_id", U32, config["eos_token_id"]),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.chat_template", TEXT, template),
    ]


def files() -> dict[str, bytes]:
    """Everything of the repository: name -> content."""
    source = model.files()
    tensors = [
        _tensor(name, shape, content)
        for path in sorted(source)
        if path.endswith(".safetensors")
        for name, (shape, content) in _safetensors(source[path]).items()
    ]
    template = json.loads(source["tokenizer_config.json"])["chat_template"]
    fields = _fields(json.loads(source["config.json"]), json.loads(source["tokenizer.json"]), template)
    out = {f"{NAME}.gguf": _file(fields, tensors)}
    for number, content in enumerate(_split(fields, tensors), 1):
        out[f"{NAME}/{NAME}-{number:05d}-of-{PARTS:05d}.gguf"] = content
    out["config.json"] = source["config.json"]
    out["README.md"] = f"# {ID}\n\n{model.ID} as GGUF, whole and in {PARTS} parts.\n".encode()
    return out


def write(root: Path) -> Path:
    """Write the repository below `root` where it differs; returns its folder."""
    folder = root / ID
    for name, content in files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    return folder
