# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of vendors as apt gets them when a bundle is made: a node's own file and key, and what each may bring.

A node takes the newest of all that its sources have, and gets a role's repository only when that role's turn comes.
Here all of a target are there at once, so each brings what its role asks for, and the distribution the rest.
"""

from __future__ import annotations

import os
import re
from typing import Any, List, Mapping, Sequence
from urllib.parse import urlsplit

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import repository

Row = Mapping[str, Any]
ASK = ["indextargets", "--format", "$(ORIGIN)|$(REPO_URI)"]  # of apt-get, once the lists are there
USUAL, LAST = 500, 400  # what apt gives without a pin; below it


def pinned(row: Row) -> bool:
    """Whether it is known whose signature counts, or that none does."""
    return bool(row.get("trusted") or row.get("key") or (row.get("key_url") and row.get("fingerprints")))


def check(target: str, rows: Sequence[Row]) -> None:
    """Refuses what could not be fetched or not be trusted, before anything is."""
    for row in rows:
        if not row.get("url"):
            raise unusable(target, row, Text("no address of it is known for this release", "不知道它在该版本上的地址"))
        if not pinned(row):
            raise Refusal("LLM929", name=row["name"], url=row["url"], target=target)


def unusable(target: str, row: Row, why: Text) -> Refusal:
    """The packages that were to come from it can't (LLM912)."""
    named = f"{row['name']} {apt.plain_uri(str(row.get('url') or ''))}".strip()
    told = Text(f"the repository {named} can't be used: {why.en}", f"软件源 {named} 不可用：{why.zh}")
    return apt.unresolved(target, row.get("packages") or [], str(row["role"]), told)


def key(row: Row) -> str:
    """The key itself, as the operator gave it, or the one at its address, if it is the pinned one (LLM316, LLM327)."""
    told = str(row.get("key") or "")
    return told or repository.key_at(str(row["key_url"]), row["fingerprints"], str(row.get("key_sha256") or ""))


def others(rows: Sequence[Row], lines: Sequence[str], architecture: str) -> List[Row]:
    """Without those that the target's own lines name: apt takes no two keys for one address."""
    own = {place(word, architecture) for line in lines for word in line.split()}
    return [row for row in rows if not row.get("url") or place(str(row["url"]), architecture) not in own]


def place(url: str, architecture: str = "") -> str:
    """An address as it is compared with what apt tells: no password, one way to write a folder of this machine."""
    told = re.sub(r"//[^/@\s]*@", "//", apt.copied(url).replace("$(ARCH)", architecture))
    return re.sub(r"\bcopy:/+", "copy:/", told).rstrip("/")


def write(folder: str, target: str, row: Row) -> None:
    """A source and its key, as a node has them."""
    path = os.path.join(folder, "keys", f"{row['name']}.asc")
    if not row.get("trusted"):
        try:
            write_atomic(path, key(row), 0o644)
        except Refusal as refusal:
            raise unusable(target, row, refusal.reason) from refusal
    known = repository.Repository(
        str(row["name"]), "apt", str(row["url"]), str(row.get("suite") or "/"),
        tuple(row.get("components") or ()), trusted=bool(row.get("trusted")),
    )  # fmt: skip
    write_atomic(_source(folder, row), apt.copied(repository.text(known, path, ())), 0o600)


def forget(folder: str, row: Row) -> None:
    os.unlink(_source(folder, row))


def _source(folder: str, row: Row) -> str:
    return os.path.join(folder, "sources.d", f"{row['name']}.sources")


def at_fault(rows: Sequence[Row], architecture: str, said: str) -> List[Row]:
    """Those that apt complains about."""
    return [row for row in rows if place(str(row["url"]), architecture) in place(said)]


def preferences(rows: Sequence[Row], told: str, architecture: str) -> str:
    """First a role's own words, then what is asked of each, as on a node; the rest of it only where nobody else has it.

    `told`: what apt answered to ASK. A repository that calls itself as the distribution does is not told from it.
    """
    seen = [(origin, place(uri)) for origin, _bar, uri in (line.partition("|") for line in told.splitlines())]
    places = {place(str(row["url"]), architecture) for row in rows if row.get("url")}
    theirs = {f"release o={origin}" for origin, where in seen if where not in places}
    theirs.update(f'origin "{urlsplit(where).hostname}"' for _origin, where in seen if where not in places)
    own = [str(row["preferences"]).strip() for row in rows if row.get("preferences")]
    asked, rest = [], []
    for row in rows:
        here = place(str(row.get("url") or ""), architecture)
        ways = [f"release o={origin}" for origin, where in seen if where == here and origin and "," not in origin]
        ways += [f'origin "{urlsplit(here).hostname}"'] if urlsplit(here).hostname else []
        which = next((way for way in ways if way not in theirs), "")
        if not which:
            continue
        pin = f"Pin: {which}\nPin-Priority:"
        if row.get("packages"):
            asked.append(f"Package: {' '.join(sorted(row['packages']))}\n{pin} {USUAL}")
        rest.append(f"Package: *\n{pin} {LAST}")
    return "\n\n".join([*own, *asked, *rest, ""]) if own or rest else ""
