# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds a generation to those that are kept, and tells them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, Callable, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import one
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import gb
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import differences
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.generations import (
    ROOT,
    UNFINISHED,
    Row,
    before,
    rows,
    unfinished,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

MOST = 200  # that are remembered
WHOLE = ("files", "plan")  # what only the newest two have


def made(state: Mapping[str, Any], images: Mapping[str, str], files: Mapping[str, Row], **told: Any) -> Row:
    """One that is not numbered yet."""
    row = {"state": state, "images": images, "files": files}
    return {**row, "digest": hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest(), **told}


def keep(row: Row, folder: str = ROOT, of: int = 0) -> int:
    """Writes it as the newest, and of those before only what is still wanted. `of`: the earlier one that is back."""
    kept = rows(folder)
    number = kept[-1]["number"] + 1 if kept else 1
    secrets.private_folder(folder)
    fresh = {**row, "number": number, "of": of or number, "at": int(time.time())}
    _write(folder, fresh)
    whole = before([*kept, fresh])
    for old in kept:
        if old["number"] <= number - MOST:
            os.unlink(os.path.join(folder, f"{old['number']}.json"))
        elif old["number"] != whole.get("number") and "files" in old:
            _write(folder, {name: value for name, value in old.items() if name not in WHOLE})
    return int(number)


def begin(number: int, folder: str = ROOT) -> bool:
    """Notes what serves, before it is changed; a note that a killed run left stays."""
    if unfinished(folder):
        return False
    secrets.private_folder(folder)
    write_atomic(os.path.join(folder, UNFINISHED), f"{number}\n", 0o600)
    return True


def finish(folder: str = ROOT) -> None:
    """It arrived, there or back."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, UNFINISHED))


def way_back(kept: Sequence[Row], ask: Callable[[List[str]], str]) -> str:
    """Which generation can be gone back to, and the disk that is taken for it alone; empty for none."""
    row = before(kept)
    if not row:
        return ""
    images = sorted({*row["images"].values()} - {*kept[-1]["images"].values()})
    sizes = ask(["docker", "image", "inspect", "--format", "{{.Size}}", *images]).split() if images else []
    folders = {model["path"] for model in models_of(row["plan"])} - {
        model["path"] for model in models_of(kept[-1]["plan"])
    }
    weights = sum(found.lstat().st_size for folder in folders for found in Path(folder).rglob("*") if found.is_file())
    told = {"en": "way back: {}; images {}, weights {}", "zh": "可回退到 {}；镜像 {}，权重 {}"}
    return one(told).format(*[row["number"], gb(sum(int(size) for size in sizes)), gb(weights)] * 2)


def _write(folder: str, row: Row) -> None:
    write_atomic(os.path.join(folder, f"{row['number']}.json"), json.dumps(row, sort_keys=True) + "\n", 0o600)


def lines(kept: Sequence[Row]) -> List[str]:
    """One for each, the newest last: number, UTC, who, how it ended, and what was other than before."""
    told: List[str] = []
    last: Row = {}
    for row in kept:
        changes = [each.text() for each in differences(last, row["state"])] if last else []
        more = [f"+{len(changes) - 6}"] if len(changes) > 6 else []
        when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(row["at"]))
        verdict = row["verdict"] + (f" ({row['of']})" if row["of"] != row["number"] else "")
        told.append("; ".join([f"{row['number']}  {when}  {row['by']}  {verdict}", *changes[:6], *more]))
        if row.get("why"):
            told[-1] += f"; {row['why']}"
        last = row["state"]
    return told
