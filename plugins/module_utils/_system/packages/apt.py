# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt and dpkg by their command lines; the node needs no Python bindings for it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import struct
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import apt_sources
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    Options,
    Run,
    Steps,
    Trouble,
    busy,
    failed,
)

ASK_SECONDS = 300.0
# A source that is gone holds up every role that reads the lists: it gets less patience than a package.
SHORT = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::https::Timeout=15"]
LISTED = ["dpkg-query", "-W", "-f", "${db:Status-Status}/${Package}/${Architecture}/${Version}\\n"]
PLACES = {"status": "Dir::State::status/f", "lists": "Dir::State::lists/d", "archives": "Dir::Cache::archives/d"}
# Whom somebody merely recommends or suggests still came along with us.
STRICT = ["-o", "APT::AutoRemove::RecommendsImportant=false", "-o", "APT::AutoRemove::SuggestsImportant=false"]
# apt 3 removes nothing that a held package needs, not even together with that one.
HELD_TOO = ["--allow-change-held-packages", "-o", "APT::Ignore-Hold=true"]
NOT_KEPT = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="]
MOST_REASONS = 12
# Said after the reason itself.
FOLLOWS = ("E: Unable to correct problems", "E: Couldn't find any package by")
LOCKED = re.compile(r"Could not get lock (\S+?)\.? (?:It is held by process (\d+)(?: \((.+?)\))?|- open)")


def environment() -> Dict[str, str]:
    path = os.environ.get("PATH", "")
    return {
        "DEBIAN_FRONTEND": "noninteractive",
        "NEEDRESTART_SUSPEND": "1",
        "APT_LISTCHANGES_FRONTEND": "none",
        "LC_ALL": "C",
        "PATH": f"{path}:{SAFE_PATH}" if path else SAFE_PATH,
    }


class Apt:
    program = "apt-get"

    def __init__(self, run: Run, seconds: int, lock_seconds: int, pause: float = 1.0) -> None:
        self.run, self.seconds, self.lock_seconds, self.pause = run, seconds, lock_seconds, pause
        self.words = [
            "apt-get", "-y", "-q", "-o", f"DPkg::Lock::Timeout={lock_seconds}", "-o", "Acquire::Retries=3",
            "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
        ]  # fmt: skip
        self.complaint = ""  # of the package lists that could not be read
        self.told = ""  # by apt, when it read the fresh ones
        self.fresh: Optional[tempfile.TemporaryDirectory[str]] = None  # lists that are not the node's own

    def installed(self) -> Dict[str, str]:
        return {name: version for status, name, version in self._listed() if status == "installed"}

    def present(self) -> List[str]:
        return [name for status, name, _version in self._listed() if status not in ("not-installed", "config-files")]

    def automatic(self) -> List[str]:
        return parse_names(self._ask(say("packages.list"), ["apt-mark", "showauto"]))

    def fits(self, version: str, wanted: str) -> bool:
        return fnmatchcase(version, wanted)

    def held(self) -> List[str]:
        return parse_names(self._ask(say("packages.list"), ["apt-mark", "showhold"]))

    def refresh(self) -> str:
        """Reads the lists again.

        A source that can't be reached is no failure yet: another one may offer what is wanted.
        """
        self.wait_until_free()
        status, said = self.run([*self.words, *SHORT, "update"], self.seconds)
        self.complaint = "" if status == 0 else " | ".join(complaints(said))
        return self.complaint

    def would_install(self, wanted: List[str], options: Options) -> Steps:
        what = say("packages.install", names=wanted)
        status, said = self.run([*self._install(options), "-s", *wanted], ASK_SECONDS)
        if status != 0:
            raise failed(what, [*complaints(said), *([self.complaint] if self.complaint else [])])
        return parse_steps(said)

    def offers(self, wanted: List[str], options: Options) -> Steps:
        looking = Apt(self.run, self.seconds, self.lock_seconds)
        looking.words = [*self.words, *NOT_KEPT]
        if not options.only_upgrade:  # what is newer stands in fresh ones
            with contextlib.suppress(Refusal):
                return looking.would_install(wanted, options)
        if self.fresh is None:  # read once, and gone with this object
            self.fresh = tempfile.TemporaryDirectory(prefix="yitiji-lists-")
            os.makedirs(f"{self.fresh.name}/partial")
            status, self.told = self.run([*looking.words, *SHORT, *self._fresh(), "update"], ASK_SECONDS)
            self.complaint = "" if status == 0 else " | ".join(complaints(self.told))
        looking.words += self._fresh()
        looking.complaint = self.complaint
        return looking.would_install(wanted, options)

    def troubles(self) -> List[Trouble]:
        if self.fresh is not None:  # the lists were just read, and apt has said it all
            return apt_sources.judged(self.run, self.told)
        with tempfile.TemporaryDirectory(prefix="yitiji-sources-") as folder:
            os.makedirs(f"{folder}/partial")
            own = ["-o", f"Dir::State::lists={folder}", "-o", "APT::Sandbox::User=root"]
            return apt_sources.troubles(self.run, [*self.words, *NOT_KEPT, *own])

    def _fresh(self) -> List[str]:
        return ["-o", f"Dir::State::lists={sure(self.fresh).name}", "-o", "APT::Sandbox::User=root"]

    def install(self, wanted: List[str], options: Options) -> None:
        what = say("packages.install", names=wanted)
        self._do(what, [*self._install(options), *wanted])

    def would_remove(self, names: List[str]) -> List[str]:
        return self._removed([*HELD_TOO, "purge", *names]) if names else []

    def unneeded(self, without: List[str]) -> List[str]:
        return self._removed([*STRICT, "--auto-remove", "purge", *without] if without else [*STRICT, "autoremove"])

    def remove(self, names: List[str], purge: bool) -> None:
        what = say("packages.remove", names=names)
        self._do(what, [*self.words, *HELD_TOO, "purge" if purge else "remove", *names])

    def hold(self, names: List[str]) -> None:
        self._do(say("packages.hold", names=names), ["apt-mark", "hold", *names])

    def unhold(self, names: List[str]) -> None:
        self._do(say("packages.unhold", names=names), ["apt-mark", "unhold", *names])

    def finish(self) -> None:
        what = say("packages.finish")
        self._do(what, ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"])

    def user(self) -> str:
        return held_by(self._locks())

    def wait_until_free(self) -> None:
        """apt itself waits for dpkg's lock, but not for those of the lists and the archives."""
        end = time.monotonic() + self.lock_seconds
        paths = self._locks()
        while True:
            told = held_by(paths)
            if not told:
                return
            if time.monotonic() >= end:
                raise busy(self.lock_seconds, told)
            self.run(["sleep", f"{self.pause:g}"], 60)  # a command, so that who is told to stop ends here too

    def _locks(self) -> List[str]:
        status, said = self.run(["apt-config", "shell", *(word for pair in PLACES.items() for word in pair)], 60)
        found = dict(word.split("=", 1) for word in shlex.split(said) if "=" in word) if status == 0 else {}
        dpkg = os.path.dirname(found.get("status", "/var/lib/dpkg/status"))
        lists, archives = found.get("lists", "/var/lib/apt/lists"), found.get("archives", "/var/cache/apt/archives")
        return [f"{dpkg}/lock-frontend", os.path.join(lists, "lock"), os.path.join(archives, "lock")]

    def _install(self, options: Options) -> List[str]:
        words = [*self.words, "install", "--install-recommends" if options.recommends else "--no-install-recommends"]
        words += ["--allow-downgrades"] if options.downgrade else []
        words += ["--allow-change-held-packages"] if options.change_held else []
        words += ["--only-upgrade"] if options.only_upgrade else []
        words += ["--no-remove"] if options.no_remove else []
        words += ["-t", options.release] if options.release else []
        return words

    def _removed(self, words: List[str]) -> List[str]:
        what = say("packages.removable")
        return parse_steps(self._ask(what, [*self.words, "--allow-change-held-packages", "-s", *words])).removed

    def _listed(self) -> List[Tuple[str, str, str]]:
        own = self._ask(say("packages.list"), ["dpkg", "--print-architecture"]).strip()
        rows = []
        for line in self._ask(say("packages.list"), LISTED).splitlines():
            words = line.split("/", 3)
            if len(words) == 4:
                status, name, architecture, version = words
                foreign = architecture not in (own, "all")
                rows.append((status, f"{name}:{architecture}" if foreign else name, version))
        return rows

    def _ask(self, what: Text, command: List[str]) -> str:
        status, said = self.run(command, ASK_SECONDS)
        if status != 0:
            raise failed(what, complaints(said))
        return said

    def _do(self, what: Text, command: List[str]) -> None:
        self.wait_until_free()
        status, said = self.run(command, self.seconds)
        if status != 0:
            raise self._failed(what, said)

    def _failed(self, what: Text, said: str) -> Refusal:
        locked = LOCKED.search(said)
        if locked:
            _path, pid, name = locked.groups()
            return busy(self.lock_seconds, f"{name or '?'} ({pid or '?'})")
        return failed(what, complaints(said))


def parse_steps(text: str) -> Steps:
    """The steps in a simulation: `Inst name [old] (new ...)`, `Remv name [old]`, `Purg name [old]`."""
    new: Dict[str, str] = {}
    upgraded: Dict[str, str] = {}
    removed: List[str] = []
    for line in text.splitlines():
        match = re.match(r"(Inst|Remv|Purg) (\S+) (?:\[(\S+)\] ?)?(?:\((\S+))?", line)
        if not match:
            continue
        verb, name, old, version = match.groups()
        if verb == "Inst":
            (upgraded if old else new)[name] = version or ""
        elif name not in removed:
            removed.append(name)
    return Steps(new, upgraded, removed)


def parse_names(text: str) -> List[str]:
    """Names from `apt-mark showhold` or `showauto`."""
    return sorted(line.strip().partition(":")[0] for line in text.splitlines() if line.strip())


def complaints(text: str) -> List[str]:
    """The reasons that apt gives, dependencies that nobody has in full, or else its last lines."""
    found: List[str] = []
    unmet = False
    for line in text.splitlines():
        words = " ".join(line.split())
        unmet = words.endswith("have unmet dependencies:") or (unmet and line.startswith(" "))
        told = line.startswith(("E:", "Err:", "dpkg: error")) or (unmet and line.startswith(" "))
        if told and not words.startswith(FOLLOWS):
            found.append(words)
    last = [" ".join(line.split()) for line in text.splitlines() if line.strip()][-4:]
    return found[-MOST_REASONS:] or last


def held_by(paths: Sequence[str]) -> str:
    return next((told for told in map(holder, paths) if told), "")


def holder(path: str) -> str:
    """Who holds a lock, as `name (process id)`; empty where nobody does. The lock itself is not taken."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        question = struct.pack("hhqqii", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0, 0)
        answer = fcntl.fcntl(handle, fcntl.F_GETLK, question)
    except OSError:
        return ""
    finally:
        os.close(handle)
    kind, _whence, _start, _length, pid, _pad = struct.unpack("hhqqii", answer)
    if kind == fcntl.F_UNLCK:
        return ""
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        name = "?"
    return f"{name} ({pid})"
