# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empties the device code of other cards in a library, so that it packs small. The file keeps its layout.

A fat binary holds one image for each architecture; the driver takes the one that fits the card, by its header.
Headers stay, the content of the images that this card never takes becomes zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

REGION = 0xBA55ED50  # first word of a region of images
PTX, ELF = 1, 2
NOTHING_IN_FILE = 8  # SHT_NOBITS


class Image(NamedTuple):
    """One image of a region: where its content lies."""

    kind: int
    architecture: int
    start: int
    size: int


def fat_sections(data: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Offset and size of each .nv_fatbin section of an ELF file of 64 bits."""
    if data[:5] != b"\x7fELF\x02":
        return
    table = struct.unpack_from("<Q", data, 0x28)[0]
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    rows = [struct.unpack_from("<IIQQQQ", data, table + index * size) for index in range(count)]
    for row in rows:
        start = rows[names][4] + row[0]
        if data[start : data.index(b"\0", start)] == b".nv_fatbin" and row[1] != NOTHING_IN_FILE:
            yield row[4], row[5]


def regions(data: bytes | bytearray) -> Iterator[list[Image]]:
    for start, size in fat_sections(data):
        place = start
        while place + 16 <= start + size:
            word, _version, head, length = struct.unpack_from("<IHHQ", data, place)
            if word != REGION:
                place += 8
                continue
            place += head
            end, found = place + length, []
            while place < end:
                kind, _version, header, content = struct.unpack_from("<HHIQ", data, place)
                architecture = struct.unpack_from("<I", data, place + 28)[0]
                found.append(Image(kind, architecture, place + header, content))
                place += header + content
            yield found


def taken(images: list[Image], card: int) -> list[Image]:
    """What the driver takes for the card: its own machine code, else the newest PTX that is not newer than the card."""
    own = [image for image in images if image.kind == ELF and image.architecture == card]
    older = [image for image in images if image.kind == PTX and image.architecture <= card]
    newest = max((image.architecture for image in older), default=0)
    return own or [image for image in older if image.architecture == newest]


def thin(data: bytearray, card: int) -> int:
    """Zeroes in place; tells how many bytes."""
    emptied = 0
    for images in list(regions(data)):
        kept = taken(images, card)
        for image in images:
            if image not in kept:
                data[image.start : image.start + image.size] = bytes(image.size)
                emptied += image.size
    return emptied
