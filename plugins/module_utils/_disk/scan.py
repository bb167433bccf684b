# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through a disk image, byte for byte and without booting it, for what must not be in it."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

CHUNK = 16 * 1024 * 1024
OVERLAP = 8192
# A whole key, not the words that programs hold to recognise one.
PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\r?\n(?:[A-Za-z0-9+/=]{40,}\r?\n){2}[A-Za-z0-9+/=\r\n]*"
)


class Hit(NamedTuple):
    """What was found, and at which byte; of a key also the SHA-256 of its lines."""

    what: str
    offset: int
    digest: str = ""


def needles(wanted: Mapping[str, str]) -> Dict[str, List[bytes]]:
    """As text, and an id of 32 hexadecimal digits also as the 16 bytes that journals hold."""
    found: Dict[str, List[bytes]] = {}
    for name, value in wanted.items():
        forms = [value.encode()]
        if re.fullmatch(r"[0-9a-f]{32}", value):
            forms.append(bytes.fromhex(value))
        found[name] = forms
    return found


def scan(
    path: str,
    wanted: Mapping[str, str],
    tell: Optional[Callable[[int, int], None]] = None,
    published: Sequence[str] = (),
) -> List[Hit]:
    """All places of the values, and of private keys that nobody has published. Holes of a sparse file are skipped."""
    forms = needles(wanted)
    size = os.path.getsize(path)
    hits: Set[Hit] = set()
    with open(path, "rb") as image:
        position = 0
        while position < size:
            start = _data(image.fileno(), position)
            if start is None:
                break
            start = max(position, start - start % CHUNK)
            block = os.pread(image.fileno(), CHUNK + OVERLAP, start)
            hits.update(
                Hit(name, start + at)
                for name, values in forms.items()
                for v in values
                for at in _all(block, v)
                if at < CHUNK
            )
            keys = ((m.start(), hashlib.sha256(m.group()).hexdigest()) for m in PRIVATE_KEY.finditer(block))
            hits.update(Hit("private key", start + at, of) for at, of in keys if at < CHUNK and of not in published)
            position = start + CHUNK
            if tell:
                tell(min(position, size), size)
    return sorted(hits, key=lambda hit: (hit.offset, hit.what))


def _data(handle: int, position: int) -> Optional[int]:
    try:
        return os.lseek(handle, position, os.SEEK_DATA)
    except OSError:  # nothing but a hole from here to the end
        return None


def _all(block: bytes, value: bytes) -> List[int]:
    found, at = [], block.find(value)
    while at >= 0:
        found.append(at)
        at = block.find(value, at + 1)
    return found
