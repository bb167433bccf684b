# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a plan and its explanation on the controller: each file written whole, and only where it differs."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import current
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


def read_rows(path: str) -> List[Dict[str, Any]]:
    """Calibration rows of earlier starts; none where there is no file."""
    rows = _parsed(path)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def read_plan(path: str) -> Dict[str, Any]:
    """The plan of an earlier run; {} where there is none, or none that this release can read: then it plans again."""
    return current(_parsed(path))


def _parsed(path: str) -> Any:
    try:
        return json.loads(_read(path)) if path else None
    except ValueError:
        return None


def as_json(plan: Any) -> str:
    """JSON as it is kept: for people too, with sorted keys."""
    return json.dumps(plan, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def save_files(folder: str, files: Mapping[str, str], check: bool) -> Tuple[bool, List[Dict[str, str]]]:
    """Writes the files that differ.

    Returns whether any did, and the differences. Refused where it can't write (LLM541).
    """
    try:
        diff = [_change(folder, name, content, check) for name, content in sorted(files.items())]
    except OSError as error:
        raise _unwritable(folder, error.strerror or str(error)) from error
    told = [change for change in diff if change]
    return bool(told), told


def _change(folder: str, name: str, content: str, check: bool) -> Dict[str, str]:
    path = os.path.join(folder, name)
    before = _read(path)
    if before == content:
        return {}
    if not check:
        _write(path, content)
    return {"before_header": path, "after_header": path, "before": before, "after": content}


def check_folder(folder: str) -> None:
    """Refuses a folder in which nothing can be kept (LLM541), before anything is changed."""
    there = os.path.abspath(folder)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise _unwritable(folder, f"{there}: {os.strerror(errno.ENOTDIR)}")
    if not os.access(there, os.W_OK | os.X_OK):
        read_only = os.statvfs(there).f_flag & os.ST_RDONLY
        raise _unwritable(folder, f"{there}: {os.strerror(errno.EROFS if read_only else errno.EACCES)}")


def _unwritable(folder: str, why: str) -> Refusal:
    return Refusal("LLM541", folder=folder, detail=why)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
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
