# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each run left on a node, under a number: units, settings, images, plan. The way back, and what later drifted.

A generation is one file. The newest is what should be there now; it and the one before it are kept whole, of older ones
only what a person asks: when, who, of what.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import stat
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import differences
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic

ROOT = "/var/lib/yitiji/generations"
MOST = 200  # that are remembered
WHOLE = ("files", "plan")  # what only the newest two have
# Below the root. Keys, certificates and people's data are no part of it: going back must not take them back.
OURS = (
    "etc/systemd/system/yitiji-*", "etc/systemd/system/yitiji-*/*", "etc/systemd/system/*/yitiji*.conf",
    "etc/yitiji/*", "etc/yitiji/guard.d/*", "etc/yitiji/monitoring/**/*", "etc/yitiji/secrets/*.env",
    "etc/nginx/*/yitiji*.conf", "etc/nginx/yitiji/*.js", "var/lib/yitiji/open-webui.json",
)  # fmt: skip
_NAME = re.compile(r"(\d+)\.json\Z")
Row = Dict[str, Any]


def look(root: str = "/") -> Dict[str, Row]:
    """The small files that make the appliance what it is: mode, owner and text by path."""
    found = {}
    for path in sorted({path for part in OURS for path in glob.glob(root + part, recursive=True)}):
        info = os.lstat(path)
        if stat.S_ISREG(info.st_mode):
            text = Path(path).read_text(encoding="utf-8")
            owner = {"mode": stat.S_IMODE(info.st_mode), "uid": info.st_uid, "gid": info.st_gid}
            found["/" + path[len(root) :]] = {**owner, "text": text}
    return found


def ids(refs: Iterable[str], ask: Callable[[List[str]], str]) -> Dict[str, str]:
    """What Docker has under these names now."""
    said = {ref: ask(["docker", "image", "inspect", "--format", "{{.Id}}", ref]).strip() for ref in sorted(refs)}
    return {ref: identity for ref, identity in said.items() if identity}


def rows(folder: str = ROOT) -> List[Row]:
    """All that are remembered, the newest last; a damaged one is none."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = []
    for number in sorted(int(match[1]) for match in map(_NAME.match, names) if match):
        try:
            found.append(json.loads(Path(folder, f"{number}.json").read_text(encoding="utf-8")))
        except ValueError:
            continue
    return found


def before(kept: Sequence[Row]) -> Row:
    """The one to go back to: the newest of the earlier ones that was another and is still whole; {} for none."""
    if not kept:
        return {}
    now = kept[-1]
    fit = [row for row in kept if row["number"] < now["of"] and row["digest"] != now["digest"] and "files" in row]
    return fit[-1] if fit else {}


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


def _write(folder: str, row: Row) -> None:
    write_atomic(os.path.join(folder, f"{row['number']}.json"), json.dumps(row, sort_keys=True) + "\n", 0o600)


def edited(row: Row, files: Mapping[str, Row]) -> List[str]:
    """Paths whose file is not what the run left: changed, gone or new."""
    return sorted(path for path in {*row["files"], *files} if row["files"].get(path) != files.get(path))


def moved(wanted: Mapping[str, str], found: Mapping[str, str]) -> List[str]:
    """`name wanted -> found` of what differs; what is gone has nothing behind the arrow."""
    pairs = [(name, value, found.get(name, "-")) for name, value in sorted(wanted.items())]
    return [f"{name} {value} -> {now}" for name, value, now in pairs if now != value]


def lines(kept: Sequence[Row]) -> List[str]:
    """One for each, the newest last: number, UTC, who, how it ended, and what was other than before."""
    told: List[str] = []
    last: Row = {}
    for row in kept:
        changes = [one.text() for one in differences(last, row["state"])] if last else []
        more = [f"+{len(changes) - 6}"] if len(changes) > 6 else []
        when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(row["at"]))
        verdict = row["verdict"] + (f" ({row['of']})" if row["of"] != row["number"] else "")
        told.append("; ".join([f"{row['number']}  {when}  {row['by']}  {verdict}", *changes[:6], *more]))
        if row.get("why"):
            told[-1] += f"; {row['why']}"
        last = row["state"]
    return told
