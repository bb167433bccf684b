# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle as volumes of one size, for disks: one tar, split; `cat` or check.sh joins it.

The tar's layout is known before a byte is written (names sorted, no times, no owners), so each volume can be made
alone: a run that was cut off continues with the volume where it stopped.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from typing import Any, Callable, Iterator, List, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import (
    MANIFEST,
    SIGNATURE,
    SIGNER,
    SUMS,
    Bundle,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import read_json, write_json
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

NAME = "yitiji-bundle.tar"
BLOCK = 1 << 20
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SMALLEST = 1 << 20


class Piece(NamedTuple):
    """Bytes of the tar: `data`, or the content of a file."""

    size: int
    data: bytes
    path: str


def size_of(text: str) -> int:
    """`4G` -> bytes."""
    match = re.match(r"^(\d+)([KMGT]?)I?B?$", text.strip().upper())
    size = int(match.group(1)) * UNITS[match.group(2)] if match else 0
    if size < SMALLEST:
        raise Refusal("LLM923", text=text)
    return size


def pieces(folder: str, paths: Sequence[str]) -> List[Piece]:
    found = []
    for path in paths:
        full = os.path.join(folder, path)
        info = tarfile.TarInfo("bundle/" + path)
        info.size, info.mode = os.path.getsize(full), 0o755 if path.endswith(".sh") else 0o644
        head = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        found += [Piece(len(head), head, ""), Piece(info.size, b"", full)]
        pad = -info.size % tarfile.BLOCKSIZE
        found += [Piece(pad, b"\0" * pad, "")] if pad else []
    total = sum(piece.size for piece in found) + 2 * tarfile.BLOCKSIZE
    tail = 2 * tarfile.BLOCKSIZE + -total % tarfile.RECORDSIZE
    return [*found, Piece(tail, b"\0" * tail, "")]


def cut(found: Sequence[Piece], begin: int, end: int) -> Iterator[bytes]:
    """The bytes of the tar from `begin` up to `end`."""
    position = 0
    for piece in found:
        first, last = max(begin, position), min(end, position + piece.size)
        if first < last and piece.path:
            with open(piece.path, "rb") as source:
                source.seek(first - position)
                left = last - first
                while left:
                    block = source.read(min(BLOCK, left))
                    if not block:
                        raise OSError(f"{piece.path} became shorter")
                    left -= len(block)
                    yield block
        elif first < last:
            yield piece.data[first - position : last - position]
        position += piece.size
        if position >= end:
            return


def split(
    bundle: Bundle, folder: str, size: int, join: str, tick: Callable[[int, int], None]
) -> Tuple[List[str], bool]:
    """-> names of the volumes in `folder`.volumes, and whether any was written."""
    place = folder.rstrip("/") + ".volumes"
    os.makedirs(place, exist_ok=True)
    paths = sorted([file.path for file in bundle.files] + [MANIFEST, SIGNATURE, SIGNER, SUMS])
    found = pieces(folder, paths)
    total = sum(piece.size for piece in found)
    with open(os.path.join(folder, SIGNATURE), "rb") as signature:
        mark = hashlib.sha256(signature.read()).hexdigest()
    state = os.path.join(place, ".yitiji-volumes.json")
    known: Any = read_json(state) or {}
    if known.get("of") != mark or known.get("size") != size:
        known = {"of": mark, "size": size, "sha256": {}}
    names, changed = [], False
    for number in range(-(-total // size)):
        name = f"{NAME}.{number:03d}"
        names.append(name)
        begin, end = number * size, min(total, (number + 1) * size)
        path = os.path.join(place, name)
        if name in known["sha256"] and os.path.exists(path) and os.path.getsize(path) == end - begin:
            continue
        digest, done = hashlib.sha256(), begin
        with open(path + ".part", "wb") as target:
            for block in cut(found, begin, end):
                target.write(block)
                digest.update(block)
                done += len(block)
                tick(done, total)
        os.replace(path + ".part", path)
        known["sha256"][name] = digest.hexdigest()
        write_json(state, known)
        changed = True
    for other in os.listdir(place):
        if other.startswith(NAME) and other not in names:
            os.unlink(os.path.join(place, other))
    write_atomic(os.path.join(place, SUMS), "".join(f"{known['sha256'][name]}  {name}\n" for name in names), 0o644)
    write_atomic(os.path.join(place, "join.sh"), join, 0o755)
    return names, changed
