# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the chat page is in an archive: its data and the secrets without which they are of no use.

data/… as it lies on the node, secrets/… by the names of the secrets. How an archive is built: `_system/archive.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive, secrets, tree
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui.snapshot import SIDE_FILES, Databases, is_sqlite

KIND, SCHEMA, SCHEMAS = "yitiji.deepseek/open_webui", 2, (1, 2)
PART = ".yitiji-backup-"
USERS = "open-webui-users"
# What the page makes again by itself.
LEFT_OUT = frozenset({"cache/embedding", "cache/whisper", "cache/tiktoken", "cache/huggingface"})
VECTORS = "vector_db/"
NAMED = 20  # of what was left out
VERSIONS = ("made by Open WebUI {}, here runs {}", "由 Open WebUI {} 制作，该机器为 {}")
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,4}")
_PERSON = re.compile(r"[A-Za-z0-9_+%@-][A-Za-z0-9._+%@-]{0,253}")
_OF_THE_PAGE = re.compile(r"open-webui-[a-z0-9][a-z0-9-]{0,62}")

broken, space_needed = archive.broken, archive.space_needed


class Moving(Exception):
    """The data changed while they were copied."""


def may(name: str) -> bool:
    """Whether a member belongs to the page.

    What a container sources (*.env) is made from the secrets and never comes from an archive.
    """
    section, _slash, rest = name.partition("/")
    return bool(rest) and (section == "data" or (section == "secrets" and is_secret(rest)))


def is_secret(name: str) -> bool:
    folder, slash, person = name.partition("/")
    if slash:
        return folder == USERS and bool(_PERSON.fullmatch(person))
    return name != USERS and bool(_OF_THE_PAGE.fullmatch(name))


def small(name: str) -> int:
    return archive.SMALL if name.startswith("secrets/") else 0


def look(name: str, content: bytes) -> Optional[Text]:
    if secrets.is_value(content):
        return None
    return Text("it is not one line with a secret", "内容不是单行密钥")


CONTENTS = archive.Contents(KIND, SCHEMAS, may, look, small)


def secrets_of(folder: Path) -> Dict[str, Path]:
    """The page's secrets by name: session key, passwords made here, credentials for other systems."""
    if not folder.is_dir():
        return {}
    return {found.name: folder / found.name for found in tree.walk(folder) if is_secret(found.name)}


def files_of(folder: Path) -> Iterator[Tuple[str, Path]]:
    """Regular files below a folder by their names in it, in order; not links, nor what can be made again."""
    for found in tree.walk(folder, LEFT_OUT):
        yield found.name, folder / found.name


def write(
    target: Path,
    page: Path,
    members: Mapping[str, Path],
    about: Mapping[str, Any],
    contents: archive.Contents = CONTENTS,
) -> Dict[str, Any]:
    """Make the archive: beside its name first, so that the name always means a whole one. Nothing follows a link:
    the page's container writes to `page`. `Moving`: it did so meanwhile, try again."""
    sweep(target.parent)
    work = target.parent / (PART + target.name)
    work.mkdir(mode=0o700)
    try:
        part = work / "archive"
        with open(os.open(str(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            writer = archive.Writer(stream)
            told: Dict[str, Any] = {"left_out": []}
            if page.is_dir():
                _page(writer, page, told)
            for name, path in sorted(members.items()):
                with tree.open_file(str(path)) as source:
                    content = source.read(contents.small(name) + 1)
                    source.seek(0)
                    wrong = None if contents.may(name) else Text(f"no name for an archive: {name}", f"名称无效：{name}")
                    if not wrong and len(content) > contents.small(name):
                        wrong = Text("too large", "过大")
                    wrong = wrong or contents.look(name, content)
                    if wrong:
                        raise ValueError(f"{path}: {wrong.en}")
                    writer.add(name, source, 0o600)
            manifest = writer.close(contents.kind, SCHEMA, {**about, **told})
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(str(part), str(target))
    finally:
        shutil.rmtree(str(work), ignore_errors=True)
    return manifest  # fmt: skip


def _page(writer: archive.Writer, page: Path, told: Dict[str, Any]) -> None:
    """Databases are written first: what they name is on the disk before they name it."""
    before = _vectors(page)
    skipped: List[str] = []
    databases: List[str] = []
    for found in tree.walk(page, LEFT_OUT, skipped.append):
        with contextlib.suppress(OSError), tree.open_file(os.path.basename(found.name), found.folder) as source:
            if is_sqlite(source) and archive.plain("data/" + found.name):
                databases.append(found.name)
    copies = Databases(page)
    with copies.folder():
        for name in list(databases):
            try:
                with copies.copied(name, told) as source:
                    writer.add("data/" + name, source, 0o600)
            except ValueError:
                if name == data.DATABASE:
                    raise
                databases.remove(name)  # a file that only looks like one, or is beyond repair: it comes as it is
    beside = {name + suffix for name in databases for suffix in SIDE_FILES}
    for found in tree.walk(page, LEFT_OUT):
        if found.name in databases or found.name in beside:
            continue
        if archive.plain("data/" + found.name):
            _file(writer, found)
        else:
            skipped.append(found.name)
    if _vectors(page) != before:
        raise Moving
    told["left_out"] = [name.encode("utf-8", "backslashreplace").decode("utf-8") for name in skipped[:NAMED]]


def _file(writer: archive.Writer, found: tree.Found) -> None:
    try:
        source = tree.open_file(os.path.basename(found.name), found.folder)
    except OSError:  # it went, or something else took its place
        return
    with source:
        try:
            writer.add("data/" + found.name, source)
        except OSError as error:
            if "unexpected end" in str(error):
                raise Moving from error
            raise


def _vectors(page: Path) -> Dict[str, Tuple[int, int, int]]:
    """State of the document index. It has no snapshot of its own, so it must not change while it is copied."""
    return {
        found.name: (found.about.st_ino, found.about.st_size, found.about.st_mtime_ns)
        for found in tree.walk(page, LEFT_OUT)
        if found.name.startswith(VECTORS) and not re.search(r"\.sqlite3(-[a-z]+)?$", found.name)
    }


def sweep(folder: Path) -> None:
    """Removes what killed runs left."""
    for left in folder.glob(PART + "*"):
        shutil.rmtree(str(left), ignore_errors=True)


def read(
    path: Path, into: Optional[Path] = None, most: int = 1 << 44, contents: archive.Contents = CONTENTS
) -> Dict[str, Any]:
    """Read every byte; with `into`, an empty folder, also unpack there. LLM712 unless every member is accepted."""
    if into is None:
        return archive.read(path, contents, most)
    top = os.open(str(into), tree.FOLDER)

    def place(name: str, mode: int) -> BinaryIO:
        return tree.new_file(top, name, mode & 0o700 | 0o600)  # nobody but its owner, whatever the archive says

    try:
        return archive.read(path, contents, most, place)
    finally:
        os.close(top)


def fits(path: str, manifest: Mapping[str, Any], version: str, admin: str) -> None:
    """Refuses data that this node's image can't read (LLM722), or in which nobody here is administrator (LLM729)."""
    had, unknown = str(manifest.get("version") or ""), "?"
    known = had if _VERSION.fullmatch(had) else ""
    if data.newer_than(known, version) is not False:
        en, zh = (text.format(had or unknown, version or unknown) for text in VERSIONS)
        raise Refusal("LLM722", archive=path, why=Text(en, zh))
    found = manifest.get("admins")
    admins = [str(address) for address in found] if isinstance(found, list) else []
    if admin.lower() not in [address.lower() for address in admins]:
        raise Refusal("LLM729", admin=admin, archive=path, admins=admins)


_STAMP = re.compile(r"-(\d{8}T\d{6}Z)\.tar\.gz$")


def series(folder: Path, name: str) -> List[Path]:
    """Archives of one name, oldest first, by the time in their names; not those of another series."""
    found = [
        (stamp.group(1), path)
        for path in folder.glob(name + "-*.tar.gz")
        for stamp in [_STAMP.search(path.name)]
        if stamp and path.name == f"{name}-{stamp.group(1)}.tar.gz" and stat.S_ISREG(path.lstat().st_mode)
    ]
    return [path for _stamp, path in sorted(found)]


def keep_newest(made: Path, name: str, count: int) -> List[str]:
    """Removes the oldest archives of a series, but never the one just made (a clock may have gone back)."""
    others = [path for path in series(made.parent, name) if path != made]
    doomed = others[: max(0, len(others) - (count - 1))] if count > 0 else []
    for path in doomed:
        path.unlink()
    return [path.name for path in doomed]
