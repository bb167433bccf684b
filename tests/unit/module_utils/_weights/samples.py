# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A safetensors file of a few bytes; files in memory as the source of a download."""

from __future__ import annotations

import json
import struct

from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.sources import Source, Stream


def tensors(end, size, header=None):
    text = header or json.dumps({"w": {"data_offsets": [0, end]}}).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


class Piece(Stream):
    """An answer in memory, a few bytes at a time; it may be cut."""

    def __init__(self, data, first, stop, ranged, cut):
        self.data, self.first, self.ranged = data, first, ranged
        self.pos, self.stop, self.cut, self.whole = first, stop, cut, None

    def readinto(self, view):
        if self.cut is not None and self.pos >= self.cut:
            return 0
        piece = self.data[self.pos : min(self.stop, self.pos + 300, self.pos + len(view))]
        view[: len(piece)] = piece
        self.pos += len(piece)
        return len(piece)

    def finish(self, whole):
        self.whole = whole


class Shelf(Source):
    """Files by name. Plain: it ignores ranges; cut: where answers end."""

    name = "shelf"

    def __init__(self, files, plain=False, cut=None):
        self.files, self.plain, self.cut, self.streams = files, plain, cut, []

    def open(self, handle, entry, start, stop):
        data = self.files[entry.path]
        first, end = (0, len(data)) if self.plain else (start, stop)
        self.streams.append(Piece(data, first, end, not self.plain, self.cut))
        return self.streams[-1]
