# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a chat page as a killed Open WebUI leaves them."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

ADMIN = "admin@appliance.local"


NOW, OLD, NEW = ({"ref": f"x/open-webui:{v}-slim", "id": f"sha256:{v}"} for v in ("0.12.4", "0.11.0", "0.13.0"))


def page_data(folder: Path, chats: int = 3) -> Path:
    """Data as a page that was killed leaves them: a part is only in the log of the database."""
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads/plan.txt").write_text("the plan")
    (folder / "cache/embedding/model").mkdir(parents=True)
    (folder / "cache/embedding/model/big.bin").write_bytes(b"made again")
    (folder / "link").symlink_to("/etc/passwd")
    live = folder.parent / "live.db"
    db = sqlite3.connect(live)
    db.execute("PRAGMA journal_mode=WAL")
    db.executescript(
        'CREATE TABLE "user" (email TEXT, role TEXT); CREATE TABLE chat (id INTEGER); CREATE TABLE file (id INTEGER);'
        "CREATE TABLE knowledge (id INTEGER); CREATE TABLE alembic_version (version_num TEXT);"
        f"INSERT INTO \"user\" VALUES ('{ADMIN}', 'admin'); INSERT INTO alembic_version VALUES ('abc');"
    )
    db.executemany("INSERT INTO chat VALUES (?)", [(i,) for i in range(chats)])
    db.commit()
    for suffix in ("", "-wal", "-shm"):
        shutil.copyfile(f"{live}{suffix}", f"{folder / 'webui.db'}{suffix}")
    db.close()
    return folder
