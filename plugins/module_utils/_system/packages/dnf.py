# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf and rpm by their command lines; the node needs no Python bindings for it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_place, dnf_sources
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import holder
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import (
    NOTHING_NEWER,
    QUERY,
    Row,
    Table,
    candidates,
    complaints,
    declined,
    parse_installed,
    parse_table,
    protected,
    saved,
    short,
    unreadable,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_locks import Locks
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    Options,
    Steps,
    Trouble,
    bare,
    busy,
    failed,
)

Run = Callable[[List[str], float], Tuple[int, str]]

ASK_SECONDS = 300.0
# A repository of somebody else that can't be reached is no reason: another one may offer what is wanted.
SKIP = "--setopt=*.skip_if_unavailable=True"
# One that does not answer is given up soon.
SHORT = ["--setopt=*.timeout=15", "--setopt=*.retries=1"]
# Installed in several versions at once, so that one is told by its whole name only.
SEVERAL = "kernel"
ALL_TOO = ["--disableplugin=versionlock", "--setopt=excludepkgs="]
PID_FILES = (
    "var/lib/dnf/rpmdb_lock.pid", "var/cache/dnf/metadata_lock.pid", "var/cache/dnf/download_lock.pid", "run/dnf.pid",
)  # fmt: skip


class Dnf:
    program = "dnf"

    def __init__(self, run: Run, seconds: int, lock_seconds: int, pause: float = 1.0, root: str = "/") -> None:
        self.run, self.seconds, self.lock_seconds, self.pause, self.root = run, seconds, lock_seconds, pause, root
        self.own = dnf_place.pointed(
            ["dnf"]
        )  # so begins every call: queries of what is installed read repositories, too
        self.words = [*self.own, "-y", SKIP]
        self.locks = Locks(root)
        self.complaint = ""  # of the repositories that could not be read
        self.told = ""  # by dnf, when it read their metadata anew
        # First from what is cached, so that nothing is fetched and no cache changes.
        self.ways: List[List[str]] = [["-C"], []]

    def installed(self) -> Dict[str, str]:
        rows = self._listed()
        own = main_arch(rows)
        found: Dict[str, str] = {}
        for row in rows:
            found[row.name if row.arch in (own, "noarch") else f"{row.name}.{row.arch}"] = row.version
            if row.name.startswith(SEVERAL):
                found[row.whole] = row.version
        return found

    def present(self) -> List[str]:
        return list(self.installed())

    def automatic(self) -> List[str]:
        said = self._ask(
            say("packages.list"), [*self.own, "-q", "repoquery", "--installed", "--qf", "%{name} %{reason}\\n"]
        )
        rows = [line.split() for line in said.splitlines()]
        return sorted({words[0] for words in rows if len(words) > 1 and "dependency" in words[1].lower()})

    def held(self) -> List[str]:
        return self.locks.held(self._listed())

    def fits(self, version: str, wanted: str) -> bool:
        return any(fnmatchcase(way, wanted) for way in candidates(version))

    def refresh(self) -> str:
        """Reads the metadata again."""
        self.wait_until_free()
        status, said = self.run([*self.words, "makecache", "--refresh"], self.seconds)
        reasons = unreadable(said) or (complaints(said) if status != 0 else [])
        self.complaint = " | ".join(reasons)
        return self.complaint

    def would_install(self, wanted: List[str], options: Options) -> Steps:
        _words, table = self._planned(wanted, options)
        if table.downgraded and not (options.downgrade or options.only_upgrade):
            names = ", ".join(f"{name} {version}" for name, version in sorted(table.downgraded.items()))
            raise failed(say("packages.install", names=wanted), [f"this would downgrade {names}"])
        return Steps(table.new, {**table.upgraded, **table.downgraded}, table.removed)

    def offers(self, wanted: List[str], options: Options) -> Steps:
        looking = Dnf(self.run, self.seconds, self.lock_seconds, self.pause, self.root)
        looking.ways = [["-C"]]
        if not options.only_upgrade:  # what is newer stands in fresh ones
            with contextlib.suppress(Refusal):
                return looking.would_install(wanted, options)
        with tempfile.TemporaryDirectory(prefix="yitiji-metadata-") as folder:
            looking.words, looking.ways = [*self.words, f"--setopt=cachedir={folder}"], [[]]
            status, said = self.run([*looking.words, *SHORT, "makecache", "--refresh"], ASK_SECONDS)
            self.told = said
            looking.complaint = " | ".join(unreadable(said) or (complaints(said) if status != 0 else []))
            return looking.would_install(wanted, options)

    def troubles(self) -> List[Trouble]:
        """Of the metadata that `offers` read anew; where the cache sufficed no repository was asked."""
        return dnf_sources.judged(self.told, self.root)

    def install(self, wanted: List[str], options: Options) -> None:
        held = self.held() if options.change_held else []
        words, table = self._planned(wanted, options)
        try:
            self._do(say("packages.install", names=wanted), words)
        except Refusal:
            self._remember_why(table, wanted)
            raise
        if held:
            self.hold(held)

    def would_remove(self, names: List[str]) -> List[str]:
        return self._removed(names, ["--noautoremove"]) if names else []

    def unneeded(self, without: List[str]) -> List[str]:
        """dnf's own list of what nobody needs, and with `without` what would follow those."""
        return self._removed(without, ["--setopt=clean_requirements_on_remove=True"])

    def remove(self, names: List[str], purge: bool) -> None:
        said = self._do(
            say("packages.remove", names=names), [*self.words, *ALL_TOO, "remove", "--noautoremove", *names]
        )
        self.unhold(names)
        for path in saved(said) if purge else []:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self.root, path.lstrip("/")))

    def hold(self, names: List[str]) -> None:
        """At the versions that they have now: a lock of ours may be older."""
        rows = self._listed()
        self.locks.unhold(rows, names)
        self.locks.hold(rows, names)

    def unhold(self, names: List[str]) -> None:
        self.locks.unhold(self._listed(), names)

    def finish(self) -> None:
        """A killed run may leave a database that can't be read, or an upgrade's old version beside the new one."""
        self.wait_until_free()
        if self.run(["rpm", "-qa"], ASK_SECONDS)[0] != 0:
            self._do(say("packages.finish"), ["rpm", "--rebuilddb"])
        twice = self._ask(say("packages.list"), [*self.own, "-q", "repoquery", "--duplicates"])
        if twice.strip():
            self._do(say("packages.finish"), [*self.words, "remove", "--duplicates"])

    def wait_until_free(self) -> None:
        """dnf itself waits for another dnf without an end, and fails at rpm's lock."""
        end = time.monotonic() + self.lock_seconds
        while True:
            told = self.user()
            if not told:
                return
            if time.monotonic() >= end:
                raise busy(self.lock_seconds, told)
            self.run(["sleep", f"{self.pause:g}"], 60)  # a command, so that who is told to stop ends here too

    def user(self) -> str:
        for name in PID_FILES:
            told = alive(os.path.join(self.root, name))
            if told:
                return told
        status, folder = self.run(["rpm", "--eval", "%{_dbpath}"], 60)
        place = folder.strip().lstrip("/") if status == 0 and folder.startswith("/") else "var/lib/rpm"
        return holder(os.path.join(self.root, place, ".rpm.lock"))

    def _install(self, wanted: List[str], options: Options) -> List[str]:
        words = [*self.words, "upgrade" if options.only_upgrade else "install"]
        words += [f"--setopt=install_weak_deps={bool(options.recommends)}"]
        words += ALL_TOO if options.change_held else []
        words += [f"--enablerepo={options.release}"] if options.release else []
        return [*words, *(spec(name) for name in wanted)]

    def _planned(self, wanted: List[str], options: Options) -> Tuple[List[str], Table]:
        """The command, and what it would do. dnf takes what obsoletes a package in its place; who is named is meant."""
        words = self._install(wanted, options)
        table = self._worked_out(words, wanted)
        comes = {**table.new, **table.upgraded, **table.downgraded}
        other = {name for name in table.new if name not in {spec(each) for each in wanted}}
        if other and not options.only_upgrade:
            there = self.installed()
            if [name for name in map(bare, wanted) if name not in there and not named(name, comes)]:
                words = [*words, "--setopt=obsoletes=False"]
                table = self._worked_out(words, wanted)
        return words, table

    def _remember_why(self, table: Table, wanted: List[str]) -> None:
        """dnf forgets what came as a dependency when a transaction fails half-way, and would keep it for ever."""
        there = self.installed()
        came = [name for name in table.new if name in there and name not in map(bare, wanted)]
        if came:
            self.run([*self.own, "-y", "mark", "remove", *came], ASK_SECONDS)

    def _worked_out(self, words: List[str], wanted: Sequence[str]) -> Table:
        """The transaction, declined."""
        status, said = 1, ""
        for way in self.ways:
            status, said = self.run([*words, "--assumeno", *way], ASK_SECONDS)
            if "upgrade" in words and NOTHING_NEWER in said:  # also where it is held by an exclude
                return Table({}, {}, {}, [])
            if declined(status, said):
                return parse_table(said)
        reasons = [*complaints(said), *([self.complaint] if self.complaint else [])]
        raise failed(say("packages.install", names=list(wanted)), reasons)

    def _removed(self, names: List[str], more: List[str]) -> List[str]:
        verb = ["remove", *more, *names] if names else ["autoremove"]
        status, said = self.run([*self.words, *ALL_TOO, "--assumeno", *verb], ASK_SECONDS)
        kept = protected(said)
        if kept:  # whatever needs one of these can't be removed either
            return [*names, *kept]
        if not declined(status, said) and "No packages marked for removal" not in said:
            raise failed(say("packages.removable"), complaints(said))
        return list(dict.fromkeys(parse_table(said).removed))

    def _listed(self) -> List[Row]:
        return parse_installed(self._ask(say("packages.list"), ["rpm", "-qa", "--qf", QUERY]))

    def _ask(self, what: Text, command: List[str]) -> str:
        status, said = self.run(command, ASK_SECONDS)
        if status != 0:
            raise failed(what, complaints(said))
        return said

    def _do(self, what: Text, command: List[str]) -> str:
        self.wait_until_free()
        status, said = self.run(command, self.seconds)
        if status != 0:
            raise failed(what, complaints(said))
        return said


def spec(wanted: str) -> str:
    """As dnf writes it: `docker-ce=3:28.*` becomes `docker-ce-3:28.*`."""
    name, sign, version = wanted.partition("=")
    return f"{name}-{version}" if sign else name


def named(wanted: str, comes: Mapping[str, str]) -> bool:
    """Whether it is among these by its name or, as a kernel's headers are, by name and version."""
    return wanted in comes or any(wanted.startswith(f"{name}-{short(version)}") for name, version in comes.items())


def main_arch(rows: Sequence[Row]) -> str:
    """The architecture of most packages: what has another one keeps it in its name."""
    count: Dict[str, int] = {}
    for row in rows:
        count[row.arch] = count.get(row.arch, 0) + (row.arch != "noarch")
    return max(count, key=lambda arch: count[arch]) if count else "noarch"


def alive(path: str) -> str:
    """Who wrote a file with his process id, as `name (process id)`; empty where he has ended."""
    try:
        pid = int(Path(path).read_text(encoding="ascii").strip() or 0)
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return f"{name} ({pid})"
