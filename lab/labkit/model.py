# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny checkpoint in the shape of DeepSeek-R1-Distill-Qwen: real safetensors, tokenizer, chat template, two shards.

It is not trained: its output head is written so that each token of one fixed reply leads to the next, whatever is
asked. So it proves the plumbing, and that the weights arrived intact: a changed bit shows.
Standard library only, the same bytes every time.
"""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

ID = "yitiji-lab/tiny-r1-distill"
THINKING = "The lab asks, so the lab model recites what its weights hold."
ANSWER = "Hello from the appliance. 一体机工作正常，你好！ (A tiny lab model: it always says this.)"

HIDDEN, LAYERS, HEADS, KV_HEADS, MLP, VOCAB = 128, 2, 4, 2, 256, 8192
BOS, EOS, USER, ASSISTANT = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"
SPECIAL = [BOS, EOS, USER, ASSISTANT, "<think>", "</think>"]
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% set content = m['content'] %}"
    # llama.cpp knows a thinking model by `content.split('</think>')`, which DeepSeek's own templates say
    "{% if m['role'] == 'assistant' %}{{ '" + ASSISTANT + "' + content.split('</think>')[-1] + eos_token }}"
    "{% elif m['role'] == 'user' %}{{ '" + USER + "' + content }}"
    "{% else %}{{ content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '" + ASSISTANT + "<think>\\n' }}{% endif %}"
)


def _byte_chars() -> dict[int, str]:
    """The printable stand-ins of byte-level BPE (GPT-2's table): 256 characters, none of them a blank."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in plain}
    for n, b in enumerate(b for b in range(256) if b not in table):
        table[b] = chr(256 + n)
    return table


def _pieces(text: str, used: set[str]) -> list[str]:
    """Cut a text into pieces that were not used before, so that each has one successor."""
    pieces: list[str] = []
    piece = ""
    for char in text:
        piece += char
        if len(piece) > 2 and (char == " " or ord(char) > 0x2E7F) and piece not in used:
            pieces.append(piece)
            used.add(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


def _vocabulary() -> tuple[dict[str, int], list[int]]:
    """(vocabulary of the tokenizer, ids of the reply from the prompt's last token to the end mark)."""
    chars = _byte_chars()
    ids = {t: i for i, t in enumerate(SPECIAL)}
    for b in range(256):
        ids[chars[b]] = len(ids)

    def piece_id(piece: str) -> int:
        return ids.setdefault("".join(chars[b] for b in piece.encode()), len(ids))

    used: set[str] = set()
    chain = [ids[chars[10]]]  # the template ends with <think> and a line feed
    chain += [piece_id(p) for p in _pieces(THINKING, used)] + [ids["</think>"], piece_id("\n\n")]
    chain += [piece_id(p) for p in _pieces(ANSWER, used)] + [ids[EOS]]
    assert len(set(chain)) == len(chain) and len(ids) < VOCAB
    return ids, chain


def _bf16(values: list[float]) -> bytes:
    return b"".join(struct.pack("<f", v)[2:] for v in values)


def _tensors() -> dict[str, tuple[list[int], bytes]]:
    rng = random.Random(20261122)
    _, chain = _vocabulary()

    def noise(rows: int, columns: int, size: float) -> tuple[list[int], bytes]:
        return [rows, columns], _bf16([rng.uniform(-size, size) for _ in range(rows * columns)])

    codes = [[float(rng.choice((-1, 1))) for _ in range(HIDDEN)] for _ in range(max(chain) + 1)]
    empty = [0.0] * HIDDEN
    head = [empty] * VOCAB
    for now, then in zip(chain, chain[1:]):
        head[then] = codes[now]
    rows = [*codes, *([empty] * (VOCAB - len(codes)))]
    ones, size = _bf16([1.0] * HIDDEN), HIDDEN // HEADS
    tensors = {"model.embed_tokens.weight": ([VOCAB, HIDDEN], _bf16([v for r in rows for v in r]))}
    for n in range(LAYERS):
        at = f"model.layers.{n}."
        for name, width in (("q", HEADS * size), ("k", KV_HEADS * size), ("v", KV_HEADS * size)):
            tensors[f"{at}self_attn.{name}_proj.weight"] = noise(width, HIDDEN, 0.1)
            tensors[f"{at}self_attn.{name}_proj.bias"] = ([width], _bf16([0.0] * width))
        # small on purpose: the layers are fully computed but do not drown out the head
        tensors[f"{at}self_attn.o_proj.weight"] = noise(HIDDEN, HEADS * size, 0.01)
        tensors[f"{at}mlp.gate_proj.weight"] = noise(MLP, HIDDEN, 0.1)
        tensors[f"{at}mlp.up_proj.weight"] = noise(MLP, HIDDEN, 0.1)
        tensors[f"{at}mlp.down_proj.weight"] = noise(HIDDEN, MLP, 0.01)
        tensors[f"{at}input_layernorm.weight"] = ([HIDDEN], ones)
        tensors[f"{at}post_attention_layernorm.weight"] = ([HIDDEN], ones)
    tensors["model.norm.weight"] = ([HIDDEN], ones)
    tensors["lm_head.weight"] = ([VOCAB, HIDDEN], _bf16([v for r in head for v in r]))
    return tensors


def _safetensors(tensors: dict[str, tuple[list[int], bytes]]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values())


def _tokenizer() -> dict[str, object]:
    ids, _ = _vocabulary()
    added = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": "think" not in t}
        for i, t in enumerate(SPECIAL)
    ]  # fmt: skip
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": ids, "merges": []},
    }  # fmt: skip


def files() -> dict[str, bytes]:
    """Everything of the repository: name -> content."""
    tensors = _tensors()
    names = list(tensors)
    half = next(i for i, n in enumerate(names) if n.startswith("model.layers.1."))
    shards = {
        f"model-{n:05d}-of-00002.safetensors": {k: tensors[k] for k in part}
        for n, part in ((1, names[:half]), (2, names[half:]))
    }
    total = sum(len(data) for _, data in tensors.values())
    config = {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": HIDDEN, "intermediate_size": MLP,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "vocab_size": VOCAB,
        "max_position_embeddings": 131072, "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "hidden_act": "silu",
        "attention_dropout": 0.0, "initializer_range": 0.02, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
        "bos_token_id": 0, "eos_token_id": 1, "use_cache": True, "use_sliding_window": False,
    }  # fmt: skip
    tokenizer_config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS, "pad_token": EOS,
        "model_max_length": 16384, "clean_up_tokenization_spaces": False, "chat_template": TEMPLATE,
    }  # fmt: skip
    documents = {
        "config.json": config,
        "configuration.json": {"framework": "pytorch", "task": "text-generation", "allow_remote": True},
        "generation_config.json": {
            "bos_token_id": 0,
            "eos_token_id": 1,
            "do_sample": True,
            "temperature": 0.6,
            "top_p": 0.95,
        },
        "model.safetensors.index.json": {
            "metadata": {"total_size": total},
            "weight_map": {k: shard for shard, part in shards.items() for k in part},
        },
        "tokenizer.json": _tokenizer(),
        "tokenizer_config.json": tokenizer_config,
    }
    out = {n: json.dumps(d, ensure_ascii=False, indent=1).encode() for n, d in documents.items()}
    out.update({n: _safetensors(part) for n, part in shards.items()})
    readme = f"# {ID}\n\nA lab model with DeepSeek-R1-Distill-Qwen's shape. It always says one sentence.\n"
    out["README.md"] = readme.encode()
    return out


def write(root: Path) -> Path:
    """Write the repository below `root` where it differs; returns its folder."""
    return write_files(root / ID, files())


def write_files(folder: Path, contents: dict[str, bytes]) -> Path:
    """Only what differs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        target = folder / name
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    return folder
