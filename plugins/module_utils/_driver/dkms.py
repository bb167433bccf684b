# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building the driver's modules for every kernel, and what a failed build says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import TIMED_OUT

# argv, seconds -> status and everything said
Run = Callable[[List[str], float], Tuple[int, str]]

SOURCES = "/usr/src"
TREE = "/var/lib/dkms"
ASK_SECONDS = 60.0
# The first line of this kind is the compiler's own reason; make's "***" lines only follow from it.
COMPILER = re.compile(r":\d+(:\d+)?: (fatal )?error: |: undefined reference|^ERROR: modpost: |: undefined!$")
MAKE = re.compile(r"\*\*\* |No space left|Cannot allocate|[Kk]illed")


class Source(NamedTuple):
    """A DKMS source on the node."""

    name: str
    version: str


def parse_conf(text: str) -> Optional[Source]:
    found: Dict[str, str] = {}
    for key in ("PACKAGE_NAME", "PACKAGE_VERSION"):
        match = re.search(rf'^\s*{key}=["\']?([^"\'\s]+)', text, re.M)
        if not match:
            return None
        found[key] = match.group(1)
    return Source(found["PACKAGE_NAME"], found["PACKAGE_VERSION"])


def sources(pattern: str, folder: str = SOURCES) -> List[Source]:
    """DKMS sources below /usr/src whose name fits."""
    found = []
    for path in sorted(Path(folder).glob("*/dkms.conf")):
        source = parse_conf(path.read_text(encoding="utf-8", errors="replace"))
        if source and re.match(pattern, source.name):
            found.append(source)
    return found


def first_error(log: str) -> str:
    """The compiler's own line, else make's, else the last one."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for kind in (COMPILER, MAKE):
        for line in lines:
            if kind.search(line):
                return shorten(line)
    return shorten(lines[-1]) if lines else "?"


def shorten(line: str) -> str:
    """Without the build folder in front, which tells the reader nothing."""
    return re.sub(r"\S*/dkms/[^/\s]+/[^/\s]+/build/", "", line)[:300]


def around(log: str, line: str, count: int = 8) -> List[str]:
    """The error with the lines that follow it."""
    lines = [shorten(text) for text in log.splitlines()]
    if line in lines:
        start = lines.index(line)
        return lines[max(0, start - 1) : start + count]
    return lines[-count:]


class Dkms:
    """dkms of the node for the sources that fit a pattern."""

    def __init__(self, run: Run, pattern: str, tree: str = TREE, folder: str = SOURCES) -> None:
        self.run, self.tree = run, tree
        self.sources = sources(pattern, folder)

    def state(self, source: Source, kernel: str) -> str:
        """installed, built, added or empty."""
        said = self.run(["dkms", "status", "-m", source.name, "-v", source.version, "-k", kernel], ASK_SECONDS)[1]
        for word in ("installed", "built"):
            if re.search(rf"{re.escape(kernel)}.*: *{word}", said):
                return word
        return "added" if os.path.exists(os.path.join(self.tree, source.name, source.version)) else ""

    def build(self, source: Source, kernel: str, seconds: float) -> None:
        """Builds and installs; raises Refusal with the compiler's line."""
        what = ["-m", source.name, "-v", source.version]
        if not self.state(source, kernel):
            self._must(["dkms", "add", *what], ASK_SECONDS, source, kernel)
        if self.state(source, kernel) != "built":
            self._must(["dkms", "build", *what, "-k", kernel], seconds, source, kernel)
        self._must(["dkms", "install", *what, "-k", kernel], seconds, source, kernel)

    def _must(self, words: List[str], seconds: float, source: Source, kernel: str) -> None:
        status, said = self.run(words, seconds)
        if status == TIMED_OUT:
            raise too_slow(source, kernel, seconds)
        if status != 0:
            raise BuildFailed(source, kernel, words[1], said, self.log(source))

    def log(self, source: Source) -> str:
        path = Path(self.tree) / source.name / source.version / "build" / "make.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


class BuildFailed(Refusal):
    """A module that can't be built for a kernel; `evidence` is the compiler's own output."""

    def __init__(self, source: Source, kernel: str, verb: str, said: str, log: str) -> None:
        self.line = first_error(log if verb == "build" and log else said)
        super().__init__(
            "LLM565",
            name=source.name,
            version=source.version,
            kernel=kernel,
            line=self.line,
            evidence=around(log or said, self.line),
        )


def too_slow(source: Source, kernel: str, seconds: float) -> Refusal:
    return Refusal("LLM228", name=source.name, version=source.version, kernel=kernel, seconds=seconds)


def no_source(pattern: str) -> Refusal:
    return Refusal("LLM230", pattern=pattern, folder=SOURCES)


def modules_of(kernel: str, folder: str = "/lib/modules") -> List[str]:
    """The driver's module files of a kernel, wherever a package or dkms put them."""
    base = Path(folder) / kernel
    found = [path for path in base.glob("**/nvidia*.ko*") if path.is_file()]
    return sorted(str(path.relative_to(base)) for path in found)
