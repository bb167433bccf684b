# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of dnf's repositories can't be used, why, and in which line of which file each stands."""

from __future__ import annotations

import os
import re
from typing import List, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import unreadable
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Trouble

FOLDER = "etc/yum.repos.d"
# The first that fits, by libcurl's and librepo's words.
KINDS: List[Tuple[str, str]] = [
    ("not_yet", r"not yet valid"),
    ("key", r"GPG|signature"),
    ("proxy", r"Curl error \((5|97)\)|[Pp]roxy|Status code: 407"),
    ("name", r"Curl error \(6\)|resolve host"),
    ("tls", r"Curl error \((35|51|58|60|77)\)|SSL|certificate"),
    ("denied", r"Status code: 40[13]"),
    ("absent", r"Status code: 404"),
    ("family", r"Network is unreachable"),
    ("unreachable", r"Curl error \((7|28|52|56)\)|connect|[Tt]imeout"),
]


def judged(said: str, root: str = "/") -> List[Trouble]:
    """From what `dnf makecache` said."""
    found = []
    for row in unreadable(said):
        name, _colon, reason = row.partition(": ")
        kind = next((kind for kind, form in KINDS if re.search(form, reason)), "other")
        found.append(Trouble(kind, name, place(name, root), re.sub(r"//[^/@\s]*@", "//", reason)))
    return found


def place(name: str, root: str = "/") -> str:
    """`file:line` of a repository's section."""
    folder = os.path.join(root, FOLDER)
    for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        lines = read_text(os.path.join(folder, file)).splitlines() if file.endswith(".repo") else []
        for number, line in enumerate(lines, 1):
            if line.strip() == f"[{name}]":
                return f"/{FOLDER}/{file}:{number}"
    return ""
