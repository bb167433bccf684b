# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of GGUF files, whole and broken."""

from __future__ import annotations

import contextlib
import io
import struct

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import NotGguf, read_tensors
from hypothesis import given, settings
from hypothesis import strategies as st


def text(content):
    return struct.pack("<Q", len(content)) + content


def header(tensors, keys=b"", count=0):
    body = b"".join(
        text(name)
        + struct.pack("<I", len(shape))
        + struct.pack(f"<{len(shape)}Q", *shape)
        + struct.pack("<IQ", kind, 0)
        for name, shape, kind in tensors
    )
    return struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), count) + keys + body


def test_tensors_are_read_from_the_header():
    keys = text(b"general.name") + struct.pack("<I", 8) + text(b"x")
    keys += text(b"tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b")
    keys += text(b"n") + struct.pack("<IQ", 10, 7)
    found = read_tensors(io.BytesIO(header([(b"blk.0.w", (256, 4), 12), (b"output.weight", (64, 3), 1)], keys, 3)))
    assert found == {"blk.0.w": 4 * 144, "output.weight": 64 * 3 * 2}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"version https://git-lfs",
        b"GGUF" + b"\xff" * 20,
        header([(b"w", (1,), 99)]),
        header([(b"w", (1,), 1)])[:-3],
        header([], text(b"k") + struct.pack("<I", 77), 1),
        header([], text(b"k") + struct.pack("<IIQ", 9, 8, 2**40), 1),
        header([], struct.pack("<Q", 2**60), 1),
    ],
)
def test_broken_headers_are_refused(content):
    with pytest.raises(NotGguf):
        read_tensors(io.BytesIO(content))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_in_an_answer(content):
    with contextlib.suppress(NotGguf):
        read_tensors(io.BytesIO(b"GGUF\x03\0\0\0" + content))
