# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections as one archive, so that a node can apply the playbooks to itself. The same files give the same bytes."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from typing import Iterator, Mapping, Tuple

TOP = "ansible_collections"
FOLDERS = ("meta", "playbooks", "plugins", "roles")
FILES = ("galaxy.yml", "MANIFEST.json", "README.md", "LICENSE")


def members(folder: str) -> Iterator[Tuple[str, str]]:
    """(name inside the collection, path) of what runs: no tests, no byte code, no hidden files."""
    for name in FILES:
        if os.path.isfile(os.path.join(folder, name)):
            yield name, os.path.join(folder, name)
    for part in FOLDERS:
        for top, folders, names in os.walk(os.path.join(folder, part)):
            folders[:] = sorted(f for f in folders if f not in ("__pycache__", "tests") and not f.startswith("."))
            for name in sorted(names):
                path = os.path.join(top, name)
                if not name.endswith(".pyc") and not name.startswith("."):
                    yield os.path.relpath(path, folder), path


def pack(collections: Mapping[str, str], epoch: int = 0) -> bytes:
    """A tar of {name: folder} that unpacks below a collections path; the same files give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, folder in sorted(collections.items()):
            for inside, path in sorted(members(folder)):
                entry = tarfile.TarInfo("/".join([TOP, *name.split("."), inside]))
                with open(path, "rb") as stream:
                    data = stream.read()
                entry.size, entry.mtime = len(data), epoch
                entry.mode = 0o755 if os.stat(path).st_mode & stat.S_IXUSR else 0o644
                tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()
