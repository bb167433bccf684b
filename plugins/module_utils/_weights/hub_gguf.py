# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tensors of GGUF files on the hub, from the first megabytes of each."""

from __future__ import annotations

from typing import BinaryIO, Callable, Dict, List, Sequence, cast

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.gguf import NotGguf, read_tensors
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry, matches

FIRST, MOST = 256 << 10, 8 << 20  # parts after the first have a header of a few kilobytes, a vocabulary takes megabytes
LIMIT = 64 << 20

Read = Callable[[str, int, int], bytes]  # path, first byte, byte after the last


class Remote:
    """A stream over ranges, each larger than the last, so that a small header costs one small request."""

    def __init__(self, read: Read, entry: Entry) -> None:
        self._read, self._entry = read, entry
        self._block, self._at = b"", 0
        self._fetched, self._step = 0, FIRST

    def read(self, count: int) -> bytes:
        while len(self._block) - self._at < count and self._fetched < min(self._entry.size, LIMIT):
            last = min(self._entry.size, self._fetched + max(self._step, count))
            self._block = self._block[self._at :] + self._read(self._entry.path, self._fetched, last)
            self._at, self._fetched = 0, last
            self._step = min(MOST, self._step * 4)
        piece = self._block[self._at : self._at + count]
        self._at += len(piece)
        return piece


def tensors(
    listing: Sequence[Entry], patterns: Sequence[str], read: Read, warnings: List[Refusal]
) -> Dict[str, Dict[str, int]]:
    """Bytes of each tensor, by file and name.

    A header that can't be read is a warning: the plan then goes by proportion.
    """
    found: Dict[str, Dict[str, int]] = {}
    for entry in listing:
        if not entry.path.endswith(".gguf") or not patterns or not matches(entry.path, patterns):
            continue
        try:
            found[entry.path] = read_tensors(cast(BinaryIO, Remote(read, entry)))
        except NotGguf as error:
            warnings.append(Refusal("LLM602", path=entry.path, detail=str(error)))
    return found
