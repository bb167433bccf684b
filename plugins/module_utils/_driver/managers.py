# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How apt and dnf are asked what they would do, and what their answers mean."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_answers
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.apt import parse_steps
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Steps

LOCK_SECONDS = 300
APT = [
    "apt-get", "-y", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}", "-o", "Dpkg::Options::=--force-confdef",
    "-o", "Dpkg::Options::=--force-confold", "--allow-change-held-packages",
]  # fmt: skip
DNF = ["dnf", "-q"]
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "LC_ALL": "C"}


# The commands of the two package managers. An installation never removes anything here.
COMMANDS: Dict[str, Dict[str, List[str]]] = {
    "apt": {
        "update": [*APT, "update"],
        "simulate": [*APT, "-s", "install", "--no-install-recommends", "--no-remove"],
        "install": [*APT, "install", "--no-install-recommends", "--no-remove"],
        "simulate removal": [*APT, "-s", "purge"],
        "remove": [*APT, "purge"],
        # Whom somebody merely recommends still came along with us.
        "unneeded": [
            *APT,
            "-o",
            "APT::AutoRemove::RecommendsImportant=false",
            "-o",
            "APT::AutoRemove::SuggestsImportant=false",
            "-s",
            "autoremove",
        ],
        "list": ["dpkg-query", "-W", "-f", "${binary:Package} ${Version} ${db:Status-Abbrev}\\n"],
        "finish": ["dpkg", "--configure", "-a", "--force-confold"],
    },
    "dnf": {
        "update": [*DNF, "-y", "makecache"],
        "simulate": ["dnf", "install", "--assumeno", "--setopt=install_weak_deps=False"],
        "install": [*DNF, "-y", "install", "--setopt=install_weak_deps=False"],
        "simulate removal": ["dnf", "remove", "--assumeno", "--noautoremove"],
        "remove": [*DNF, "-y", "remove", "--noautoremove"],
        "unneeded": ["dnf", "autoremove", "--assumeno"],
        "list": ["rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE} ii %{ARCH}\\n"],
        "finish": [],
    },
}


def parse_installed(text: str, whole: bool = True) -> Dict[str, str]:
    """Name -> version of what is installed (`whole`: and configured); a foreign architecture keeps its suffix."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and (words[2][1:2] == "i" if whole else words[2][1:2] not in ("n", "c")):
            name, _sign, arch = words[0].partition(":")
            if len(words) > 3:  # rpm: several kernels at once are told apart by their whole name only
                found[f"{name}-{words[1]}.{words[3]}"] = words[1]
            found[name if arch in ("", "amd64", "arm64") else words[0]] = words[1]
    return found


def parse_dnf(text: str) -> Steps:
    """The table of a transaction that was declined."""
    table = dnf_answers.parse_table(text)
    return Steps(table.new, {**table.upgraded, **table.downgraded}, table.removed)


def understood(manager: str, status: int, text: str) -> Tuple[bool, Steps]:
    """(the set can be installed, what would happen)."""
    if manager == "apt":
        return status == 0, parse_steps(text)
    declined = dnf_answers.declined(status, text) and not re.search(r"^\s*Problem", text, re.M)
    return declined, parse_dnf(text)


def complaints(text: str) -> List[str]:
    """The resolver's own reason, without its usual preface."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    start = next(
        (n for n, line in enumerate(lines) if "unmet dependencies" in line or line.startswith(" Problem")), None
    )
    if start is not None:
        lines = lines[start:]
    said = [
        line for line in lines
        if line.startswith((" ", "E:", "Error", "Problem")) and not line.startswith("E: Unable to correct problems")
    ]  # fmt: skip
    return [re.sub(r"\s+", " ", line).strip() for line in said][:20] or lines[-5:]


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
