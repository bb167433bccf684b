# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a node says that it is, and whether an entry of the list of distributions means it.

Below the catalogue, as the doctor's command asks it on a node that has no catalogue.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Sequence


class System(NamedTuple):
    """Who a node says that it is."""

    id: str
    version: str
    like: str = ""
    label: str = ""
    architecture: str = "x86_64"
    commands: Optional[Sequence[str]] = None  # package managers that are there; None: nobody looked


def matches(entry: Mapping[str, Any], system: System) -> bool:
    """Whether the entry has the system's id, and its version or the release that it is a part of (`9` for `9.4`)."""
    version = system.version.lower()
    return system.id.lower() in entry["ids"] and any(
        version == wanted.lower() or version.startswith(wanted.lower() + ".") for wanted in entry["versions"]
    )
