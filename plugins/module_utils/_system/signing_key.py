# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprints of OpenPGP keys, so that only the pinned key can sign a repository."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Iterator, List, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


def _packets(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """(tag, body) of each OpenPGP packet with a known length (RFC 4880, section 4.2)."""
    at = 0
    while at < len(data) and data[at] & 0x80:
        head = data[at]
        if head & 0x40:
            tag, first = head & 0x3F, data[at + 1]
            if first < 192:
                size, start = first, at + 2
            elif first < 224:
                size, start = ((first - 192) << 8) + data[at + 2] + 192, at + 3
            else:
                size, start = int.from_bytes(data[at + 2 : at + 6], "big"), at + 6
        else:
            tag, width = (head >> 2) & 0x0F, 1 << (head & 3)
            size, start = int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width
        yield tag, data[start : start + size]
        at = start + size


def fingerprints(armored: str) -> List[str]:
    """Fingerprints of the primary keys (version 4) in an armored file; none where it holds none."""
    found = []
    for block in re.findall(r"-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END", armored, re.DOTALL):
        _headers, _blank, body = block.replace("\r", "").partition("\n\n")
        lines = [line for line in body.split("\n") if line and not line.startswith("=")]
        try:
            data = base64.b64decode("".join(lines), validate=True)
            keys = [packet for tag, packet in _packets(data) if tag == 6 and packet[:1] == b"\x04"]
        except (ValueError, IndexError):
            continue
        found += [
            hashlib.sha1(b"\x99" + len(key).to_bytes(2, "big") + key).hexdigest().upper()  # noqa: S324 - as OpenPGP says
            for key in keys
        ]
    return found


def check_key(armored: str, fingerprint: str, source: str) -> None:
    """Refuses a file with another key than the pinned one, or with more than one (LLM316)."""
    check_keys(armored, [fingerprint], source)


def check_keys(armored: str, pinned: Sequence[str], source: str, sha256: str = "") -> None:
    """Refuses a file that holds no key, or one that is not pinned; with a `sha256`, any other file, too (LLM316)."""
    wishes = [plain(fingerprint) for fingerprint in pinned]
    found, digest = fingerprints(armored), hashlib.sha256(armored.encode()).hexdigest()
    if sha256 and digest != sha256.lower():
        raise Refusal("LLM316", source=source, wish=f"sha256 {sha256}", shown=f"sha256 {digest}")
    if found and set(found) <= set(wishes) and len(found) == len(set(found)):
        return
    raise Refusal("LLM316", source=source, wish=", ".join(wishes), shown=", ".join(found) or "no key")


def plain(fingerprint: str) -> str:
    """Forty digits, as they are compared."""
    return re.sub(r"[^0-9A-F]", "", fingerprint.upper())
