# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a plan and its explanation on the controller: atomic, and only where something differs."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Dict, List, Mapping, Tuple


def read_rows(path: str) -> List[Dict[str, Any]]:
    """Calibration rows kept by earlier starts; none where there is no file."""
    content = _read(path) if path else ""
    rows = json.loads(content) if content else []
    return rows if isinstance(rows, list) else []


def as_json(plan: Any) -> str:
    return json.dumps(plan, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def save_files(folder: str, files: Mapping[str, str], check: bool) -> Tuple[bool, List[Dict[str, str]]]:
    """Writes what differs; returns whether anything did, and the differences."""
    diff = []
    for name, content in sorted(files.items()):
        path = os.path.join(folder, name)
        before = _read(path)
        if before == content:
            continue
        diff.append({"before_header": path, "after_header": path, "before": before, "after": content})
        if not check:
            _write(path, content)
    return bool(diff), diff


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except FileNotFoundError:
        return ""


def _write(path: str, content: str) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".plan-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
