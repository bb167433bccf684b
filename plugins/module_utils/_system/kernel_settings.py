# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel settings of a node: set now and at every boot, and later restored as they were."""

from __future__ import annotations

import json
import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, one

Settings = Dict[str, str]
_NUMBERS = re.compile(r"^-?\d+(\s+-?\d+)*$")
HEADER = "# Set by role host_tuning; uninstalling it takes this file away and puts the old values back.\n"


def path_of(name: str) -> str:
    """The file of a setting: below /sys it is named by its path, a sysctl by its name."""
    if within("/sys", name):
        return os.path.normpath(name)
    return "/proc/sys/" + name.replace(".", "/")


def chosen(text: str) -> str:
    """The value in a file: the whole of it, or of `always [madvise] never` the word in brackets."""
    picked = re.search(r"\[([^\]]+)\]", text)
    return picked.group(1) if picked else " ".join(text.split())


def read(name: str, root: str = "") -> Optional[str]:
    """The current value; None where the kernel has no such setting."""
    try:
        with open(root + path_of(name), encoding="utf-8") as stream:
            return chosen(stream.read())
    except OSError:
        return None


def can_write(name: str, root: str = "") -> bool:
    """Whether a setting can be written; in containers most can't, even by root."""
    path = root + path_of(name)
    try:
        read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
    return not read_only and os.access(path, os.W_OK)


def refused(name: str, value: str, root: str = "") -> bool:
    """Whether the kernel will surely refuse a value: a word that it does not offer, text where it wants numbers."""
    try:
        with open(root + path_of(name), encoding="utf-8") as stream:
            text = stream.read()
    except OSError:
        return False
    if chosen(text) != " ".join(text.split()):
        return value not in text.replace("[", "").replace("]", "").split()
    return bool(_NUMBERS.match(text.strip())) and not _NUMBERS.match(value)


def check(wanted: Settings, root: str = "") -> None:
    """Refuses values before the first one is written (LLM131)."""
    for name, value in wanted.items():
        if refused(name, value, root):
            raise Refusal("LLM131", name=name, value=value, example=read(name, root))


class Todo(NamedTuple):
    """`write`: set now; `keep`: in the files for the next boot; `skipped`: the reason, by name."""

    write: Settings
    keep: Settings
    skipped: Settings


def decide(wanted: Settings, record: Settings, root: str = "") -> Tuple[Todo, Settings]:
    """What to do for the wanted settings, and the values before ours (for the way back).

    A setting that is no longer wanted goes back to that value, unless somebody else changed it since.
    """
    todo, before = Todo({}, {}, {}), dict(record)
    for name, value in wanted.items():
        now = read(name, root)
        if now is None:
            todo.skipped[name] = one("this kernel does not have it / 内核没有此项")
            continue
        if now != value and not can_write(name, root):
            todo.skipped[name] = one(f"read-only here, it is {now} / 此处只读，当前为 {now}")
            continue
        todo.keep[name] = value
        before.setdefault(name, now)
        if now != value:
            todo.write[name] = value
    for name in set(record) - set(wanted):
        old = before.pop(name)
        if read(name, root) not in (None, old) and can_write(name, root):
            todo.write[name] = old
    return todo, before


def sysctl_file(keep: Settings) -> str:
    """The file for sysctl.d."""
    lines = [f"{name} = {value}\n" for name, value in sorted(keep.items()) if not name.startswith("/")]
    return HEADER + "".join(lines) if lines else ""


def tmpfiles_file(keep: Settings) -> str:
    """The file for systemd-tmpfiles, which writes settings below /sys at boot; `-` skips those the kernel lacks."""
    lines = [f"w- {name} - - - - {value}\n" for name, value in sorted(keep.items()) if name.startswith("/")]
    return HEADER + "".join(lines) if lines else ""


def load(text: str) -> Settings:
    found = json.loads(text) if text.strip() else {}
    return {str(name): str(value) for name, value in found.items()}


def dump(record: Settings) -> str:
    return json.dumps(record, indent=2, sort_keys=True) + "\n" if record else ""


def show(settings: Settings) -> str:
    return "".join(f"{name} = {value}\n" for name, value in sorted(settings.items()))


def iommu_problem(kinds: List[str], command_line: str) -> bool:
    """Whether the IOMMU translates addresses between cards; with `iommu=pt` it does not (LLM211)."""
    words = command_line.split()
    if "iommu=pt" in words or "iommu.passthrough=1" in words:
        return False
    switched = any(word in words for word in ("intel_iommu=on", "amd_iommu=on"))
    return any(kind.startswith("DMA") for kind in kinds) or (not kinds and switched)
