# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds an order of the artefact's files that packs better, when it nears its bound: python -m release.order [ROUNDS]

A packer looks back 32 KiB, no further, so that a twentieth of the size hangs on which files stand near each other.
Runs of files are moved beside files that are like them, and stay there if the packed text is shorter. It takes half a
minute a round, begins with what release/order.txt holds and writes that; new files need no run, as dist.py places them.
"""

from __future__ import annotations

import collections
import heapq
import random
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Iterator, Sequence

from release import dist

WINDOW, AFTER = 32_768, 26_000  # bytes that a packer looks back; so far what follows is packed differently
PIECE, ONE_OF = 12, 8  # files are alike by pieces of so many bytes, of which one in so many tells as much as all
BESIDE, TRIED = 10, 4  # files that are most alike; places beside them that are tried at a time
RUNS = (1, 1, 1, 2, 2, 3, 4, 6)  # files that are moved together


def alike(texts: Sequence[bytes]) -> list[list[int]]:
    """For each file those that share most with it."""
    rows = [
        {mark for at in range(len(text) - PIECE + 1) if not (mark := zlib.crc32(text[at : at + PIECE])) % ONE_OF}
        for text in texts
    ]
    where = collections.defaultdict[int, list[int]](list)
    for place, row in enumerate(rows):
        for mark in row:
            where[mark].append(place)
    found = []
    for place, row in enumerate(rows):
        shared = collections.Counter(other for mark in sorted(row) for other in where[mark] if other != place)
        found.append(heapq.nsmallest(BESIDE, shared, key=lambda other: (-shared[other], other)))
    return found


def deflated(texts: Sequence[bytes], row: Sequence[int], start: int, moved: int) -> int:
    """Bytes of what stands from here on as far as it hangs on what was moved, packed behind what stands before it."""
    before, at = b"", start
    while at > 0 and len(before) < WINDOW:
        at -= 1
        before = texts[row[at]] + before
    end, far = start + moved, 0
    while end < len(row) and far < AFTER:
        far += len(texts[row[end]])
        end += 1
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, before[-WINDOW:])
    return len(packer.compress(b"".join(texts[place] for place in row[start:end])) + packer.flush())


def better(texts: Sequence[bytes], rounds: int) -> Iterator[list[int]]:
    """The order after each round, in which every file may move once."""
    order, like, chance = list(range(len(texts))), alike(texts), random.Random(0)  # noqa: S311 - the same each time
    for _ in range(rounds):
        for place in chance.sample(order, len(order)):
            here, length = order.index(place), chance.choice(RUNS)
            run, rest = order[here : here + length], order[:here] + order[here + length :]
            near = [rest.index(other) for other in like[place] if other not in run]
            spots = sorted({spot for at in near for spot in (at, at + 1)} - {here})
            best, found = order, deflated(texts, rest, here, 0) - deflated(texts, order, here, len(run))
            for spot in chance.sample(spots, min(TRIED, len(spots))):
                row = [*rest[:spot], *run, *rest[spot:]]
                if (now := deflated(texts, rest, spot, 0) - deflated(texts, row, spot, len(run))) > found:
                    best, found = row, now
            order = best
        yield order


def main(words: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        archive = dist.gathered(Path(folder), dist.addresses("https://code.yitiji.internal/yitiji/deepseek"))
        members, texts = dist.unpacked(archive, 0)
    heads = {member.name: member.tobuf(tarfile.USTAR_FORMAT) for member in members}
    names = dist.ordered(texts, dist.ORDER.read_text(encoding="utf-8").splitlines())
    whole = [heads[name] + texts[name] + bytes(-len(texts[name]) % 512) for name in names]
    for order in better(whole, int(words[0]) if words else 10):
        dist.ORDER.write_text("".join(f"{names[place]}\n" for place in order), encoding="utf-8")
        print(len(zlib.compress(b"".join(whole[place] for place in order), 9)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
