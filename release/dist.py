# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the artefact that is shipped: make dist REPOSITORY=https://HOST/OWNER/NAME

The addresses of galaxy.yml are filled in, links to pages that the artefact lacks lead to the repository, and the
archive depends on the files alone: their order is fixed and their time is the commit's (or SOURCE_DATE_EPOCH), so that
two builds are equal.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import zopfli.gzip  # type: ignore[import-untyped]

from release.bare import bare, bare_code, bare_script, is_private

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
ROUNDS = 5  # what a search for shorter codes may take: 4 % smaller than gzip -9 in seconds; 15 gain little more
ORDER = Path(__file__).with_name("order.txt")  # as release/order.py found it
ESCAPE = re.compile(r"\\(.)")
GAP = re.compile(r"@[A-Z]+@")
COMMENTED = re.compile(r"plugins/catalog/.*\.yml$|roles/[^/]+/(tasks|handlers|vars)/.*\.yml$|playbooks/.*\.yml$")
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
    for name in inside:
        if name.endswith((".py", ".js")):
            text = (source / name).read_text(encoding="utf-8")
            less = bare_code(text, is_private(name)) if name.endswith(".py") else bare_script(text)
            (source / name).write_text(less, encoding="utf-8")
    for name in filter(COMMENTED.match, inside):
        text = (source / name).read_text(encoding="utf-8")
        (source / name).write_text(bare(text, head=name.startswith("playbooks/")), encoding="utf-8")
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


def ordered(texts: Mapping[str, bytes], known: Sequence[str]) -> list[str]:
    """The names in the order that was found good; a new one stands behind the file with which it shares most lines."""
    lines = {name: set(text.splitlines()) for name, text in texts.items()}

    def alike(name: str, other: str) -> int:
        return sum(map(len, lines[name] & lines[other])) + len(posixpath.commonprefix([name, other]))

    order = [name for name in dict.fromkeys(known) if name in texts]
    for name in [name for name in texts if name not in order]:
        beside = max(reversed(order), key=lambda other: alike(name, other), default="")
        order.insert(order.index(beside) + 1 if beside else 0, name)
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


def unpacked(archive: Path, moment: int) -> tuple[list[tarfile.TarInfo], dict[str, bytes]]:
    """The members in a fixed order, at one time and of nobody, and the files' texts."""
    with tarfile.open(archive) as tar:
        members = sorted(tar, key=alike)
        texts = {member.name: read.read() for member in members if (read := tar.extractfile(member))}
    listed(texts)
    for member in members:
        member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        member.pax_headers = {}
        member.size = len(texts.get(member.name, b""))
    return members, texts


def packed(archive: Path, out: Path, moment: int) -> Path:
    """The same members so that alike files stand side by side: a packer looks back 32 KiB, no further."""
    members, texts = unpacked(archive, moment)
    place = {name: at for at, name in enumerate(ordered(texts, ORDER.read_text(encoding="utf-8").split("\n")))}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as fresh:
        for member in sorted(members, key=lambda member: place.get(member.name, -1)):  # folders first
            fresh.addfile(member, io.BytesIO(texts.get(member.name, b"")))
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
