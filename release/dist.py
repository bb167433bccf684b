# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the artefact that is shipped: make dist REPOSITORY=https://HOST/OWNER/NAME

The addresses of galaxy.yml are filled in, links to pages that the artefact lacks lead to the repository, and the
archive depends on the files alone: their order is fixed and their time is the commit's (or SOURCE_DATE_EPOCH), so that
two builds are equal.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import heapq
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Iterator, Sequence
from urllib.parse import urlsplit

import yaml
import zopfli.gzip  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ROUNDS = 5  # what a search for shorter codes may take: 4 % smaller than gzip -9 in seconds; 15 gain little more
# How files are put in order, as tried on the artefact of November 2026, which is 2 % smaller so than by their names.
WINDOW, MOST_FILES, SMALL = 32_000, 60, 8_000  # bytes that a packer looks back; files that say the same; bytes
# How runs of files are then moved to where they repeat more, which gives 4 KB.
PIECE, ONE_OF, MOVED, BESIDE, SWEEPS = 12, 8, 3, 8, 2  # bytes, one of so many; files of a run, neighbours, times
BACK, AHEAD = 25, 60  # files that can be within the window before a place, and behind it
ESCAPE = re.compile(r"\\(.)")
GAP = re.compile(r"@[A-Z]+@")
# names that lead nowhere by RFC 2606 and 6761
NOWHERE = re.compile(r"(^|\.)(example\.(com|net|org)|example|invalid|test|localhost|local)$")
LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```.*?^```|(?: {4}|\t).*?$)", re.MULTILINE | re.DOTALL)


class Wrong(Exception):
    """Said to whoever builds; nothing was built."""


def checked(name: str, url: str) -> str:
    """An address that a reader of the artefact can open."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Wrong(f"{name}: {url or 'not set'}: give the address as https://HOST/OWNER/NAME")
    if NOWHERE.search(parts.hostname) or "." not in parts.hostname or not parts.path.strip("/"):
        raise Wrong(f"{name}: {url} leads nowhere: give the real address as https://HOST/OWNER/NAME")
    return url.rstrip("/").removesuffix(".git")


def addresses(repository: str, documentation: str = "", homepage: str = "", issues: str = "") -> dict[str, str]:
    """All four; what is not given follows from the repository."""
    top = checked("REPOSITORY", repository)
    return {
        "REPOSITORY": top,
        "DOCUMENTATION": checked("DOCUMENTATION", documentation or f"{top}/tree/HEAD/docs"),
        "HOMEPAGE": checked("HOMEPAGE", homepage or top),
        "ISSUES": checked("ISSUES", issues or f"{top}/issues"),
    }


def filled(text: str, values: dict[str, str]) -> str:
    text = GAP.sub(lambda hit: values.get(hit.group().strip("@"), hit.group()), text)
    left = sorted(set(GAP.findall(text)))
    if left:
        raise Wrong(f"galaxy.yml: nothing to put in place of {', '.join(left)}")
    return text


def linked(text: str, page: str, inside: set[str], known: set[str], values: dict[str, str], version: str) -> str:
    """A page whose links to files that the artefact lacks lead to the repository, at this version."""

    def absolute(hit: re.Match[str]) -> str:
        image, label, target = hit.groups()
        path, mark, place = target.partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return hit.group()
        goal = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        if goal in inside:
            return hit.group()
        if goal not in known:
            raise Wrong(f"{page}: the link {target} leads to no file")
        kind = "raw" if image else "blob" if "." in posixpath.basename(goal) else "tree"
        return f"{image}[{label}]({values['REPOSITORY']}/{kind}/{version}/{goal}{mark}{place})"

    pieces, end = [], 0
    for code in FENCE.finditer(text):
        pieces += [LINK.sub(absolute, text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*pieces, LINK.sub(absolute, text[end:])])


def plain_words(text: str) -> str:
    """A page of antsibull-changelog without the escapes that Markdown does not need."""
    text = re.sub(r"<code>(.*?)</code>", lambda hit: "`" + ESCAPE.sub(r"\1", hit[1]) + "`", text)
    return re.sub(r"\\([.,;:()=!/'-])", r"\1", text)


def summarized(text: str, whole: str) -> str:
    """The changelog with the first version's summary alone: whoever ran a checkout before it has this list."""
    first = text.rfind("\n## v")
    parts = [hit.start() for hit in re.finditer(r"^<a id=", text[first:], re.MULTILINE)]
    if first < 0 or len(parts) < 2 or "### Release summary" not in text[first : first + parts[1]]:
        return text
    kept = f"{text[: first + parts[1]]}The list: [{whole}]({whole})\n"
    topic = re.compile(r"\s*- <a href=\"#([^\"]+)\"")
    lines = kept.splitlines(keepends=True)
    return "".join(line for line in lines if not (hit := topic.match(line)) or f'<a id="{hit[1]}">' in kept)


def bare(text: str, head: bool = False) -> str:
    """A table of the catalogue without the comments behind its figures, which stay in the repository.

    Its head stays where asked, as it says what the entries mean. The text is as it was where it would say something
    else without comments, as a `#` in a text does.
    """
    lines = text.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines)) if head else 1
    kept = [re.sub(r"\s+# .*$", "", line) for line in lines[end:] if not re.match(r"\s*#", line)]
    less = "".join([*lines[:end], *kept])
    try:
        same = yaml.safe_load(less) == yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return less if same else text


def build(top: Path, values: dict[str, str], moment: int = 0) -> Path:
    """The archive of what git knows as it is in the working tree, made in this folder."""
    archive = gathered(top, values)
    return packed(archive, top / archive.name, moment)


def gathered(top: Path, values: dict[str, str]) -> Path:
    """The same files as Ansible's own build packs them: for whoever looks at the files alone."""
    names, source = list(tracked()), top / "source"
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    galaxy = filled((source / "galaxy.yml").read_text(encoding="utf-8"), values)
    (source / "galaxy.yml").write_text(galaxy, encoding="utf-8")
    version = re.search(r"^version: (\S+)$", galaxy, re.MULTILINE)
    if not version:
        raise Wrong("galaxy.yml: no version")
    inside, known = with_folders(contents(plain(source, top / "first"))), with_folders(names)
    for page in sorted(name for name in inside if name.endswith(".md")):
        text = (source / page).read_text(encoding="utf-8")
        if page == "CHANGELOG.md":
            text = summarized(plain_words(text), f"{values['REPOSITORY']}/blob/{version[1]}/{page}")
        (source / page).write_text(linked(text, page, inside, known, values, version[1]), encoding="utf-8")
    for table in sorted(name for name in inside if re.match(r"plugins/catalog/.*\.yml$", name)):
        text = (source / table).read_text(encoding="utf-8")
        figures = re.match(r"plugins/catalog/(gpus|models|speeds)/", table)
        (source / table).write_text(bare(text, head=not figures), encoding="utf-8")
    return plain(source, top / "second")


def tracked() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    for name in sorted(filter(None, listed.stdout.split("\0"))):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            yield name


def with_folders(names: list[str]) -> set[str]:
    return {part for name in names for part in (name, *map(str, Path(name).parents)) if part != "."}


def plain(source: Path, out: Path) -> Path:
    """ansible-galaxy's own build."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    words = [str(BIN / "ansible-galaxy"), "collection", "build", str(source), "--output-path", str(out), "--force"]
    done = subprocess.run(
        words, cwd=source.parent, env={**env, "ANSIBLE_HOME": str(source.parent / "home")},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        raise Wrong(f"ansible-galaxy: {done.stdout}{done.stderr}")
    return next(out.glob("*.tar.gz"))


def contents(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return [member.name for member in tar if member.isfile()]


def alike(member: tarfile.TarInfo) -> tuple[bool, str, str, str]:
    """Roles' tasks stand beside the tasks of other roles, and so on: a quarter of a percent."""
    folder = posixpath.basename(posixpath.dirname(member.name)) if member.name.startswith("roles/") else ""
    return member.isfile(), posixpath.splitext(member.name)[1], folder, member.name


def nearest(texts: Sequence[bytes]) -> list[int]:
    """An order in which each file follows those that it repeats most of: a packer looks back 32 KiB, no further."""
    words = [re.findall(rb"\w+|[^\w\s]+", text) for text in texts]
    runs = [{b" ".join(row[at : at + 4]) for at in range(len(row) - 3)} for row in words]
    counts = collections.Counter(run for row in runs for run in row)
    # What very many files say is always near.
    where: dict[bytes, list[int]] = {run: [] for run, count in counts.items() if 1 < count <= MOST_FILES}
    for place, row in enumerate(runs):
        for run in row & where.keys():
            where[run].append(place)
    left, order, near = dict.fromkeys(range(len(texts))), list[int](), collections.deque[int]()
    while left:
        seen = {run for place in near for run in runs[place] & where.keys()}
        shared = collections.Counter[int]()
        for run in seen:
            for place in where[run]:
                if place in left:
                    shared[place] += len(run)
        best = max(left, key=lambda place: (shared[place] / (len(texts[place]) + SMALL), -place))
        del left[best]
        order.append(best)
        near.append(best)
        while len(near) > 1 and sum(len(texts[place]) for place in near) > WINDOW:
            near.popleft()
    return order


def marks(texts: Sequence[bytes]) -> list[int]:
    """A bit for each piece that a file shares with others, as one piece in eight tells it as well as all."""
    sets = [
        {mark for at in range(len(text) - PIECE + 1) if not (mark := zlib.crc32(text[at : at + PIECE])) % ONE_OF}
        for text in texts
    ]
    counts = collections.Counter(mark for row in sets for mark in row)
    bit = {mark: at for at, mark in enumerate(sorted(mark for mark, count in counts.items() if count > 1))}
    return [sum(1 << bit[mark] for mark in row if mark in bit) for row in sets]


def repeated(row: Sequence[int], bits: Sequence[int], sizes: Sequence[int], start: int, end: int) -> int:
    """Marks that these files find within the window before them, and those find whose window reaches back to them."""
    found, room, at = 0, WINDOW, start
    while at < len(row) and (at < end or room > 0):
        seen, left, before = 0, WINDOW - sizes[row[at]] // 2, at - 1
        while before >= 0 and left > 0:
            seen |= bits[row[before]]
            left -= sizes[row[before]]
            before -= 1
        found += (seen & bits[row[at]]).bit_count()
        room -= sizes[row[at]] if at >= end else 0
        at += 1
    return found


def settled(order: list[int], texts: Sequence[bytes]) -> list[int]:
    """The order with runs of a few files moved beside a file that is like them, wherever more is repeated so."""
    bits = marks(texts)
    sizes = [len(text) // 512 * 512 + 1024 for text in texts]  # with tar's header
    shared: list[list[tuple[int, int]]] = [[] for _ in texts]
    for one in range(len(texts)):
        for other in range(one):
            if count := (bits[one] & bits[other]).bit_count():
                shared[one].append((count, other))
                shared[other].append((count, one))
    like = [[place for _, place in heapq.nlargest(BESIDE, row)] for row in shared]

    def gain(rest: list[int], at: int, run: list[int]) -> int:
        low = max(0, at - BACK)
        without, behind = rest[low : at + AHEAD], at - low
        there = repeated([*without[:behind], *run, *without[behind:]], bits, sizes, behind, behind + len(run))
        return there - repeated(without, bits, sizes, behind, behind)

    for file in SWEEPS * order:
        for length in range(1, MOVED + 1):
            here = order.index(file)
            run, rest = order[here : here + length], order[:here] + order[here + length :]
            beside = (rest.index(place) for place in like[file] if place not in run)
            places = {at for place in beside for at in (place, place + 1)}
            best = max([here, *sorted(places)], key=lambda at: gain(rest, at, run))
            order = [*rest[:best], *run, *rest[best:]]
    return order


def listed(texts: dict[str, bytes]) -> None:
    """The list of files without blanks, alike names side by side: it says the same in a kilobyte less."""
    if "FILES.json" not in texts:
        return
    listing, manifest = json.loads(texts["FILES.json"]), json.loads(texts["MANIFEST.json"])
    # folders first and each before what is in it, as they are made
    listing["files"].sort(
        key=lambda row: (row["ftype"], row["ftype"] == "file" and posixpath.splitext(row["name"])[1], row["name"])
    )
    texts["FILES.json"] = json.dumps(listing, separators=(",", ":")).encode()
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(texts["FILES.json"]).hexdigest()
    texts["MANIFEST.json"] = json.dumps(manifest, indent=1).encode()


def packed(archive: Path, out: Path, moment: int) -> Path:
    """The same members in a fixed order, at one time and of nobody. Alike files side by side also pack better."""
    plain = io.BytesIO()
    with tarfile.open(archive) as tar:
        found = sorted(tar, key=alike)
        folders, files = [m for m in found if not m.isfile()], [m for m in found if m.isfile()]
        texts = {member.name: read.read() if (read := tar.extractfile(member)) else b"" for member in files}
        listed(texts)
        said = list(texts.values())
        members = [*folders, *(files[place] for place in settled(nearest(said), said))]
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as fresh:
            for member in members:
                member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
                member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
                member.pax_headers = {}
                text = texts.get(member.name, b"")
                member.size = len(text)
                fresh.addfile(member, io.BytesIO(text))
    out.write_bytes(zopfli.gzip.compress(plain.getvalue(), numiterations=ROUNDS, blocksplittingmax=0))  # 0: no bound
    return out


def commit_time() -> int:
    """Of the last commit; a release is made of committed files alone."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    if changed:
        raise Wrong(f"commit first, a release is made of committed files alone:\n{changed}")
    words = ["git", "log", "-1", "--format=%ct"]
    return int(subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="release.dist", description="Builds the artefact that is shipped.")
    parser.add_argument("--repository", default="")
    parser.add_argument("--documentation", default="")
    parser.add_argument("--homepage", default="")
    parser.add_argument("--issues", default="")
    parser.add_argument("--out", type=Path, default=ROOT / "build/dist")
    asked = parser.parse_args(words)
    try:
        values = addresses(asked.repository, asked.documentation, asked.homepage, asked.issues)
        moment = int(os.environ.get("SOURCE_DATE_EPOCH") or commit_time())
        shutil.rmtree(asked.out, ignore_errors=True)
        archive = build(asked.out, values, moment)
    except Wrong as why:
        print(f"dist: {why}", file=sys.stderr)
        return 1
    for name in ("source", "first", "second", "home"):
        shutil.rmtree(asked.out / name, ignore_errors=True)
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("MANIFEST.json")
        told = json.loads(manifest.read())["collection_info"] if manifest else {}
    print(f"{archive} ({archive.stat().st_size} bytes): {told.get('version')}, {told.get('repository')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
