# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users' data of Open WebUI on a node: what they hold, and which image may continue with them (LLM728, LLM713)."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

DATABASE = "webui.db"
COUNTED = {"users": '"user"', "chats": "chat", "files": "file", "knowledge": "knowledge"}


def version_of(ref: str) -> str:
    """The version that an image's tag names; empty where it names none."""
    tag = ref.split("@", maxsplit=1)[0].rpartition("/")[2].partition(":")[2]
    found = re.match(r"^v?(\d+(?:\.\d+)+)", tag)
    return found.group(1) if found else ""


def order(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@contextlib.contextmanager
def as_owner(path: Path) -> Iterator[None]:
    """Files that SQLite makes beside a database belong to the database's owner."""
    owner = path.stat().st_uid
    before = os.geteuid()
    if before != 0 or owner == 0:
        yield
        return
    os.seteuid(owner)
    try:
        yield
    finally:
        os.seteuid(before)


def read(database: Path) -> Dict[str, Any]:
    """Counts, administrators and the schema's revision; `sqlite3.Error` where it is not a whole database."""
    if not stat.S_ISREG(database.lstat().st_mode):
        raise sqlite3.DatabaseError("not a regular file")
    address = f"file:{database}?mode=ro"
    with as_owner(database), contextlib.closing(sqlite3.connect(address, uri=True, timeout=20)) as db:
        found: Dict[str, Any] = {
            name: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - names of our own list
            for name, table in COUNTED.items()
        }
        admins = db.execute("SELECT email FROM \"user\" WHERE role = 'admin' ORDER BY email")
        found["admins"] = [row[0] for row in admins]
        found["revision"] = db.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    return found


def info(folder: Path) -> Dict[str, Any]:
    """What is in a data folder; `exists` is false where no page has run yet."""
    database = folder / DATABASE
    if not os.path.lexists(str(database)):
        return {"exists": False}
    try:
        return {"exists": True, **read(database)}
    except sqlite3.Error as error:
        return {"exists": True, "problem": str(error)}


def in_use(found: Mapping[str, Any]) -> bool:
    """Whether anybody would miss these data."""
    if not found.get("exists"):
        return False
    return "problem" in found or found["users"] > 1 or found["chats"] > 0 or found["files"] > 0


def changes_image(record: Mapping[str, Any], image: Mapping[str, Any]) -> bool:
    """Whether another image than the recorded one would continue with the data; True without a record too."""
    if not record:
        return True
    keys = [key for key in ("id", "digest", "ref") if record.get(key) and image.get(key)]
    return bool(keys) and record[keys[0]] != image[keys[0]]


def judge(
    found: Mapping[str, Any], record: Mapping[str, Any], image: Mapping[str, Any], database: str, saved_for: str = ""
) -> List[Refusal]:
    """Refuse what would hide the users' data or break them. `record`: what ran with them last; `saved_for`: the tag
    for which somebody has backed up a database of his own."""
    wrong: List[Refusal] = []
    tag = str(image.get("ref") or "").rpartition(":")[2]
    if database == "postgresql" and record and changes_image(record, image) and saved_for != tag:
        wrong.append(Refusal("LLM717", tag=tag))
    had, wanted = version_of(str(record.get("ref", ""))), version_of(str(image.get("ref") or ""))
    if found.get("exists") and had and wanted and order(wanted) < order(had):
        wrong.append(Refusal("LLM728", had=had, wanted=wanted))
    before = str(record.get("database") or ("sqlite" if found.get("exists") else ""))
    if before and before != database and (before == "postgresql" or in_use(found)):
        wrong.append(Refusal("LLM713", before=before, database=database))
    return wrong


def newer_than(version: str, limit: str) -> Optional[bool]:
    """Whether one version is newer; None where either is unknown."""
    return order(version) > order(limit) if version and limit else None
