# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of apt's sources can't be used, why, and in which line of which file each stands.

apt is asked for the signed tables of contents alone, into a folder of its own: seconds, not all package lists.
"""

from __future__ import annotations

import os
import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import TIMED_OUT
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Run, Trouble

SECONDS = 90.0
# One try with short waits: a source that needs more of either would hold up every role.
QUICK = [
    "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=12", "-o", "Acquire::https::Timeout=12",
    "-o", "Acquire::Languages=none",
    "-o", "Acquire::IndexTargets::deb::Packages::DefaultEnabled=false",
    "-o", "Acquire::IndexTargets::deb-src::Sources::DefaultEnabled=false",
    "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
]  # fmt: skip
FILE, FOLDER = "/etc/apt/sources.list", "/etc/apt/sources.list.d"
PROXIES = ["apt-config", "dump", "--format", "%v%n", "Acquire::http::Proxy", "Acquire::https::Proxy"]

# The first that fits: kind of trouble, and how apt says it.
KINDS: List[Tuple[str, str]] = [
    ("malformed", r"Malformed|Conflicting values|The list of sources could not be read|Type '.*' is not known"),
    ("not_yet", r"is not valid yet|NOT activated|not yet valid|certificate is not yet"),
    ("expired", r"is expired \(|Valid-Until"),
    ("key", r"NO_PUBKEY|EXPKEYSIG|REVKEYSIG|BADSIG|is not signed|couldn't be verified|Missing key|sqv returned"),
    ("proxy", r"[Pp]roxy|\b407\b"),
    ("name", r"Could not resolve|Temporary failure resolving|Name or service not known"),
    ("tls", r"[Cc]ertificate|SSL|TLS|handshake"),
    ("denied", r"\b40[13]\b"),
    ("absent", r"\b404\b|does not have a Release file|no longer has a Release file"),
    # Of the first address alone, where others were tried and failed otherwise.
    ("family", r"^(?!.*Could not connect).*Network is unreachable"),
    ("unreachable", r"Could not connect|Connection (failed|timed out|refused|reset)|Unable to connect|unreachable"
                    r"|Could not wait for server fd|Undetermined Error|Cannot initiate the connection|timed out"),
]  # fmt: skip
ADDRESS = re.compile(r"(?:https?|ftp|file|cdrom|copy|tor|mirror)(?:\+\w+)?:[^\s'\",]+")
STANDS = re.compile(r"(?:list file|source list|sources file) (/\S+?)[\s,)]")
GENERAL = re.compile(r"Some index files failed|The list of sources could not|is configured multiple times")
ORDER = [*(kind for kind, _form in KINDS), "other"]


class Entry(NamedTuple):
    """One address and suite of a source, and `file:line` where it stands."""

    url: str
    suite: str
    place: str


def troubles(run: Run, words: Sequence[str]) -> List[Trouble]:
    """One row for each source that can't be used."""
    status, said = run([*words, *QUICK, "update"], SECONDS)
    late = status == TIMED_OUT and not complaints(said)
    return judged(run, f"E: no end within {SECONDS:.0f} s: {' '.join(said.split())[-200:]}" if late else said)


def judged(run: Run, said: str) -> List[Trouble]:
    """From what `apt-get update` said."""
    told = complaints(said)
    if not told:
        return []
    _status, set_ = run(PROXIES, 30)
    proxies = [*set_.split(), *(os.environ.get(f"{kind}_proxy", "") for kind in ("http", "https"))]
    return located(told, entries(), [host_of(proxy) for proxy in proxies if proxy])


def complaints(said: str) -> List[str]:
    """What apt says in `Err:`, `W:` and `E:`, each in one line; the indented line after an `Err:` is its reason."""
    found: List[str] = []
    lines = said.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("Err:"):
            more = [part.strip() for part in lines[number + 1 : number + 2] if part.startswith("  ")]
            found.append(" ".join([line.partition(" ")[2].strip(), *more]))
        elif line.startswith(("E: ", "W: ")) and not GENERAL.search(line):
            found.append(line[3:].strip())
    return found


def kind_of(line: str) -> str:
    return next((kind for kind, form in KINDS if re.search(form, line)), "other")


def host_of(url: str) -> str:
    return bare(url).partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]


def bare(url: str) -> str:
    """Without a password, and without the last slash."""
    return re.sub(r"//[^/@]*@", "//", url).rstrip("/")


def entries(file: str = FILE, folder: str = FOLDER) -> List[Entry]:
    """All sources that are configured; those that are switched off are not."""
    found: List[Entry] = []
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for path in [file, *(os.path.join(folder, name) for name in names)]:
        if path.endswith((".list", ".sources")) and os.path.isfile(path):
            lines = read_text(path).splitlines()
            found += _deb822(path, lines) if path.endswith(".sources") else _plain(path, lines)
    return found


def _plain(path: str, lines: Sequence[str]) -> List[Entry]:
    found = []
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            found.append(Entry(bare(match.group(1)), match.group(2), f"{path}:{number}"))
    return found


def _deb822(path: str, lines: Sequence[str]) -> List[Entry]:
    found: List[Entry] = []
    fields: Dict[str, List[str]] = {}
    at, last = 0, ""
    for number, line in enumerate([*lines, ""], 1):
        if not line.strip():
            if "no" not in fields.get("enabled", []):
                suites = fields.get("suites") or [""]
                found += [Entry(bare(url), s, f"{path}:{at}") for url in fields.get("uris") or [] for s in suites]
            fields, last = {}, ""
        elif line[0] not in "#":
            name, colon, value = line.partition(":")
            last = name.strip().lower() if colon and not line[0].isspace() else last
            at = number if last == "uris" and not line[0].isspace() else at
            fields.setdefault(last, []).extend((value if not line[0].isspace() else line).split())
    return found


def located(told: Sequence[str], known: Sequence[Entry], proxies: Sequence[str] = ()) -> List[Trouble]:
    """Complaints by source: of each, the one that says most."""
    found: Dict[str, Trouble] = {}
    for line in told:
        kind = kind_of(line)
        address = ADDRESS.search(line)
        url = bare(address.group(0).rstrip(".:;")) if address else ""
        if kind in ("unreachable", "name") and any(host in line.replace(url, "") for host in proxies if host):
            kind = "proxy"
        entry = _entry(url, line, known)
        place = entry.place if entry else _named(line)
        source = f"{entry.url} {entry.suite}".strip() if entry else url
        key = place + source or line
        old = found.get(key)
        if old is None or ORDER.index(kind) < ORDER.index(old.kind):
            found[key] = Trouble(kind, source, place, re.sub(r"//[^/@\s]*@", "//", line))
    return list(found.values())


def _entry(url: str, line: str, known: Sequence[Entry]) -> Optional[Entry]:
    """The entry with this address; of several, the one whose suite the line names."""
    near = [entry for entry in known if url and (url == entry.url or url.startswith(entry.url + "/"))]
    named = [entry for entry in near if re.search(rf"(?<![\w-]){re.escape(entry.suite.rstrip('/'))}(?![\w-])", line)]
    return next(iter(named or near), None)


def _named(line: str) -> str:
    """The place that apt itself names, where it could not even read the entry."""
    stands, number = STANDS.search(line + " "), re.search(r"(?:entry|stanza|[Ll]ine) (\d+)", line)
    return (f"{stands.group(1)}:{number.group(1)}" if number else stands.group(1)) if stands else ""
