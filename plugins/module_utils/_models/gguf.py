# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of a GGUF file: its fields, its tensors and their bytes (the first megabytes of the file)."""

from __future__ import annotations

import struct
from typing import BinaryIO, Dict, List, NamedTuple, Tuple

MAGIC = b"GGUF"
# ggml type -> values in a block, bytes of a block
BLOCKS: Dict[int, Tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
    18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
    26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 39: (32, 17),
}  # fmt: skip
FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
UINT32, STRING, ARRAY = 4, 8, 9
MOST = 1 << 20  # tensors, keys or array parts beyond this mean a broken file
ALIGNMENT = 32


class NotGguf(ValueError):
    """The file is not a GGUF file, or its header is cut short or broken."""


class Tensor(NamedTuple):
    name: str
    head: bytes  # its row in the header, without the offset that ends it
    kind: int
    values: int
    offset: int


class Header(NamedTuple):
    version: int
    fields: List[Tuple[str, bytes]]  # key, the whole field as it stands in the file
    tensors: List[Tensor]
    alignment: int
    size: int  # where the tensors begin

    def field(self, key: str) -> bytes:
        """The value of a field, with its type in front; empty when there is no such field."""
        skip = 8 + len(key.encode("utf-8"))
        return next((raw[skip:] for name, raw in self.fields if name == key), b"")


class Tape:
    """Reads a stream and remembers what was read since the last `cut`."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.position = 0
        self._parts: List[bytes] = []

    def take(self, count: int) -> bytes:
        content = self.stream.read(count)
        if len(content) != count:
            raise NotGguf("the header ends too early")
        self.position += count
        self._parts.append(content)
        return content

    def cut(self) -> bytes:
        content = b"".join(self._parts)
        self._parts = []
        return content

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def text(self) -> str:
        length = self.number(8)
        if length > MOST * 64:
            raise NotGguf("a text of absurd length")
        return self.take(length).decode("utf-8", "replace")

    def skip(self, kind: int) -> None:
        if kind in FIXED:
            self.take(FIXED[kind])
        elif kind == STRING:
            self.text()
        elif kind == ARRAY:
            part, count = self.number(4), self.number(8)
            if count > MOST:
                raise NotGguf("an array of absurd length")
            if part in FIXED:
                self.take(FIXED[part] * count)
                return
            for _unused in range(count):
                self.skip(part)
        else:
            raise NotGguf(f"a value of the unknown type {kind}")


def read_header(stream: BinaryIO) -> Header:
    """The header of a GGUF file of version 2 or later; NotGguf for anything else."""
    tape = Tape(stream)
    magic, version, tensors, keys = struct.unpack("<4sIQQ", tape.take(24))
    if magic != MAGIC or version < 2 or tensors > MOST or keys > MOST:
        raise NotGguf("no GGUF header of version 2 or later")
    tape.cut()
    fields, alignment = [], ALIGNMENT
    for _unused in range(keys):
        key, kind = tape.text(), tape.number(4)
        tape.skip(kind)
        raw = tape.cut()
        fields.append((key, raw))
        if key == "general.alignment" and kind == UINT32:
            alignment = int.from_bytes(raw[-4:], "little") or ALIGNMENT
    rows = [_tensor(tape) for _unused in range(tensors)]
    return Header(version, fields, rows, alignment, padded(tape.position, alignment))


def _tensor(tape: Tape) -> Tensor:
    name = tape.text()
    values = 1
    for _dimension in range(tape.number(4)):
        values *= tape.number(8)
    kind = tape.number(4)
    head = tape.cut()
    offset = tape.number(8)
    tape.cut()
    return Tensor(name, head, kind, values, offset)


def padded(size: int, alignment: int) -> int:
    """`size` rounded up to a multiple of `alignment`."""
    return -(-size // alignment) * alignment


def read_tensors(stream: BinaryIO) -> Dict[str, int]:
    """Bytes of each tensor, by its name. The parts of a split file are read one by one and joined by the caller."""
    found: Dict[str, int] = {}
    for tensor in read_header(stream).tensors:
        if tensor.kind not in BLOCKS:
            raise NotGguf(f"tensor {tensor.name} has the unknown type {tensor.kind}")
        block, size = BLOCKS[tensor.kind]
        found[tensor.name] = -(-tensor.values // block) * size
    return found
