# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs a program for a node into one executable file: a zip of the cores it needs, whose first line names Python."""

from __future__ import annotations

import ast
import io
import json
import os
import zipfile
from typing import Any, Dict, List, Set

PACKAGE = "ansible_collections.yitiji.deepseek.plugins.module_utils"
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """# GNU General Public License v3.0+, as each file of this archive
import json
import pkgutil
import sys

from {package}.{start} import main

sys.exit(main(json.loads(pkgutil.get_data("{package}", "data.json").decode("utf-8"))))
"""


def needed(folder: str, start: str) -> List[str]:
    """Dotted names of the cores that `start` imports, itself and the rooms they stand in included."""
    found: Set[str] = set()
    waiting = [start]
    if not _path(folder, start):
        raise FileNotFoundError(f"no core {start} in {folder}")
    while waiting:
        name = waiting.pop()
        path = _path(folder, name)
        if name in found or not path:
            continue
        found.add(name)
        waiting += [name.rpartition(".")[0]] if "." in name else []
        with open(path, encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
        for item in ast.walk(tree):
            if isinstance(item, ast.ImportFrom) and (item.module or "").startswith(PACKAGE + "."):
                module = (item.module or "")[len(PACKAGE) + 1 :]
                waiting += [module, *(f"{module}.{alias.name}" for alias in item.names)]
    return sorted(found)


def _path(folder: str, name: str) -> str:
    """The file of a dotted name: a core or a room; empty when it is neither (a name inside a core)."""
    place = os.path.join(folder, *name.split("."))
    return next((path for path in (place + ".py", os.path.join(place, "__init__.py")) if os.path.isfile(path)), "")


def bare(text: str) -> str:
    """A program without the licence, which is said once, and other lines of remarks. Lines keep their numbers."""
    kept, within = [], False  # a text of several lines
    for line in text.split("\n"):
        kept.append("" if not within and line.lstrip().startswith("#") else line)
        within ^= line.count('"""') % 2 == 1
    return "\n".join(kept)


def pack(folder: str, start: str, data: List[Dict[str, Any]]) -> bytes:
    """The executable, whose `main` gets the data; the same input gives the same bytes."""
    place = PACKAGE.replace(".", "/")
    files = {
        "__main__.py": MAIN.format(package=PACKAGE, start=start),
        place + "/data.json": json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    }
    parts = PACKAGE.split(".")
    for count in range(1, len(parts) + 1):
        files["/".join(parts[:count]) + "/__init__.py"] = ""
    for name in needed(folder, start):
        path = _path(folder, name)
        with open(path, encoding="utf-8") as stream:
            files[f"{place}/{os.path.relpath(path, folder)}"] = bare(stream.read())
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[path], compresslevel=9)
    return SHEBANG + output.getvalue()
