# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnf and rpm say, in English (LC_ALL=C), and what it means."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Tuple

# Beginnings of lines that name a reason; those after "Error:" do too.
TOLD = ("No match for argument", "All matches were filtered", "error: ", "Public key for")
# Sections of a transaction's table. Dependencies that become unneeded have one of their own.
COMING = {"Installing", "Reinstalling"}
LEAVING = {"Removing"}
NOTHING_NEWER = "No packages marked for upgrade"
DECLINED = ("Operation aborted", "Nothing to do")
SECTION = re.compile(r"(Installing|Reinstalling|Upgrading|Downgrading|Removing)\b[a-z ]*:$")
OF_A_REPOSITORY = re.compile(r"Failed to download metadata|Cache-only enabled but no cache")


class Row(NamedTuple):
    """An installed package."""

    name: str
    arch: str
    version: str  # epoch:version-release; no epoch where it is 0

    @property
    def whole(self) -> str:
        return f"{self.name}-{short(self.version)}.{self.arch}"


class Table(NamedTuple):
    """What a transaction would do."""

    new: Dict[str, str]
    upgraded: Dict[str, str]
    downgraded: Dict[str, str]
    removed: List[str]


QUERY = "%{NAME}\\t%{ARCH}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n"


def parse_installed(text: str) -> List[Row]:
    """Rows of `rpm -qa --qf QUERY`; imported keys look like packages and are none."""
    found = []
    for line in text.splitlines():
        words = line.split("\t")
        if len(words) == 3 and words[0] != "gpg-pubkey":
            found.append(Row(words[0], words[1], plain(words[2])))
    return found


def plain(version: str) -> str:
    """Without an epoch of 0."""
    return version[2:] if version.startswith("0:") else version


def short(version: str) -> str:
    """Without any epoch."""
    return version.partition(":")[2] or version


def table_rows(text: str) -> Tuple[List[Tuple[str, List[str]]], List[str]]:
    """(section, words) of each row of the table that dnf shows before it asks; second, what would be replaced.

    A long name pushes the rest of its row to further lines.
    """
    section, replaced = "", []  # type: str, List[str]
    rows: List[Tuple[str, List[str]]] = []
    for line in text.splitlines():
        head = SECTION.match(line)
        if head:
            section = head.group(1)
        elif line.startswith("Transaction Summary"):
            break
        elif section and re.match(r" \S", line):
            rows.append((section, line.split()))
        elif section and rows and re.match(r" {2,}\S", line):
            if line.split()[0] == "replacing":
                replaced.append(line.split()[1].rpartition(".")[0])
            else:
                rows[-1][1].extend(line.split())
    return [row for row in rows if len(row[1]) >= 4], replaced


def parse_table(text: str) -> Table:
    table = Table({}, {}, {}, [])
    rows, replaced = table_rows(text)
    for kind, words in rows:
        name, version = words[0], plain(words[2])
        if kind in LEAVING:
            table.removed.append(name)
        elif kind in COMING:
            table.new[name] = version
        else:
            (table.upgraded if kind == "Upgrading" else table.downgraded)[name] = version
    table.removed.extend(name for name in replaced if name not in table.new)
    return table


def coming(text: str) -> List[Tuple[Row, str]]:
    """What the table says would be installed, and the repository that each package is from."""
    rows = [words for kind, words in table_rows(text)[0] if kind in COMING]
    return [(Row(words[0], words[1], plain(words[2])), words[3]) for words in rows]


def declined(status: int, text: str) -> bool:
    """Whether dnf worked the transaction out and then did as told: nothing. A repository may have been left out."""
    errors = [line for line in text.splitlines() if line.startswith("Error:")]
    return (
        status in (0, 1) and any(word in text for word in DECLINED) and all(OF_A_REPOSITORY.search(e) for e in errors)
    )


def complaints(text: str) -> List[str]:
    """The reasons that dnf gives, or else its last lines."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    said = unreadable(text)
    inside = False
    for line in lines:
        inside = line.startswith("Error:") or (inside and line.startswith(" "))
        if inside or line.startswith(TOLD):
            words = " ".join(line.split())
            said += [words] if words not in ("Error:", "Error: Transaction failed", *said) else []
    said = [line for line in said if not OF_A_REPOSITORY.search(line)]
    return said[-8:] or [" ".join(line.split()) for line in lines[-4:]]


def unreadable(text: str) -> List[str]:
    """Repositories that could not be read, each with the last thing that was said of it."""
    found, name = {}, ""  # type: Dict[str, str], str
    for line in text.splitlines():
        match = re.match(r"Errors during downloading metadata for repository '(.+)':", line)
        if match:
            name = match.group(1)
        elif name and line.startswith("  - "):
            found[name] = line[4:].strip()
        elif name and not line.startswith(" "):
            name = ""
    return [f"{repository}: {said}" for repository, said in found.items()]


def protected(text: str) -> List[str]:
    """Packages that dnf refuses to remove."""
    match = re.search(r"would result in removing the following protected packages: (.+)", text)
    return [name.strip() for name in match.group(1).split(",")] if match else []


def saved(text: str) -> List[str]:
    """Changed configuration that a removal left under another name."""
    return re.findall(r"warning: \S+ saved as (\S+\.rpmsave)", text)


def candidates(version: str) -> List[str]:
    """The ways to write a version: with and without its epoch and its release."""
    return [version, *([] if ":" in version else [f"0:{version}"]), short(version), short(version).rpartition("-")[0]]
