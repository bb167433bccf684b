# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of packages that is installed whole or not at all, and taken back whole."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import managers as words
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import parse_steps
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Steps

# argv, seconds -> status and everything said; the environment is words.ENVIRONMENT
Run = Callable[[List[str], float], Tuple[int, str]]

ASK_SECONDS = 300.0
# dkms leaves the building to us while this file is there, so that a failed build leaves no package half configured.
NO_AUTOINSTALL = "/etc/dkms/no-autoinstall"
OURS = "# yitiji nvidia_driver: removed again when the packages are in place\n"


class Record:
    """What this role brought: packages that were not there before, those asked for first."""

    def __init__(self, path: str) -> None:
        self.path = path
        data: Dict[str, Any] = json.loads(read_text(path) or "{}")
        self.wanted: List[str] = data.get("wanted", [])
        self.installed: List[str] = data.get("installed", [])
        self.unfinished: bool = bool(data.get("unfinished", False))

    def save(self) -> None:
        if self.installed or self.wanted:
            data = {"wanted": self.wanted, "installed": self.installed, "unfinished": self.unfinished}
            write_atomic(self.path, json.dumps(data, indent=2) + "\n", 0o644)
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def add(self, wanted: List[str], installed: List[str]) -> None:
        self.wanted = list(dict.fromkeys([*self.wanted, *wanted]))
        self.installed = list(dict.fromkeys([*self.installed, *installed]))
        self.unfinished = True
        self.save()

    def drop(self, names: List[str]) -> None:
        self.wanted = [name for name in self.wanted if name not in names]
        self.installed = [name for name in self.installed if name not in names]
        self.save()


class Packages:
    """The node's package manager."""

    def __init__(self, manager: str, run: Run) -> None:
        self.manager, self.run = manager, run
        self.commands = words.COMMANDS[manager]

    def installed(self, whole: bool = True) -> Dict[str, str]:
        status, said = self.run(self.commands["list"], ASK_SECONDS)
        if status != 0:
            raise failed("list the packages", said)
        return words.parse_installed(said, whole)

    def simulate(self, names: List[str], asked: Mapping[str, Any], aside: str = "") -> Steps:
        """What an installation would do; a set that can't be installed, or does not fit, is refused.

        `aside`: a folder for lists of our own, where those of the node may be old or missing and must not change.
        """
        status, said = self.run([*self.commands["simulate"], *names], ASK_SECONDS)
        possible, steps = words.understood(self.manager, status, said)
        if not possible and aside and self.manager == "apt":
            lists = ["-o", f"Dir::State::lists={aside}", "-o", f"Dir::Cache={aside}"]
            self.run([*self.commands["update"], *lists], ASK_SECONDS)
            status, said = self.run([*self.commands["simulate"], *lists, *names], ASK_SECONDS)
            possible, steps = words.understood(self.manager, status, said)
        if not possible:
            raise impossible(words.complaints(said), asked)
        if steps.removed:
            raise impossible([f"it would remove {', '.join(steps.removed)}"], asked)
        check_versions({**self.installed(), **steps.upgraded, **steps.new}, asked)
        return steps

    def install(self, names: List[str], seconds: float) -> None:
        if not os.path.exists(NO_AUTOINSTALL):
            write_atomic(NO_AUTOINSTALL, OURS, 0o644)
        try:
            status, said = self.run([*self.commands["install"], *names], seconds)
        finally:
            build_by_itself_again()
        if status != 0:
            raise failed("install the packages", said)

    def finish(self, seconds: float, must: bool = True) -> None:
        """Completes what a killed run left half done."""
        if self.commands["finish"]:
            status, said = self.run(self.commands["finish"], seconds)
            if status != 0 and must:
                raise failed("complete an interrupted installation (dpkg --configure -a)", said)

    def removable(self, wanted: List[str], ours: List[str]) -> List[str]:
        """Of our packages: those asked for, and their companions that nothing else needs."""
        there = self.installed(whole=False)
        gone = [name for name in wanted if name in there]
        removed = self._would_remove("simulate removal", gone) if gone else []
        foreign = [name for name in removed if name not in ours]
        if foreign:
            raise needed_by_others(foreign)
        return removed

    def unneeded(self, ours: List[str]) -> List[str]:
        """Companions of ours that nothing needs any more."""
        there = [name for name in self._would_remove("unneeded", []) if name in ours]
        removed = self._would_remove("simulate removal", there) if there else []
        return there if set(removed) <= set(ours) else []

    def _would_remove(self, what: str, names: List[str]) -> List[str]:
        status, said = self.run([*self.commands[what], *names], ASK_SECONDS)
        steps = parse_steps(said) if self.manager == "apt" else words.parse_dnf(said)
        if status != 0 and self.manager == "apt":
            raise failed("work out what can be removed", said)
        return list(dict.fromkeys(steps.removed))

    def remove(self, names: List[str], seconds: float) -> None:
        status, said = self.run([*self.commands["remove"], *names], seconds)
        if status != 0:
            raise failed("remove the packages", said)


def build_by_itself_again() -> None:
    """Removes our mark; one that an administrator made stays."""
    if read_text(NO_AUTOINSTALL) == OURS:
        os.unlink(NO_AUTOINSTALL)


def check_versions(versions: Mapping[str, str], asked: Mapping[str, Any]) -> None:
    """The whole set must have one version, of the branch planned, new enough for the engine's image."""
    leader = str(asked["version_of"])
    have = words.upstream(versions.get(leader, ""))
    if not have:
        return
    if asked.get("branch") and have.split(".")[0] != str(asked["branch"]):
        raise Refusal("LLM231", leader=leader, found=have, branch=asked["branch"])
    least = str(asked.get("min_version") or "")
    if least and words.number(have) < words.number(least):
        raise Refusal("LLM209", image=say("engine_image"), wanted=least, driver=have)
    other = words.differing(versions, list(asked.get("same_version") or []), leader)
    if other:
        listed = ", ".join(f"{name} {version}" for name, version in sorted(other.items()))
        rule = "LLM207" if any("fabric" in name for name in other) else "LLM240"
        raise Refusal(rule, driver=have, listed=listed)


def impossible(said: List[str], asked: Mapping[str, Any]) -> Refusal:
    """The resolver's reason and what to do."""
    reason = " | ".join(said) or "?"
    errors = [line for line in said if line.startswith(("E:", "Error"))]
    if errors and all("linux-headers" in line or "kernel-devel" in line for line in errors):
        return Refusal("LLM232", reason=reason)
    other = {"open": "proprietary", "proprietary": "open"}.get(str(asked.get("flavour")), "auto")
    return Refusal("LLM219", reason=reason, other=other)


def needed_by_others(names: List[str]) -> Refusal:
    listed = ", ".join(names[:8])
    return Refusal("LLM236", listed=listed)


def failed(what: str, said: str) -> Refusal:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("E:", "Error", "dpkg: error"))] or lines
    return Refusal("LLM237", what=what, told=" | ".join(told[-3:]))
