# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of every module: what nobody in it caught is still told as a refusal, never as a traceback."""

from __future__ import annotations

import errno
import functools
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, List, NoReturn, Union

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, fail, say

RULES = {
    errno.ENOSPC: "LLM190",
    errno.EDQUOT: "LLM190",
    errno.EROFS: "LLM191",
    errno.EIO: "LLM192",
}
MOUNTS = "/proc/self/mounts"


def of_the_disk(error: BaseException) -> bool:
    """Whether neither a second try nor another source can help."""
    return isinstance(error, OSError) and error.errno in RULES


def refused(error: OSError, host: str = "") -> Refusal:
    """An error of the operating system that was not foreseen."""
    rule = RULES.get(error.errno or 0)
    path = error.filename if isinstance(error.filename, (str, bytes)) else ""
    place: Union[str, List[str], Text] = os.fsdecode(path)
    if not place and rule == "LLM190":
        place = full()
    place = place or say("a file without a name")
    evidence = [f"{type(error).__name__}: {error}", *_where(error)]
    if rule is not None:
        return Refusal(rule, host=host, path=place, evidence=evidence)
    return Refusal("LLM193", host=host, path=place, why=error.strerror or str(error), evidence=evidence)


def full(mounts: str = MOUNTS) -> List[str]:
    """Where nothing more can be written: a failed write() does not say to which file."""
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for place in dict.fromkeys(line.split()[1].replace("\\040", " ") for line in lines if line.count(" ") > 1):
        try:
            seen = os.statvfs(place)
        except OSError:
            continue
        fixed = not seen.f_blocks or seen.f_flag & os.ST_RDONLY  # never had room for us: /proc, a CD
        if not fixed and (not seen.f_bavail or (seen.f_files and not seen.f_favail)):
            found.append(place)
    return found


class _Output:
    """In place of Ansible's module object: the error may have come before there was one."""

    def fail_json(self, **result: Any) -> NoReturn:
        print(json.dumps({"failed": True, **result}))
        sys.exit(1)


def framed(main: Callable[[], None]) -> Callable[[], None]:
    """Stands above every module's `main`.

    Folders on the way to ours are for all to pass, whatever umask the node gives root: services of ours read below them
    as users of their own. What nobody may read is made so by its own mode.
    """

    @functools.wraps(main)
    def told() -> None:
        before = os.umask(0o022)
        try:
            main()
        except Refusal as refusal:
            fail(_Output(), refusal)
        except OSError as error:
            fail(_Output(), refused(error))
        finally:
            os.umask(before)

    return told


def _where(error: OSError) -> List[str]:
    """The line of ours in which it came up, for whoever reads a report of it."""
    steps = traceback.extract_tb(error.__traceback__)
    ours = [step for step in steps if "yitiji" in step.filename] or list(steps)
    return [f"{os.path.basename(step.filename)}:{step.lineno} {step.name}" for step in ours[-1:]]
