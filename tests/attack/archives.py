# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of backups written by hand, sealed as ours are."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from pathlib import Path

from tests.unit.module_utils._webui.page_data import ADMIN


class Archive:
    """A tar written by hand, sealed like ours."""

    def __init__(self, **about) -> None:
        self.raw = io.BytesIO()
        self.members = {}
        self.about = {"kind": "yitiji.deepseek/open_webui", "schema": 1, "version": "0.12.4", "admins": [ADMIN],
                      "users": 1, "chats": 0, "files": 0, "knowledge": 0, **about}  # fmt: skip

    def add(self, name, content=b"", kind=tarfile.REGTYPE, size=None, link="", listed=True, pax=None):
        header = tarfile.TarInfo(name)
        header.type, header.linkname, header.mode = kind, link, 0o600
        header.size = len(content) if size is None else size
        for key, value in (pax or {}).items():
            self.pax(key, value)
        self.raw.write(
            header.tobuf(tarfile.GNU_FORMAT if len(name) > 99 else tarfile.USTAR_FORMAT, "utf-8", "surrogateescape")
        )
        self.raw.write(content + b"\0" * (-len(content) % 512))
        if listed:
            self.members[name] = [len(content), hashlib.sha256(content).hexdigest(), 0o600]
        return self

    def pax(self, key, value):
        body = f" {key}={value}\n"
        length = len(body) + len(str(len(body) + 4))
        data = f"{length}{body}".encode()
        assert len(data) == length, (data, length)
        header = tarfile.TarInfo("pax")
        header.type, header.size = tarfile.XHDTYPE, len(data)
        self.raw.write(header.tobuf(tarfile.USTAR_FORMAT) + data + b"\0" * (-len(data) % 512))

    def sealed(self, target: Path, tail=b"", manifest=None) -> Path:
        text = json.dumps({**self.about, "members": self.members}).encode() if manifest is None else manifest
        for name, content in (("manifest.json", text), ("manifest.sha256", hashlib.sha256(text).hexdigest().encode())):
            self.add(name, content, listed=False)
        target.write_bytes(gzip.compress(self.raw.getvalue() + b"\0" * 1024, 1) + tail)
        return target


def hostile_database(path: Path) -> bytes:
    db = sqlite3.connect(path)
    db.executescript(
        'CREATE VIEW "user" AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) '
        "SELECT x AS email, x AS role FROM n; CREATE TABLE chat (id); CREATE TABLE file (id); "
        "CREATE TABLE knowledge (id); CREATE TABLE alembic_version (version_num);"
    )
    db.close()
    return path.read_bytes()
