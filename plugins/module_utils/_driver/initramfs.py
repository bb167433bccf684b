# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking into the initramfs of each kernel for files that must be in it, or must not."""

from __future__ import annotations

import os
import re
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, cast

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

Tool = Mapping[str, object]
Run = Callable[[List[str]], Tuple[int, str]]


class Image(NamedTuple):
    """One look into the initramfs of a kernel."""

    kernel: str
    path: str
    fits: bool
    why: str  # why it does not fit, empty when it does
    nouveau: bool  # the module lies inside


def choose(tools: List[Tool], there: Callable[[str], bool]) -> Optional[Tool]:
    """The first tool that the node has."""
    for tool in tools:
        if there(words(tool, "build", "")[0]):
            return tool
    return None


def words(tool: Tool, what: str, kernel: str) -> List[str]:
    image = image_path(tool, kernel)
    listed = cast(Sequence[str], tool[what])
    return [word.replace("{kernel}", kernel).replace("{image}", image) for word in listed]


def image_path(tool: Tool, kernel: str) -> str:
    return str(tool["image"]).replace("{kernel}", kernel)


def names_in(listing: str) -> List[str]:
    """Paths inside, from `lsinitramfs` (a path a line) or `lsinitrd` (ls -l lines)."""
    found = []
    for line in listing.splitlines():
        match = re.match(r"[-dlcbps][-rwxsStT]{9}.*\d\d:?\d\d\s+(\S+)(?: -> .*)?$", line)
        found.append((match.group(1) if match else line.strip()).lstrip("./"))
    return found


def judge(kernel: str, path: str, listing: str, files: Mapping[str, float], built: float, inside: bool) -> Image:
    """`files`: paths with the time they were changed; `inside`: they must be in it (else: must not)."""
    names = set(names_in(listing))
    nouveau = any(re.search(r"/nouveau\.ko(\.\w+)?$", "/" + name) for name in names)
    why = ""
    for name, changed in files.items():
        held = name.lstrip("/") in names
        if inside and not held:
            why = f"{name} is not in it"
        elif inside and built < changed:
            why = f"it is older than {name}"
        elif not inside and held:
            why = f"{name} is still in it"
    return Image(kernel, path, not why, why, nouveau)


def look(tool: Tool, kernel: str, files: List[str], inside: bool, run: Run) -> Optional[Image]:
    """None where a kernel has no initramfs, and so nothing to look into."""
    path = image_path(tool, kernel)
    if not os.path.exists(path):
        return None
    status, listing = run(words(tool, "list", kernel))
    if status != 0:
        raise unreadable(kernel, path, listing)
    changed: Dict[str, float] = {name: os.path.getmtime(name) if os.path.exists(name) else 0.0 for name in files}
    return judge(kernel, path, listing, changed, os.path.getmtime(path), inside)


def unreadable(kernel: str, path: str, said: str) -> Refusal:
    last = (said.strip().splitlines() or ["?"])[-1]
    return Refusal("LLM223", path=path, kernel=kernel, last=last)


def not_built(image: Image, said: str) -> Refusal:
    lines = said.strip().splitlines()
    last = lines[-1] if lines else image.why
    return Refusal("LLM226", kernel=image.kernel, why=image.why, last=last)
