# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package repository of somebody else, in apt's words or in dnf's: its files, its key, and how they go again."""

from __future__ import annotations

import os
import platform
import re
import urllib.request
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signing_key import check_keys, fingerprints, plain

Run = Callable[[List[str], float], Tuple[int, str]]
NOTE = "# Managed by Ansible, yitiji.deepseek."
OWNED = "# keys that came with it:"
MOST = 1 << 20
ASK_SECONDS = 30
DEB_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class Repository(NamedTuple):
    name: str
    manager: str
    url: str
    suite: str = ""
    components: Tuple[str, ...] = ()
    key_url: str = ""
    fingerprints: Tuple[str, ...] = ()
    key_sha256: str = ""
    signs: str = "packages"
    trusted: bool = False


class Places(NamedTuple):
    """Where a package manager looks; `root` stands for `/`."""

    source: str
    key: str
    key_word: str


def places(manager: str, name: str, root: str = "/") -> Places:
    folders = {
        "apt": (f"etc/apt/sources.list.d/{name}.sources", f"etc/apt/keyrings/{name}.asc"),
        "dnf": (f"etc/yum.repos.d/{name}.repo", f"etc/pki/rpm-gpg/RPM-GPG-KEY-{name}"),
    }
    source, key = folders[manager]
    return Places(os.path.join(root, source), os.path.join(root, key), "/" + key)


def described(
    row: Mapping[str, Any], name: str, base: str = "", key_url: str = "", keys: Sequence[str] = ()
) -> Dict[str, Any]:
    """What the distribution's data says of a repository; `base` replaces the beginning that the vendor's own site has.

    Where the data names no beginning, `base` is the whole address. An own key needs fingerprints of its own, too.
    """
    known = (row.get("repositories") or {}).get(name) or {}
    vendor = str(known.get("base") or "")

    def moved(url: str) -> str:
        return base.rstrip("/") + url[len(vendor) :] if base and vendor and url.startswith(vendor) else url

    return {
        "manager": row.get("manager", ""),
        "url": moved(str(known.get("url") or "")) if vendor or not base else base,
        "suite": str(known.get("suite") or ""),
        "components": list(known.get("components") or []),
        "key_url": key_url or moved(str(known.get("key_url") or "")),
        "fingerprints": list(keys) or list(known.get("fingerprints") or []),
        "signs": str(known.get("signs") or "packages"),
    }


def text(repository: Repository, key_word: str, owned: Sequence[str]) -> str:
    """The file by which the package manager knows it."""
    if repository.manager == "apt":
        trust = "Trusted: yes" if repository.trusted else f"Signed-By: {key_word}"
        rows = ["Types: deb", f"URIs: {repository.url}", f"Suites: {repository.suite}"]
        rows += [f"Components: {' '.join(repository.components)}"] if repository.components else []
        return "\n".join([NOTE, *rows, trust, ""])
    packages = not repository.trusted and repository.signs == "packages"
    metadata = not repository.trusted and repository.signs == "metadata"
    rows = [f"[{repository.name}]", f"name={repository.name}", f"baseurl={repository.url}", "enabled=1"]
    rows += [f"gpgcheck={int(packages)}", f"repo_gpgcheck={int(metadata)}"]
    rows += [] if repository.trusted else [f"gpgkey=file://{key_word}"]
    # Neither hidden behind a module stream nor outdone by a higher epoch of the same name: AppStream has an nginx, too.
    return "\n".join([NOTE, f"{OWNED} {' '.join(owned)}".rstrip(), *rows, "module_hotfixes=1", "priority=10", ""])


def owned_keys(source: str) -> List[str]:
    """The keys that dnf imported on our behalf, as the repository's file remembers them."""
    found = re.search(rf"^{re.escape(OWNED)}(.*)$", read_text(source), re.MULTILINE)
    return found.group(1).split() if found else []


def imported(run: Run) -> List[str]:
    """Short ids of the keys that rpm trusts."""
    status, said = run(["rpm", "-q", "gpg-pubkey", "--qf", "%{version}\\n"], 60)
    return said.split() if status == 0 else []


def index_of(repository: Repository, machine: str = "") -> str:
    """The address of its index: what must be readable before anything can be installed from it."""
    machine = machine or platform.machine()
    if repository.manager == "dnf":
        return repository.url.replace("$basearch", machine).rstrip("/") + "/repodata/repomd.xml"
    url = repository.url.replace("$(ARCH)", DEB_ARCHITECTURES.get(machine, machine)).rstrip("/")
    suite = repository.suite.strip("/.")
    folder = f"dists/{suite}" if not repository.suite.endswith("/") else suite
    return "/".join(part for part in (url, folder, "InRelease") if part)


def fetch(url: str, rule: str = "LLM327") -> bytes:
    """At most a mebibyte of it; refused by `rule` where it can't be had."""
    try:
        with urllib.request.urlopen(url, timeout=ASK_SECONDS) as answer:  # noqa: S310 - the operator's own address
            return bytes(answer.read(MOST))
    except (OSError, ValueError) as error:
        raise Refusal(rule, url=url, error=error) from error


def key_at(url: str, fingerprints: Sequence[str], sha256: str = "") -> str:
    """The armored key at an address, if it is the pinned one (LLM316, LLM327)."""
    armored = fetch(url).decode("utf-8", "replace")
    check_keys(armored, fingerprints, url, sha256)
    return armored


class Files:
    """The repository's two files on a node."""

    def __init__(self, repository: Repository, run: Run, root: str = "/") -> None:
        self.repository, self._run = repository, run
        self.places = places(repository.manager, repository.name, root)

    def key_fits(self) -> bool:
        if self.repository.trusted:
            return True
        there = fingerprints(read_text(self.places.key))
        return bool(there) and set(there) <= {plain(key) for key in self.repository.fingerprints}

    def ask(self) -> None:
        """Refuses a repository whose key or index can't be had (LLM316, LLM327, LLM165), and writes nothing."""
        if not self.key_fits():
            self._key()
        if not self.repository.trusted:  # one without a signature has no signed index
            fetch(index_of(self.repository), "LLM165")

    def wanted(self) -> str:
        return text(self.repository, self.places.key_word, self._owned())

    def put(self, dry: bool) -> bool:
        """Key first: a source without its key would break every other call of the package manager."""
        new_key, new = not self.key_fits(), self.wanted()
        changed = new_key or read_text(self.places.source) != new
        if changed and not dry:
            if new_key:
                self._write(self.places.key, self._key())
            self._write(self.places.source, new)
        return changed

    def remove(self, dry: bool) -> bool:
        there = [path for path in (self.places.source, self.places.key) if os.path.exists(path)]
        keys = owned_keys(self.places.source)
        if there and not dry:
            for path in there:
                os.unlink(path)
            for key in keys:
                if key in imported(self._run):
                    self._run(["rpm", "-e", "--allmatches", f"gpg-pubkey-{key}"], 60)
        return bool(there)

    def _owned(self) -> List[str]:
        if self.repository.manager != "dnf" or self.repository.trusted:
            return []
        if os.path.exists(self.places.source):
            return owned_keys(self.places.source)
        short = [plain(key)[-8:].lower() for key in self.repository.fingerprints]
        there = imported(self._run)
        return [key for key in short if key not in there]

    def _key(self) -> str:
        return key_at(self.repository.key_url, self.repository.fingerprints, self.repository.key_sha256)

    @staticmethod
    def _write(path: str, content: str) -> None:
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        write_atomic(path, content, 0o644)
