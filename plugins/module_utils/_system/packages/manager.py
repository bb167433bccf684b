# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every package manager must be able to do here, and which one a node has."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, Iterable, List, Mapping, NamedTuple, Protocol

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say


class Options(NamedTuple):
    """How packages are installed."""

    release: str = ""
    downgrade: bool = False
    recommends: bool = False
    change_held: bool = False
    only_upgrade: bool = False


class Steps(NamedTuple):
    """What the package manager would do: name -> new version, and names that it would remove."""

    new: Dict[str, str]
    upgraded: Dict[str, str]
    removed: List[str]


class Manager(Protocol):
    """Names are without a version; `wanted` may be written `name=version`, with `*` for any letters."""

    def installed(self) -> Dict[str, str]:
        """Name -> version of what is installed and configured."""

    def present(self) -> List[str]:
        """What is installed, half installed or not configured: all that can be removed."""

    def automatic(self) -> List[str]:
        """What came as a dependency of something else."""

    def held(self) -> List[str]:
        """Packages that stay at their version."""

    def refresh(self) -> str:
        """Reads the package lists again; what could not be read, empty when all could."""

    def would_install(self, wanted: List[str], options: Options) -> Steps:
        """The installation, simulated."""

    def offers(self, wanted: List[str], options: Options) -> None:
        """Refuses what can't be installed, also not with lists that are read anew; the node's own stay as they are."""

    def install(self, wanted: List[str], options: Options) -> None: ...

    def would_remove(self, names: List[str]) -> List[str]:
        """The removal, simulated: these and what depends on them."""

    def unneeded(self, without: List[str]) -> List[str]:
        """What came as a dependency and nothing would need without these packages."""

    def remove(self, names: List[str], purge: bool) -> None: ...

    def hold(self, names: List[str]) -> None: ...

    def unhold(self, names: List[str]) -> None: ...

    def finish(self) -> None:
        """Completes what a killed run left half done."""

    def wait_until_free(self) -> None:
        """Returns when nobody else uses the package manager; refuses after a time, and says who does."""


def bare(package: str) -> str:
    """`docker-ce` out of `docker-ce=5:28.0`."""
    return package.split("=", maxsplit=1)[0].split(":", maxsplit=1)[0]


def missing(installed: Mapping[str, str], wanted: Iterable[str]) -> List[str]:
    """What has to be installed: absent names, and `name=version` where another version is; `*` as apt reads it."""
    found = []
    for package in wanted:
        name, _sign, version = package.partition("=")
        if name not in installed or (version and not fnmatchcase(installed[name], version)):
            found.append(package)
    return found


def family(os_release: str) -> str:
    """`debian` for Debian, Ubuntu and what is made of them; else the distribution's own id."""
    rows = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    ids = [rows.get("ID", ""), *rows.get("ID_LIKE", "").strip('"').split()]
    names = [name.strip('"') for name in ids]
    return "debian" if {"debian", "ubuntu"} & set(names) else names[0]


def unsupported(name: str) -> Refusal:
    what = say("packages.manage", name=name or "?")
    remedies = [say("packages.use_apt")]
    return Refusal("LLM117", what=what, said=say("packages.apt_only"), remedies=remedies)


def failed(what: Text, reasons: List[str]) -> Refusal:
    return Refusal("LLM117", what=what, said=" | ".join(reasons) or "?")


def busy(seconds: int, holder: str) -> Refusal:
    return Refusal("LLM118", seconds=seconds, holder=holder)
