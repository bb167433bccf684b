# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tensors of a GGUF file and their bytes, from its header alone (the first megabytes of the file)."""

from __future__ import annotations

import struct
from typing import BinaryIO, Dict, Tuple

MAGIC = b"GGUF"
# ggml type -> values in a block, bytes of a block
BLOCKS: Dict[int, Tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 39: (32, 17),
}  # fmt: skip
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
MOST = 1 << 20  # tensors, keys or array parts beyond this mean a broken file


class NotGguf(ValueError):
    """The file is no GGUF, or its header is cut or broken."""


def read_tensors(stream: BinaryIO) -> Dict[str, int]:
    """Tensor name -> bytes. Parts of a split file are read one by one and joined by the caller."""
    magic, version, tensors, keys = struct.unpack("<4sIQQ", _take(stream, 24))
    if magic != MAGIC or version < 2 or tensors > MOST or keys > MOST:
        raise NotGguf("no GGUF header of version 2 or later")
    for _unused in range(keys):
        _text(stream)
        _skip(stream, _number(stream, 4))
    found: Dict[str, int] = {}
    for _unused in range(tensors):
        name = _text(stream)
        values = 1
        for _dimension in range(_number(stream, 4)):
            values *= _number(stream, 8)
        kind = _number(stream, 4)
        _take(stream, 8)
        if kind not in BLOCKS:
            raise NotGguf(f"tensor {name} has the unknown type {kind}")
        block, size = BLOCKS[kind]
        found[name] = -(-values // block) * size
    return found


def _take(stream: BinaryIO, count: int) -> bytes:
    content = stream.read(count)
    if len(content) != count:
        raise NotGguf("the header ends too early")
    return content


def _number(stream: BinaryIO, size: int) -> int:
    return int.from_bytes(_take(stream, size), "little")


def _text(stream: BinaryIO) -> str:
    length = _number(stream, 8)
    if length > MOST * 64:
        raise NotGguf("a text of absurd length")
    return _take(stream, length).decode("utf-8", "replace")


def _skip(stream: BinaryIO, kind: int) -> None:
    if kind in FIXED:
        _take(stream, FIXED[kind])
    elif kind == STRING:
        _text(stream)
    elif kind == ARRAY:
        part, count = _number(stream, 4), _number(stream, 8)
        if count > MOST:
            raise NotGguf("an array of absurd length")
        for _unused in range(count):
            _skip(stream, part)
    else:
        raise NotGguf(f"a value of the unknown type {kind}")
