# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a split GGUF as one file, byte for byte what `llama-gguf-split --merge` writes."""

from __future__ import annotations

import os
import re
import struct
from typing import Iterator, List, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import (
    MAGIC,
    Header,
    NotGguf,
    padded,
    read_header,
)

COUNT = "split.count"
UINT16 = 2
BLOCK = 16 << 20
PART = re.compile(r"^(.*)-(\d{5})-of-(\d{5})\.gguf$")


class Whole(NamedTuple):
    """What a merge writes: a header of its own, then the tensors of each part as they are."""

    start: bytes  # header and padding
    parts: List[str]
    headers: List[Header]
    size: int


def parts_of(first: str) -> List[str]:
    """All parts of a split file, from the name of any of them; a file that is not split is its only part."""
    match = PART.match(first)
    if not match:
        return [first]
    return [f"{match.group(1)}-{number:05d}-of-{match.group(3)}.gguf" for number in range(1, int(match.group(3)) + 1)]


def look(paths: List[str]) -> Whole:
    """Reads the headers only; refuses parts that do not belong together."""
    headers = []
    for path in paths:
        with open(path, "rb") as stream:
            headers.append(read_header(stream))
    head = headers[0]
    count = struct.pack("<I", UINT16) + struct.pack("<H", len(paths))
    for number, (path, header) in enumerate(zip(paths, headers)):
        place = struct.pack("<I", UINT16) + struct.pack("<H", number)
        if header.field(COUNT) != count or header.field("split.no") != place:
            raise NotGguf(f"{os.path.basename(path)} is not part {number + 1} of {len(paths)}")
        if header.alignment != head.alignment and header.tensors:
            # parts after the first may lack the field; their data is then laid out by the default
            raise NotGguf(f"{os.path.basename(path)} is laid out by {header.alignment}, the first part otherwise")
    sizes = [padded(os.path.getsize(path) - pair.size, head.alignment) for path, pair in zip(paths, headers)]
    start = _start(head, headers, sizes)
    return Whole(start, paths, headers, len(start) + sum(sizes))


def _start(head: Header, headers: List[Header], sizes: List[int]) -> bytes:
    fields = [raw for key, raw in head.fields if key != COUNT]
    # the tool counts no parts in a merged file, and says so at the end
    fields.append(struct.pack("<Q", len(COUNT)) + COUNT.encode("ascii") + struct.pack("<IH", UINT16, 0))
    rows, before = [], 0
    for header, size in zip(headers, sizes):
        rows += [tensor.head + struct.pack("<Q", before + tensor.offset) for tensor in header.tensors]
        before += size
    out = struct.pack("<4sIQQ", MAGIC, head.version, len(rows), len(fields)) + b"".join(fields) + b"".join(rows)
    return out + b"\0" * (padded(len(out), head.alignment) - len(out))


def content(whole: Whole) -> Iterator[bytes]:
    """The merged file, block by block."""
    yield whole.start
    for path, header in zip(whole.parts, whole.headers):
        with open(path, "rb") as stream:
            stream.seek(header.size)
            size = 0
            for block in iter(lambda: stream.read(BLOCK), b""):
                yield block
                size += len(block)
        gap = padded(size, whole.headers[0].alignment) - size
        if gap:
            yield b"\0" * gap
