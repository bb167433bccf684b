# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image archives (`docker save` format): what is in one without reading it all, and a bounded stream out of it."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._http.stream import (
    RangeFile,
    Unreadable,
    is_url,
)

MAX_MANIFEST = 4 << 20


def image_ids(tar: tarfile.TarFile) -> Dict[str, List[str]]:
    """Tags by image id, from the manifest; the id is the digest of the image's configuration."""
    member = next((m for m in tar if m.name == "manifest.json"), None)
    stream = tar.extractfile(member) if member is not None and member.size <= MAX_MANIFEST else None
    if stream is None:
        raise Unreadable("no manifest.json: not a `docker save` archive")
    images: Dict[str, List[str]] = {}
    for row in json.loads(stream.read().decode("utf-8")):
        name = str(row["Config"]).rpartition("/")[2]
        name = name[: -len(".json")] if name.endswith(".json") else name
        images["sha256:" + name] = [str(tag) for tag in row.get("RepoTags") or []]
    return images


def peek(source: str) -> Optional[Dict[str, List[str]]]:
    """The images of an archive; None where that can't be known without reading it all (compressed, no ranges)."""
    try:
        # RawIOBase is what tarfile reads, though typeshed does not call it IO[bytes].
        raw: Any = RangeFile(source) if is_url(source) else io.FileIO(source)
    except Unreadable as error:
        if "knows no ranges" in str(error):
            return None
        raise
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror or error}") from error
    with raw:
        try:
            with tarfile.open(fileobj=raw, mode="r:") as tar:
                return image_ids(tar)
        except tarfile.ReadError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(f"{source}: the manifest cannot be read: {error}") from error
