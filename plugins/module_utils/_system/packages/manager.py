# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every package manager must be able to do here, and which one a node has."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Protocol, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say

BETWEEN = " | "
NOTHING: Mapping[str, str] = {}
# argv, seconds -> status and everything said
Run = Callable[[List[str], float], Tuple[int, str]]


class Options(NamedTuple):
    """How packages are installed."""

    release: str = ""
    downgrade: bool = False
    recommends: bool = False
    change_held: bool = False
    only_upgrade: bool = False
    no_remove: bool = False


def how(row: Mapping[str, Any]) -> Options:
    """Of a module's arguments."""
    return Options(*(row[w] for w in ("default_release", "allow_downgrade", "install_recommends", "allow_change_held")))


class Steps(NamedTuple):
    """What the package manager would do: new versions by name, and names that it would remove."""

    new: Dict[str, str]
    upgraded: Dict[str, str]
    removed: List[str]


class Trouble(NamedTuple):
    """A package source that can't be used."""

    kind: str  # malformed, not_yet, expired, key, proxy, name, tls, denied, absent, family, unreachable, other
    source: str
    place: str  # file:line
    said: str

    def refusal(self) -> Refusal:
        """LLM175, with the cause and its remedy."""
        source, place = self.source or "?", self.place or "?"
        why, remedy = say(f"source_{self.kind}"), say(f"source_{self.kind}_remedy", place=place)
        return Refusal("LLM175", why=why, said=self.said, remedies=[remedy], source=source, place=place)


class Manager(Protocol):
    """One package manager. Names are without a version; `wanted` may also be `name=version`, with `*` for any text."""

    program: str  # its command, for people

    def installed(self) -> Dict[str, str]:
        """Versions of what is installed and configured, by name."""

    def present(self) -> List[str]:
        """Everything that can be removed: installed, half installed or not configured."""

    def automatic(self) -> List[str]:
        """What was installed as a dependency of something else."""

    def fits(self, version: str, wanted: str) -> bool:
        """Whether an installed version is the one that `name=wanted` means."""

    def held(self) -> List[str]:
        """Packages that stay at their version."""

    def refresh(self) -> str:
        """Reads the package lists again; returns what could not be read, empty where all could."""

    def would_install(self, wanted: List[str], options: Options) -> Steps:
        """The installation, simulated."""

    def offers(self, wanted: List[str], options: Options) -> Steps:
        """As `would_install`, with fresh lists where the node's own don't suffice; those are not changed."""

    def troubles(self) -> List[Trouble]:
        """Sources that can't be used, asked without the node's own lists and in bounded time."""

    def install(self, wanted: List[str], options: Options) -> None:
        """Installs them, with everything they need."""

    def would_remove(self, names: List[str]) -> List[str]:
        """The removal, simulated: these packages and those that depend on them."""

    def unneeded(self, without: List[str]) -> List[str]:
        """Dependencies that nothing would need without these packages."""

    def remove(self, names: List[str], purge: bool) -> None:
        """Removes them, with their settings if `purge`."""

    def hold(self, names: List[str]) -> None:
        """Keeps them at their present version."""

    def unhold(self, names: List[str]) -> None:
        """Lets them be upgraded again."""

    def finish(self) -> None:
        """Completes what a killed run left unfinished."""

    def user(self) -> str:
        """Who uses the package manager now, as `name (process id)`; empty where nobody does."""

    def wait_until_free(self) -> None:
        """Returns when nobody else uses the package manager; refuses after a time, naming who does (LLM118)."""


def bare(package: str) -> str:
    """`docker-ce` from `docker-ce=5:28.0`."""
    return package.split("=", maxsplit=1)[0].split(":", maxsplit=1)[0]


def missing(
    installed: Mapping[str, str], wanted: Iterable[str], fits: Callable[[str, str], bool] = fnmatchcase
) -> List[str]:
    """What must be installed: absent names, and `name=version` where another version is installed.

    `*` as apt reads it; `fits` compares versions as the package manager writes them.
    """
    found = []
    for package in wanted:
        name, _sign, version = package.partition("=")
        if name not in installed or (version and not fits(installed[name], version)):
            found.append(package)
    return found


def pinned(
    wanted: Iterable[str], locked: Mapping[str, str], fits: Callable[[str, str], bool] = fnmatchcase
) -> List[str]:
    """The same with the locked version, where it is one that was asked for."""
    found = []
    for package in wanted:
        name, _sign, version = package.partition("=")
        fixed = locked.get(name, "")
        found.append(f"{name}={fixed}" if fixed and (not version or fits(fixed, version)) else package)
    return found


def refuse_others(
    manager: Manager, installed: Mapping[str, str], wanted: Iterable[str], locked: Mapping[str, str]
) -> None:
    """Refuses packages that are there in another version than the locked one, or asked for in another (LLM594)."""
    rows, put_back = [], []
    for package in dict.fromkeys(wanted):
        name, _sign, version = package.partition("=")
        fixed, there = locked.get(name, ""), installed.get(name, "")
        if fixed and there and not manager.fits(there, fixed):
            rows.append(f"{name} {fixed} -> {there}")
            put_back.append(f"{name}={fixed}" if manager.program.startswith("apt") else f"{name}-{fixed}")
        elif fixed and version and not manager.fits(fixed, version):
            rows.append(f"{name} {fixed} -> {version}")
    if rows:
        raise Refusal("LLM594", differences=rows, command=f"{manager.program} install {' '.join(put_back)}")


def stand_aside(
    manager: Manager, installed: Mapping[str, str], wanted: Sequence[str], conflicts: Sequence[str]
) -> None:
    """Refuses to install what can't be there beside somebody else's packages (LLM332).

    apt would take the others away without a word, with what runs in them, and dnf fails only in the end.
    """
    there = [name for name in conflicts if name in installed]
    if there and wanted:
        names, command = ", ".join(there), f"{manager.program} remove {' '.join(there)}"
        raise Refusal("LLM332", names=names, wanted=", ".join(map(bare, wanted)), command=command)


def of_node(os_release: str, there: Callable[[str], object]) -> str:
    """`apt` or `dnf`: by the distribution's family where that tells, else by which of them is there."""
    name = family(os_release)
    if there("apt-get") and (name == "debian" or not there("dnf")):
        return "apt"
    if there("dnf"):
        return "dnf"
    raise unsupported(name)


def family(os_release: str) -> str:
    """`debian` for Debian, Ubuntu and their derivatives; else the distribution's own id."""
    rows = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    ids = [rows.get("ID", ""), *rows.get("ID_LIKE", "").strip('"').split()]
    names = [name.strip('"') for name in ids]
    return "debian" if {"debian", "ubuntu"} & set(names) else names[0]


def unsupported(name: str) -> Refusal:
    what = say("packages.manage", name=name or "?")
    remedies = [say("packages.use_served")]
    return Refusal("LLM117", what=what, said=say("packages.none"), remedies=remedies)


def failed(what: Text, reasons: List[str]) -> Refusal:
    return Refusal("LLM117", what=what, said=BETWEEN.join(reasons) or "?")


def reasons(refusal: Refusal) -> List[str]:
    """What the package manager said, out of `failed`."""
    return str(refusal.values["said"]).split(BETWEEN)


def busy(seconds: int, holder: str) -> Refusal:
    return Refusal("LLM118", seconds=seconds, holder=holder)


@contextmanager
def alone(run: Run, path: str, seconds: int) -> Iterator[None]:
    """One call at a time on a node. The file stays: whoever waits for it must not hold one that was deleted."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise busy(seconds, "managed_packages") from None
                run(["sleep", "0.5"], 60)  # a command, so that who is told to stop ends here too
        yield
    finally:
        os.close(handle)
