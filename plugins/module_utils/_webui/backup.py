# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One archive with all user data of the chat page: written whole, read back only when every byte is as it was.

A gzipped tar: data/…, secrets/…, then manifest.json with the sha256 of each file, then manifest.sha256.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import stat
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.data import newer_than

KIND, SCHEMA = "yitiji.deepseek/open_webui", 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
PART = ".yitiji-backup-"
USERS = "open-webui-users"
# What the page makes again by itself.
LEFT_OUT = {"cache/embedding", "cache/whisper", "cache/tiktoken", "cache/huggingface"}
SIDE_FILES = ("-wal", "-shm", "-journal")
BLOCK = 1 << 20
VERSIONS = ("made by Open WebUI {}, here runs {}", "由 Open WebUI {} 制作，本机为 {}")
SQLITE = b"SQLite format 3\0"


class Entry(NamedTuple):
    size: int
    sha256: str
    mode: int


def broken(path: str, why: Text) -> Refusal:
    return Refusal("LLM712", path=path, why=why)


def files_of(folder: Path) -> Iterator[Tuple[str, Path]]:
    """Regular files below a folder by their names in it, in order; links and what can be made again stay out."""
    for where, folders, names in os.walk(folder):
        here = Path(where)
        folders[:] = sorted(f for f in folders if (here / f).relative_to(folder).as_posix() not in LEFT_OUT)
        for name in sorted(names):
            path = here / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix(), path


def secrets_of(folder: Path) -> Dict[str, Path]:
    """The secrets without which the data are of no use: the session key and the passwords made here."""
    found = {name: folder / name for name in ("open-webui-session", "open-webui-admin") if (folder / name).is_file()}
    users = folder / USERS
    if users.is_dir():
        found.update({f"{USERS}/{path.name}": path for _, path in files_of(users)})
    return found


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


def snapshot(database: Path, work: Path) -> Path:
    """A whole copy of a database that nobody writes to: its log is folded in, its pages are checked."""
    copy = work / "database"
    for suffix in ("", *SIDE_FILES):
        (work / ("database" + suffix)).unlink(missing_ok=True)
    for suffix in ("", "-wal", "-journal"):
        if Path(str(database) + suffix).exists():
            shutil.copyfile(str(database) + suffix, str(copy) + suffix)
    with contextlib.closing(sqlite3.connect(str(copy))) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
        state = db.execute("PRAGMA integrity_check").fetchone()[0]
    if state != "ok":
        raise ValueError(f"{database}: {state}")
    return copy


class Writer:
    """Adds files to an archive and remembers what they were."""

    def __init__(self, stream: BinaryIO) -> None:
        self.tar = tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1, format=tarfile.PAX_FORMAT)  # noqa: SIM115 - `close` ends it
        self.entries: Dict[str, Entry] = {}

    def add(self, name: str, path: Path, mode: Optional[int] = None) -> None:
        with path.open("rb") as source:
            about = os.fstat(source.fileno())
            digest = Hashing(source)
            entry = self._header(name, about.st_size, stat.S_IMODE(about.st_mode) if mode is None else mode)
            self.tar.addfile(entry, digest)
        self.entries[name] = Entry(about.st_size, digest.value.hexdigest(), entry.mode)

    def close(self, about: Dict[str, Any]) -> Dict[str, Any]:
        members = {name: list(entry) for name, entry in sorted(self.entries.items())}
        manifest = {"kind": KIND, "schema": SCHEMA, **about, "members": members}
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


class Hashing:
    """A file whose bytes are hashed on their way."""

    def __init__(self, source: BinaryIO) -> None:
        self.source, self.value = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.value.update(data)
        return data


def write(
    target: Path, data: Path, secrets: Dict[str, Path], about: Callable[[Path], Dict[str, Any]]
) -> Dict[str, Any]:
    """Make the archive: beside its name first, so that the name always means a whole one. Nobody writes to `data`."""
    sweep(target.parent)
    work = target.parent / (PART + target.name)
    work.mkdir(mode=0o700)
    try:
        part = work / "archive"
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            writer = Writer(stream)
            told: Dict[str, Any] = {}
            names = dict(files_of(data))
            for name, path in names.items():
                if any(name.endswith(s) and name[: -len(s)] in names for s in SIDE_FILES):
                    continue
                if is_sqlite(path):
                    copy = snapshot(path, work)
                    writer.add("data/" + name, copy, stat.S_IMODE(path.stat().st_mode))
                    if name == "webui.db":
                        told = about(copy)
                else:
                    writer.add("data/" + name, path)
            for name, path in sorted(secrets.items()):
                writer.add("secrets/" + name, path, 0o600)
            manifest = writer.close(told)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest  # fmt: skip


def sweep(folder: Path) -> None:
    """What killed runs left."""
    for left in folder.glob(PART + "*"):
        shutil.rmtree(left, ignore_errors=True)


def safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) > 1 and parts[0] in ("data", "secrets") and ".." not in parts and not name.startswith("/")


def read(archive: Path, into: Optional[Path] = None) -> Dict[str, Any]:
    """Read every byte; with `into`, also unpack there. Raises LLM712 unless it is whole, ours and unchanged."""
    seen: Dict[str, Entry] = {}
    texts: Dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r|gz") as tar:
            for member in tar:
                if member.name in (MANIFEST, SEAL):
                    stream = tar.extractfile(member)
                    texts[member.name] = stream.read() if stream else b""
                elif not member.isreg() or not safe(member.name) or member.name in seen or texts:
                    raise broken(str(archive), Text(f"it holds {member.name!r}", f"其中含有 {member.name!r}"))
                else:
                    seen[member.name] = _member(tar, member, into)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        text = str(error) or type(error).__name__
        raise broken(
            str(archive), Text(f"it is cut off or damaged ({text})", f"文件不完整或已损坏（{text}）")
        ) from error
    return _judge(str(archive), seen, texts)


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Optional[Path]) -> Entry:
    stream = tar.extractfile(member)
    assert stream is not None
    digest, size = hashlib.sha256(), 0
    path = into / member.name if into else None
    if path:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _new(path, member.mode) if path else open(os.devnull, "wb") as out:
        for block in iter(lambda: stream.read(BLOCK), b""):
            digest.update(block)
            size += len(block)
            out.write(block)
    return Entry(size, digest.hexdigest(), member.mode)


def _new(path: Path, mode: int) -> BinaryIO:
    """A file that was not there; nobody but its owner, whatever the archive says."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o700 | 0o600), "wb")


def _judge(archive: str, seen: Dict[str, Entry], texts: Dict[str, bytes]) -> Dict[str, Any]:
    if set(texts) != {MANIFEST, SEAL}:
        raise broken(archive, Text("it has no manifest at its end", "末尾没有清单"))
    if hashlib.sha256(texts[MANIFEST]).hexdigest().encode("ascii") != texts[SEAL]:
        raise broken(archive, Text("its manifest was changed", "清单被改动"))
    try:
        manifest: Dict[str, Any] = json.loads(texts[MANIFEST].decode("utf-8"))
        wanted = {name: Entry(*entry) for name, entry in manifest["members"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken(archive, Text("its manifest can't be read", "清单无法读取")) from error
    if manifest.get("kind") != KIND or manifest.get("schema") != SCHEMA:
        told = "{} {}".format(manifest.get("kind"), manifest.get("schema"))
        raise broken(
            archive, Text(f"it is no backup that this release knows ({told})", f"不是本版本可识别的备份（{told}）")
        )
    other = sorted(name for name in {*seen, *wanted} if seen.get(name) != wanted.get(name))
    if other:
        names = ", ".join(other[:3])
        raise broken(archive, Text(f"other than when it was made: {names}", f"内容与制作时不同：{names}"))
    return manifest


def fits(archive: str, manifest: Dict[str, Any], version: str, admin: str) -> None:
    """Refuse data that this node's image can't read, or whose administrator nobody here is."""
    had, unknown = str(manifest.get("version") or ""), "?"
    if newer_than(had, version) is not False:
        en, zh = (text.format(had or unknown, version or unknown) for text in VERSIONS)
        raise Refusal("LLM722", archive=archive, why=Text(en, zh))
    admins = [str(address) for address in manifest.get("admins") or []]
    if admin.lower() not in [address.lower() for address in admins]:
        raise Refusal("LLM729", admin=admin, archive=archive, admins=admins)


def space_needed(manifest: Dict[str, Any]) -> int:
    return sum(int(entry[0]) for entry in manifest["members"].values())


def own(folder: Path, uid: int, gid: int) -> None:
    """Give a tree to the page's user; nothing in it is a link."""
    for where, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(Path(where, name), uid, gid)
    os.chown(folder, uid, gid)


def keep_newest(folder: Path, prefix: str, count: int) -> List[str]:
    """Remove the oldest archives of a name's beginning; the names hold the time."""
    names: Set[Path] = {p for p in folder.glob(prefix + "*.tar.gz") if p.is_file()}
    doomed = sorted(names, key=lambda p: p.name)[:-count] if count > 0 else []
    for path in doomed:
        path.unlink()
    return [path.name for path in doomed]
