# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each run left on a node, under a number: units, settings, images, plan. The way back, and what later drifted.

A generation is one file. The newest is what should be there now; it and the one before it are kept whole, of older ones
only what a person asks: when, who, of what. Written by `history.py`; the doctor needs what is here alone.
"""

from __future__ import annotations

import glob
import json
import os
import re
import stat
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Sequence

ROOT = "/var/lib/yitiji/generations"
UNFINISHED = "unfinished"  # beside them while an upgrade or a rollback is on its way: the number of what served before
# Below the root. Keys, certificates and people's data are no part of it: going back must not take them back.
OURS = (
    "etc/systemd/system/yitiji-*", "etc/systemd/system/yitiji-*/*", "etc/systemd/system/*/yitiji*.conf",
    "etc/yitiji/*", "etc/yitiji/guard.d/*", "etc/yitiji/monitoring/**/*", "etc/yitiji/secrets/*.env",
    "etc/nginx/*/yitiji*.conf", "etc/nginx/yitiji/*.js", "var/lib/yitiji/open-webui.json",
    "var/lib/yitiji/clients/*[!t]",
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


def edited(row: Row, files: Mapping[str, Row]) -> List[str]:
    """Paths whose file is not what the run left: changed, gone or new."""
    return sorted(path for path in {*row["files"], *files} if row["files"].get(path) != files.get(path))


def moved(wanted: Mapping[str, str], found: Mapping[str, str]) -> List[str]:
    """`name wanted -> found` of what differs; what is gone has nothing behind the arrow."""
    pairs = [(name, value, found.get(name, "-")) for name, value in sorted(wanted.items())]
    return [f"{name} {value} -> {now}" for name, value, now in pairs if now != value]


def unfinished(folder: str = ROOT) -> int:
    """The generation from which something set out that did not arrive; 0 for none."""
    try:
        return int(Path(folder, UNFINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def behind(folder: str = ROOT) -> Row:
    """What served last, whole: where an unfinished upgrade set out, else the newest; {} without any."""
    kept = rows(folder)
    mark = unfinished(folder)
    fit = [row for row in kept if row["number"] == mark and "files" in row] or kept[-1:]
    return fit[0] if fit else {}
