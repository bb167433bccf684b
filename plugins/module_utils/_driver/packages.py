# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of packages that is installed whole or not at all, and taken back whole."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    Manager,
    Options,
    Steps,
    reasons,
)

# A kernel's headers may be held, and an installation never removes anything here.
HOW = Options(change_held=True, no_remove=True)
# dkms leaves the building to us while this file is there, so that a failed build leaves no package half configured.
NO_AUTOINSTALL = "/etc/dkms/no-autoinstall"
NOT_FOUND = (
    "E: Unable to locate package",
    "E: Version",
    "E: Package",
    "No match for argument",
    "Error: Unable to find",
)
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
    """The set, in the hands of the node's package manager."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager

    def simulate(self, names: List[str], asked: Mapping[str, Any], aside: bool = False) -> Steps:
        """What an installation would do; a set that can't be installed, or does not fit, is refused.

        `aside`: where the node's own lists are old or missing, fresh ones are read that are not the node's.
        """
        look = self.manager.offers if aside else self.manager.would_install
        try:
            steps = look(names, HOW)
        except Refusal as refusal:
            if refusal.rule != "LLM117":
                raise
            raise impossible(reasons(refusal), asked) from refusal
        if steps.removed:
            raise impossible([f"it would remove {', '.join(steps.removed)}"], asked)
        check_versions({**self.manager.installed(), **steps.upgraded, **steps.new}, asked)
        return steps

    def install(self, names: List[str]) -> None:
        if not os.path.exists(NO_AUTOINSTALL):
            write_atomic(NO_AUTOINSTALL, OURS, 0o644)
        try:
            self.manager.install(names, HOW)
        finally:
            build_by_itself_again()

    def removable(self, wanted: List[str], ours: List[str]) -> List[str]:
        """Of our packages: those asked for, and their companions that nothing else needs."""
        there = self.manager.present()
        removed = self.manager.would_remove([name for name in wanted if name in there])
        foreign = [name for name in removed if name not in ours]
        if foreign:
            raise needed_by_others(foreign)
        return removed

    def unneeded(self, ours: List[str]) -> List[str]:
        """Companions of ours that nothing needs any more."""
        there = [name for name in self.manager.unneeded([]) if name in ours]
        return there if set(self.manager.would_remove(there)) <= set(ours) else []


def build_by_itself_again() -> None:
    """Removes our mark; one that an administrator made stays."""
    if read_text(NO_AUTOINSTALL) == OURS:
        os.unlink(NO_AUTOINSTALL)


def check_versions(versions: Mapping[str, str], asked: Mapping[str, Any]) -> None:
    """The whole set must have one version, of the branch planned, new enough for the engine's image."""
    leader = str(asked["version_of"])
    have = upstream(versions.get(leader, ""))
    if not have:
        return
    if asked.get("branch") and have.split(".")[0] != str(asked["branch"]):
        raise Refusal("LLM231", leader=leader, found=have, branch=asked["branch"])
    least = str(asked.get("min_version") or "")
    if least and number(have) < number(least):
        raise Refusal("LLM209", image=say("engine_image"), wanted=least, driver=have)
    other = differing(versions, list(asked.get("same_version") or []), leader)
    if other:
        listed = ", ".join(f"{name} {version}" for name, version in sorted(other.items()))
        rule = "LLM207" if any("fabric" in name for name in other) else "LLM240"
        raise Refusal(rule, driver=have, listed=listed)


# Their names end in a kernel's: an old one that is still on disk lacks them, whatever the driver's flavour.
OF_A_KERNEL = ("linux-headers-", "linux-modules-", "linux-signatures-", "linux-objects-", "kernel-devel")


def impossible(said: List[str], asked: Mapping[str, Any]) -> Refusal:
    """The resolver's reason and what to do."""
    reason = " | ".join(said) or "?"
    lacking = [line for line in said if line.startswith(NOT_FOUND)]
    if lacking and all(any(part in line for part in OF_A_KERNEL) for line in lacking):
        return Refusal("LLM232", reason=reason)
    other = {"open": "proprietary", "proprietary": "open"}.get(str(asked.get("flavour")), "auto")
    return Refusal("LLM219", reason=reason, other=other)


def needed_by_others(names: List[str]) -> Refusal:
    listed = ", ".join(names[:8])
    return Refusal("LLM236", listed=listed)


def upstream(version: str) -> str:
    """535.309.01 out of 535.309.01-0+deb12u1 or 3:580.95.05-1.el9."""
    match = re.search(r"(?:^|:)(\d+(?:\.\d+)+)", version)
    return match.group(1) if match else version


def number(version: str) -> List[int]:
    return [int(part) for part in re.findall(r"\d+", upstream(version))]


def differing(versions: Mapping[str, str], names: List[str], leader: str) -> Dict[str, str]:
    """Packages of the set whose version is not the driver's."""
    wanted = upstream(versions.get(leader, ""))
    return {
        name: versions[name] for name in names if name in versions and wanted and upstream(versions[name]) != wanted
    }
