# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image archives (`docker save`, OCI layout): which images are in one, and by which digests an engine knows them."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._http.stream import (
    RangeFile,
    Unreadable,
    is_url,
)

MAX_TEXT = 4 << 20  # of a manifest or a configuration
MAX_TEXTS = 64 << 20  # of all that a compressed archive holds
SECONDS = 300.0  # for reading a compressed archive through
ZSTD = b"\x28\xb5\x2f\xfd"
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", ZSTD)
DOCKER = "application/vnd.docker."
NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class Packed(NamedTuple):
    """One image of an archive.

    Docker's own store knows an image by its configuration's digest; containerd's (the default of new installations
    from Docker 29 on) by the digest of its manifest, or of the index above it. All of them stand in `digests`.
    """

    id: str  # the configuration's digest
    tags: List[str]
    digests: List[str]


class Members:
    """Files of an archive by name: their sizes, and the contents of the small ones."""

    def __init__(self) -> None:
        self.sizes: Dict[str, int] = {}
        self.texts: Dict[str, bytes] = {}
        self.heads: Dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        return self.texts[name]

    def head(self, name: str) -> bytes:
        return self.heads[name]

    def json(self, name: str) -> Any:
        return json.loads(self.read(name).decode("utf-8"))


class Seekable(Members):
    """Only headers are read, and what is asked for."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        super().__init__()
        self.tar = tar
        self.members = {_plain(member.name): member for member in tar}
        self.sizes = {name: member.size for name, member in self.members.items() if member.isreg()}

    def read(self, name: str) -> bytes:
        if name not in self.texts:
            if self.sizes[name] > MAX_TEXT:
                raise ValueError(f"{name} is too large")
            self.texts[name] = self._part(name, MAX_TEXT)
        return self.texts[name]

    def head(self, name: str) -> bytes:
        return self._part(name, 8)

    def _part(self, name: str, size: int) -> bytes:
        member = self.members[name]
        stream = self.tar.extractfile(member)  # a link leads to the file meant
        return stream.read(size) if stream else b""


def _plain(name: str) -> str:
    return name[2:] if name.startswith("./") else name


def _streamed(tar: tarfile.TarFile, end: float) -> Optional[Members]:
    """Everything small, kept while the archive passes by; None where that takes too long."""
    found, total = Members(), 0
    for member in tar:
        if time.monotonic() > end:
            return None
        stream = tar.extractfile(member) if member.isreg() else None
        if stream is None:
            continue
        name, head = _plain(member.name), stream.read(8)
        found.sizes[name], found.heads[name] = member.size, head
        if member.size <= MAX_TEXT and head[:1] in (b"{", b"[") and total + member.size <= MAX_TEXTS:
            found.texts[name] = head + stream.read()
            total += member.size
    return found


def images(members: Members) -> List[Packed]:
    """What the archive's own tables say. Raises ValueError, KeyError or TypeError for tables that are none."""
    has_table, has_index = "manifest.json" in members.sizes, "index.json" in members.sizes
    if not (has_table or has_index):
        raise Unreadable("no manifest.json and no index.json: not a `docker save` archive and no OCI layout")
    found: Dict[str, Packed] = {}
    for row in members.json("manifest.json") if has_table else []:
        identity = _digest_in(str(row["Config"]))
        one = found.setdefault(identity, Packed(identity, [], [identity]))
        one.tags.extend(str(tag) for tag in row.get("RepoTags") or [])
        made = "" if has_index else generated(members, row, identity)
        if made:
            one.digests.append(made)
    for entry in members.json("index.json").get("manifests") or [] if has_index else []:
        _index(members, entry, found, [], not has_table)
    return list(found.values())


def _digest_in(name: str) -> str:
    """`sha256:…` from the name of a configuration's file."""
    name = name.rpartition("/")[2]
    return "sha256:" + (name[: -len(".json")] if name.endswith(".json") else name)


def _index(
    members: Members, entry: Dict[str, Any], found: Dict[str, Packed], above: List[str], tagged: bool, depth: int = 0
) -> None:
    """Follows an entry of an index down to the configurations of images."""
    digest = str(entry["digest"])
    path = "blobs/" + digest.replace(":", "/", 1)
    if path not in members.sizes or depth > 3:  # another platform's, which this archive does not hold
        return
    if hashlib.sha256(members.read(path)).hexdigest() != digest.rpartition(":")[2]:
        raise ValueError(f"{path} is not what its name says")
    inside = members.json(path)
    chain = [*above, digest]
    tags = [str(value) for key, value in (entry.get("annotations") or {}).items() if key == NAMES[0] and value]
    if "manifests" in inside:
        for each in inside["manifests"]:
            noted = {**each, "annotations": {**(entry.get("annotations") or {}), **(each.get("annotations") or {})}}
            _index(members, noted, found, chain, tagged, depth + 1)
    elif "config" in inside:
        identity = str(inside["config"]["digest"])
        if (entry.get("annotations") or {}).get("vnd.docker.reference.type") == "attestation-manifest":
            return
        one = found.setdefault(identity, Packed(identity, [], [identity]))
        one.digests.extend(name for name in reversed(chain) if name not in one.digests)
        one.tags.extend(tag for tag in tags if tagged and tag not in one.tags)


def generated(members: Members, row: Dict[str, Any], identity: str) -> str:
    """The manifest's digest that containerd will make for an image whose archive holds no manifest.

    It writes one of Docker's form from the files as they are. '' where the layers are compressed, as their digests
    stand nowhere.
    """
    config, layers = str(row["Config"]), [str(name) for name in row.get("Layers") or []]
    try:
        text = members.read(config)
        diffs = [str(diff) for diff in (json.loads(text.decode("utf-8")).get("rootfs") or {}).get("diff_ids") or []]
        if len(diffs) != len(layers) or any(members.head(layer).startswith(PACKED) for layer in layers):
            return ""
        sizes = [members.sizes[layer] for layer in layers]
    except (KeyError, ValueError, AttributeError, tarfile.TarError):
        return ""
    if "sha256:" + hashlib.sha256(text).hexdigest() != identity:
        raise ValueError(f"{config} is not what its name says")
    made = {
        "schemaVersion": 2,
        "mediaType": DOCKER + "distribution.manifest.v2+json",
        "config": {"mediaType": DOCKER + "container.image.v1+json", "digest": identity, "size": len(text)},
        "layers": [
            {"mediaType": DOCKER + "image.rootfs.diff.tar", "digest": diff, "size": size}
            for diff, size in zip(diffs, sizes)
        ],
    }
    return "sha256:" + hashlib.sha256(json.dumps(made, separators=(",", ":")).encode()).hexdigest()


def peek(source: str) -> Optional[List[Packed]]:
    """The images of an archive; None where that can't be known without fetching it all, or not in time."""
    try:
        stamp = (0, 0) if is_url(source) else (os.stat(source).st_mtime_ns, os.stat(source).st_size)
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror or error}") from error
    return _peek(source, stamp)


@functools.lru_cache(maxsize=32)
def _peek(source: str, _stamp: Any) -> Optional[List[Packed]]:
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
                return images(Seekable(tar))
        except tarfile.ReadError:
            pass
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"{source}: the manifest cannot be read: {error}") from error
    return None if is_url(source) else _unpacked(source)


def contents(source: str, identity: str) -> Tuple[int, Dict[str, str]]:
    """Bytes of all that is in an archive, and the environment that the image with this configuration sets."""
    digest = identity.rpartition(":")[2]
    try:
        raw: Any = RangeFile(source) if is_url(source) else io.FileIO(source)
        with raw, tarfile.open(fileobj=raw, mode="r:") as tar:
            members = Seekable(tar)
            names = [name for name in ("blobs/sha256/" + digest, digest + ".json") if name in members.sizes]
            config = members.json(names[0]).get("config") or {} if names else {}
            lines = [str(line) for line in config.get("Env") or []]
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{source}: the configuration cannot be read: {error}") from error
    return sum(members.sizes.values()), dict(line.split("=", 1) for line in lines if "=" in line)


def _unpacked(source: str) -> Optional[List[Packed]]:
    """A compressed archive on the node is read through once: sooner refused than loaded and removed again."""
    try:
        with _opened(source) as tar:
            members = _streamed(tar, time.monotonic() + SECONDS) if tar else None
            return images(members) if members else None
    except (tarfile.TarError, OSError, EOFError):
        return None  # what it is, `docker load` will say
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{source}: the manifest cannot be read: {error}") from error


@contextmanager
def _opened(source: str) -> Iterator[Optional[tarfile.TarFile]]:
    with open(source, "rb") as stream:
        head = stream.read(4)
    if head != ZSTD:
        with tarfile.open(source, mode="r|*") as tar:
            yield tar
    elif not shutil.which("zstd"):  # Python knows it from 3.14 on
        yield None
    else:
        with subprocess.Popen(["zstd", "-dcq", source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                    yield tar
            finally:
                process.kill()
