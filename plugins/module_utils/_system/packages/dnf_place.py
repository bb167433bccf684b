# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where dnf looks in a run that takes everything from one place: dnf reads no variable for it, so each call is told."""

from __future__ import annotations

import os
from typing import List, Mapping, Sequence

VARIABLE = "YITIJI_DNF"  # of the run's environment: a folder of a node
REPOSITORIES, CACHE = "repos", "cache"  # in it


def words(environ: Mapping[str, str] = os.environ) -> List[str]:
    """Options that leave the node's own repositories and their cache alone; none in any other run."""
    folder = environ.get(VARIABLE, "")
    if not folder:
        return []
    return [f"--setopt=reposdir={folder}/{REPOSITORIES}", f"--setopt=cachedir={folder}/{CACHE}"]


def pointed(command: Sequence[str], environ: Mapping[str, str] = os.environ) -> List[str]:
    """A command with these options, if it is one of dnf."""
    there = [*command]
    return [there[0], *words(environ), *there[1:]] if there[:1] == ["dnf"] else there
