# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether files are a model: formats, split sets, index; and the hashes of files on a disk."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
from typing import BinaryIO, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import pickled
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import printable
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.job import STEP

HEADER_LIMIT = 100 << 20  # of a safetensors header
SPLIT_NAME = re.compile(r"^(.*)-(\d{5})-of-(\d{5})(\.[A-Za-z0-9.]+)$")


def check_format(path: str, name: str, no_pickles: bool = False) -> None:
    """Checks the first bytes of a file before it gets its final name (LLM602; LLM650 where pickles are not wanted)."""
    with os.fdopen(os.open(path, inside.READ), "rb") as source:
        size = os.fstat(source.fileno()).st_size
        head = source.read(200)
        if size < 200 and head.startswith(b"version https://git-lfs"):
            raise Refusal("LLM602", path=name, detail="a Git LFS pointer, not the file")
        if no_pickles and pickled(head, name):
            raise Refusal("LLM650", model=name, detail="by its first bytes")
        if name.endswith(".gguf") and head[:4] != b"GGUF":
            raise Refusal("LLM602", path=name, detail=f"it does not begin with GGUF but with {head[:4]!r}")
        if name.endswith(".safetensors"):
            _check_safetensors(source, name, size, head)


def _check_safetensors(source: BinaryIO, name: str, size: int, head: bytes) -> None:
    length = struct.unpack("<Q", head[:8])[0] if len(head) >= 8 else 0
    if not 2 <= length <= min(size - 8, HEADER_LIMIT):
        raise Refusal("LLM602", path=name, detail=f"the safetensors header's length is {length} in a file of {size}")
    source.seek(8)
    try:
        header = json.loads(source.read(length).decode("utf-8"))
        ends = [row["data_offsets"][1] for key, row in header.items() if key != "__metadata__"]
        end = max(ends) if ends else 0
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Refusal("LLM602", path=name, detail="the safetensors header cannot be read") from error
    if end != size - 8 - length:
        raise Refusal(
            "LLM602", path=name, detail=f"the header speaks of {end} bytes of tensors, there are {size - 8 - length}"
        )


def check_sets(names: Iterable[str]) -> None:
    """Checks that split files are complete: 00001-of-00003 needs the other two (LLM602)."""
    groups: Dict[str, set[int]] = {}
    for name in names:
        match = SPLIT_NAME.match(name)
        if match:
            key = f"{match.group(1)}-*-of-{match.group(3)}{match.group(4)}"
            groups.setdefault(key, set()).add(int(match.group(2)))
    for key, numbers in sorted(groups.items()):
        match = re.search(r"-of-(\d{5})", key)
        total = int(match.group(1)) if match else 0
        missing = sorted(set(range(1, total + 1)) - numbers)
        if missing:
            first = ", ".join(str(number) for number in missing[:5])
            raise Refusal("LLM602", path=key, detail=f"{len(missing)} of {total} parts are missing: {first}")


def check_index(dest: str, names: Sequence[str]) -> None:
    """Checks that every shard which the index names is there (LLM603)."""
    present = set(names)
    for name in names:
        if not name.endswith(".safetensors.index.json"):
            continue
        try:
            with os.fdopen(inside.open_file(dest, name), "rb") as source:
                shards = set(json.loads(source.read(HEADER_LIMIT).decode("utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Refusal("LLM602", path=name, detail="not an index of shards") from error
        folder = name.rsplit("/", 1)[0] + "/" if "/" in name else ""
        missing = sorted(str(shard) for shard in shards if folder + str(shard) not in present)
        if missing:
            raise Refusal("LLM603", path=name, detail=printable(", ".join(str(name) for name in missing[:5])))


class Hashed(NamedTuple):
    sha256: str
    digests: List[str]
    size: int


def hash_file(path: str, tick: Callable[[int], None], buffer_bytes: int = 1 << 20) -> Optional[Hashed]:
    """The hash of a file and of its prefixes; None where it can't be read."""
    digest = hashlib.sha256()
    digests: List[str] = []
    view = memoryview(bytearray(buffer_bytes))
    size = 0
    try:
        with os.fdopen(os.open(path, inside.READ), "rb", buffering=0) as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                return None
            while True:
                count = source.readinto(view[: min(buffer_bytes, STEP - size % STEP)])
                if not count:
                    return Hashed(digest.hexdigest(), digests, size)
                digest.update(view[:count])
                size += count
                if size % STEP == 0:
                    digests.append(digest.hexdigest())
                tick(count)
    except OSError:
        return None
