# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An archive of files: each of its members is judged before the first one is written anywhere.

A gzipped tar: the files, then manifest.json with size, sha256 and mode of each, then manifest.sha256. The digests find
damage; who made an archive they cannot tell. So nothing in it is trusted: only regular files, each name accepted by
whoever reads it, no name twice, sizes and counts bounded while they are read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import tree

MANIFEST, SEAL = "manifest.json", "manifest.sha256"
BLOCK = 1 << 20
MEMBERS = 500_000
MANIFEST_BYTES = 96 << 20
SMALL = 1 << 16  # bytes of a secret or a certificate
PAX_BYTES = 1 << 14
DAMAGES = (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError, RecursionError)
Stream = Union[BinaryIO, gzip.GzipFile]


class Entry(NamedTuple):
    size: int
    sha256: str
    mode: int


class Contents(NamedTuple):
    """What may be in an archive, and what it says of itself."""

    kind: str
    schemas: Tuple[int, ...]
    may: Callable[[str], bool]  # by name
    look: Callable[[str, bytes], Optional[Text]]  # what is wrong inside a small one
    small: Callable[[str], int]  # how large one that is looked into may be; 0: it is not looked into


def broken(path: str, why: Text) -> Refusal:
    return Refusal("LLM712", path=path, why=why)


def plain(name: str) -> bool:
    """A name below a folder: no way up or to the root, nothing that a terminal reads as something else."""
    parts = name.split("/")
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= 1024
        and len(parts) <= tree.DEPTH + 2
        and all(part not in ("", ".", "..") and len(part.encode("utf-8", "surrogatepass")) <= 255 for part in parts)
        and all(ord(letter) >= 32 and not 0x7F <= ord(letter) < 0xA0 for letter in name)
        and not any(0xD800 <= ord(letter) < 0xE000 for letter in name)
    )


class Writer:
    """Adds files to an archive and remembers what they were."""

    def __init__(self, stream: BinaryIO) -> None:
        self.tar = tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `close` ends it
        self.entries: Dict[str, Entry] = {}

    def add(self, name: str, source: BinaryIO, mode: Optional[int] = None) -> None:
        about = os.fstat(source.fileno())
        digest = _Hashing(source)
        header = self._header(name, about.st_size, stat.S_IMODE(about.st_mode) if mode is None else mode)
        self.tar.addfile(header, digest)
        self.entries[name] = Entry(about.st_size, digest.value.hexdigest(), header.mode)

    def close(self, kind: str, schema: int, about: Mapping[str, Any]) -> Dict[str, Any]:
        members = {name: list(entry) for name, entry in sorted(self.entries.items())}
        manifest = {**about, "kind": kind, "schema": schema, "members": members}
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8")
        seal = hashlib.sha256(text).hexdigest().encode("ascii")
        for name, data in ((MANIFEST, text), (SEAL, seal)):
            self.tar.addfile(self._header(name, len(data), 0o600), io.BytesIO(data))
        self.tar.close()
        return manifest

    @staticmethod
    def _header(name: str, size: int, mode: int) -> tarfile.TarInfo:
        header = tarfile.TarInfo(name)
        header.size, header.mode = size, mode
        return header


class _Hashing:
    """A file whose bytes are hashed on their way."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.value = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.value.update(data)
        return data


class Reader:
    """Goes through an archive once. `place` gives the file to write a member to; without it nothing is written."""

    def __init__(self, path: str, contents: Contents, most: int) -> None:
        self.path, self.contents, self.left = path, contents, most
        self.seen: Dict[str, Entry] = {}
        self.texts: Dict[str, bytes] = {}

    def read(self, source: BinaryIO, place: Optional[Callable[[str, int], BinaryIO]] = None) -> Dict[str, Any]:
        try:
            with gzip.GzipFile(fileobj=source, mode="rb") as stream:
                for header in iter(lambda: self._header(stream), None):
                    self._member(stream, header, place)
                self._end(stream)
        except DAMAGES as error:
            told = str(error) or type(error).__name__
            raise self.bad(Text(f"it is cut off or damaged ({told})", f"文件不完整或已损坏（{told}）")) from error
        return self._judge()

    def bad(self, why: Text) -> Refusal:
        return broken(self.path, why)

    def holds(self, name: str) -> Refusal:
        return self.bad(Text(f"it holds {name!r}", f"其中含有 {name!r}"))

    def _take(self, stream: Stream, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            more = stream.read(min(BLOCK, size - len(data)))
            if not more:
                raise EOFError("unexpected end of data")
            data += more
        return bytes(data)

    def _header(self, stream: Stream) -> Optional[tarfile.TarInfo]:
        """The next member's; a long name or size comes in a record of its own before it, which is bounded."""
        names: Dict[str, str] = {}
        while True:
            raw = self._take(stream, tarfile.BLOCKSIZE)
            if not raw.strip(b"\0"):
                return None
            header = tarfile.TarInfo.frombuf(raw, "utf-8", "strict")
            if header.type == tarfile.XHDTYPE and not names and 0 < header.size <= PAX_BYTES:
                names = _records(self._take(stream, _whole(header.size))[: header.size])
                continue
            break
        if set(names) - {"path", "size"}:
            raise self.holds(", ".join(sorted(names)))
        header.name = names.get("path", header.name)
        header.size = int(names["size"]) if names.get("size", "").isdigit() else header.size
        if header.type != tarfile.REGTYPE or header.size < 0:
            raise self.holds(header.name)
        return header

    def _member(self, stream: Stream, header: tarfile.TarInfo, place: Optional[Callable[[str, int], BinaryIO]]) -> None:
        name = header.name
        if name in (MANIFEST, SEAL):
            if name in self.texts or header.size > MANIFEST_BYTES:
                raise self.holds(name)
            self.texts[name] = self._take(stream, _whole(header.size))[: header.size]
            return
        if self.texts or name in self.seen or not plain(name) or not self.contents.may(name):
            raise self.holds(name)
        if len(self.seen) >= MEMBERS:
            raise self.bad(Text(f"it holds more than {MEMBERS} files", f"其中的文件超过 {MEMBERS} 个"))
        self.left -= header.size
        if self.left < 0:
            raise self.bad(Text("it would fill more room than there is", "其内容超过可用空间"))
        if self.contents.small(name):
            self._look(name, header, stream, place)
            return
        digest, left = hashlib.sha256(), header.size
        with place(name, header.mode) if place else open(os.devnull, "wb") as out:
            while left:
                data = self._take(stream, min(BLOCK, left))
                left -= len(data)
                digest.update(data)
                out.write(data)
        self._take(stream, _whole(header.size) - header.size)
        self.seen[name] = Entry(header.size, digest.hexdigest(), header.mode)

    def _look(
        self, name: str, header: tarfile.TarInfo, stream: Stream, place: Optional[Callable[[str, int], BinaryIO]]
    ) -> None:
        most = self.contents.small(name)
        if header.size > most:
            raise self.bad(Text(f"{name} is larger than {most} bytes", f"{name} 超过 {most} 字节"))
        data = self._take(stream, _whole(header.size))[: header.size]
        wrong = self.contents.look(name, data)
        if wrong:
            raise self.bad(Text(f"{name}: {wrong.en}", f"{name}：{wrong.zh}"))
        if place:
            with place(name, header.mode) as out:
                out.write(data)
        self.seen[name] = Entry(header.size, hashlib.sha256(data).hexdigest(), header.mode)

    def _end(self, stream: Stream) -> None:
        """Nothing but the tar's own padding follows."""
        rest = stream.read(1 << 16)
        if rest.strip(b"\0") or stream.read(1):
            raise self.bad(Text("something follows its end", "其末尾之后还有内容"))

    def _judge(self) -> Dict[str, Any]:
        if set(self.texts) != {MANIFEST, SEAL}:
            raise self.bad(Text("it has no manifest at its end", "末尾没有清单"))
        if hashlib.sha256(self.texts[MANIFEST]).hexdigest().encode("ascii") != self.texts[SEAL]:
            raise self.bad(Text("its manifest was changed", "清单被改动"))
        try:
            manifest: Dict[str, Any] = json.loads(self.texts[MANIFEST].decode("utf-8"))
            wanted = {name: Entry(*entry) for name, entry in manifest["members"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self.bad(Text("its manifest can't be read", "清单无法读取")) from error
        if manifest.get("kind") != self.contents.kind or manifest.get("schema") not in self.contents.schemas:
            told = "{} {}".format(manifest.get("kind"), manifest.get("schema"))
            why = Text(f"it is no backup that this release knows ({told})", f"不是本版本可识别的备份（{told}）")
            raise self.bad(why)
        other = sorted(name for name in {*self.seen, *wanted} if self.seen.get(name) != wanted.get(name))
        if other:
            names = ", ".join(other[:3])
            raise self.bad(Text(f"other than when it was made: {names}", f"内容与制作时不同：{names}"))
        for name in self.seen:
            parts = name.split("/")
            if any("/".join(parts[:count]) in self.seen for count in range(1, len(parts))):
                raise self.holds(name)
        return manifest


def _whole(size: int) -> int:
    """With the padding to whole blocks."""
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _records(data: bytes) -> Dict[str, str]:
    """`LENGTH KEY=VALUE\\n`, as often as it fits."""
    found: Dict[str, str] = {}
    while data:
        length, space, _rest = data.partition(b" ")
        if not space or not length.isdigit() or not len(length) + 3 <= int(length) <= len(data):
            raise tarfile.HeaderError("a record is damaged")
        record, data = data[: int(length)], data[int(length) :]
        key, equals, value = record[len(length) + 1 :].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise tarfile.HeaderError("a record is damaged")
        found[key.decode("utf-8")] = value[:-1].decode("utf-8")
    return found


def read(
    path: Path, contents: Contents, most: int, place: Optional[Callable[[str, int], BinaryIO]] = None
) -> Dict[str, Any]:
    """The manifest of an archive, every byte of which was read and accepted; LLM712 otherwise."""
    with tree.open_file(str(path)) as source:
        return Reader(str(path), contents, most).read(source, place)


def digest(stream: BinaryIO) -> str:
    """Of all that is left in a stream."""
    value = hashlib.sha256()
    for block in iter(lambda: stream.read(BLOCK), b""):
        value.update(block)
    return value.hexdigest()


def space_needed(manifest: Mapping[str, Any]) -> int:
    return sum(int(entry[0]) for entry in manifest["members"].values())
