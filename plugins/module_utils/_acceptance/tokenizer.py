# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokenizer of a GGUF file, as the load generator reads one: prompts get their length by it.

Byte-level BPE alone, which DeepSeek, Qwen and Llama 3 have. Texts are cut before merging as these models do it, up to
rarities; what a prompt really has is counted by the server.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import zlib
from typing import Any, BinaryIO, Dict, List, Mapping, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import Header, NotGguf, read_header
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

FIELD = "tokenizer.ggml."
BPE = "gpt2"  # GGUF's name of byte-level BPE
CONTROL, USER_DEFINED = 3, 4  # kinds of tokens that are whole wherever they stand
ONE_DIGIT = (
    "qwen2",
    "deepseek-r1-qwen",
)  # names of GGUF for those that cut numbers into digits; the others, into threes
CUTS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}


def read(folder: str) -> Dict[str, str]:
    """Files by their names, packed, of the first GGUF file in `folder` that has a tokenizer; empty without one."""
    paths = (os.path.join(top, name) for top, _folders, names in os.walk(folder) for name in names)
    for path in sorted(path for path in paths if path.endswith(".gguf")):
        with open(path, "rb") as stream:
            found = files(stream)
        if found:
            return {
                name: base64.b64encode(zlib.compress(text.encode("utf-8"))).decode() for name, text in found.items()
            }
    return {}


def write(folder: str, packed: Mapping[str, str]) -> None:
    for name, text in packed.items():
        write_atomic(os.path.join(folder, name), zlib.decompress(base64.b64decode(text)).decode("utf-8"), 0o600)


def files(stream: BinaryIO) -> Optional[Dict[str, str]]:
    try:
        header = read_header(stream)
    except NotGguf:
        return None
    tokens, merges = _texts(header, "tokens"), _texts(header, "merges")
    if _text(header, "model") != BPE or not tokens:
        return None
    kinds = _numbers(header, "token_type")
    added = [
        {
            "id": number, "content": tokens[number], "special": kind == CONTROL, "normalized": False, "lstrip": False,
            "rstrip": False, "single_word": False,
        }
        for number, kind in enumerate(kinds)
        if kind in (CONTROL, USER_DEFINED)
    ]  # fmt: skip
    cut = {"Regex": CUTS % ("" if _text(header, "pre") in ONE_DIGIT else "{1,3}")}
    split = {"type": "Split", "pattern": cut, "behavior": "Isolated", "invert": False}
    vocabulary = {token: number for number, token in enumerate(tokens)}
    whole: Dict[str, Any] = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, BYTES]},
        "post_processor": None, "decoder": BYTES,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges, "ignore_merges": False},
    }  # fmt: skip
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": _text(header, "chat_template")}
    return {
        "tokenizer.json": json.dumps(whole, ensure_ascii=False),
        "tokenizer_config.json": json.dumps(settings, ensure_ascii=False),
        "config.json": json.dumps({"model_type": "qwen2"}),  # transformers wants one; nothing of it counts here
    }


def _text(header: Header, name: str) -> str:
    place = "tokenizer." if name == "chat_template" else FIELD
    return header.field(place + name)[12:].decode("utf-8", "replace")  # behind its type and its length


def _texts(header: Header, name: str) -> List[str]:
    raw, found, at = header.field(FIELD + name), [], 16  # behind the types of the array and its parts, and their count
    while at < len(raw):
        (size,) = struct.unpack_from("<Q", raw, at)
        found.append(raw[at + 8 : at + 8 + size].decode("utf-8", "replace"))
        at += 8 + size
    return found


def _numbers(header: Header, name: str) -> List[int]:
    raw = header.field(FIELD + name)[16:]
    return list(struct.unpack(f"<{len(raw) // 4}i", raw))
