# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of making a bundle share: what is wanted, what was fetched, and what was hashed before."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import threading
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import fetch
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import licences as licence
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import ARCHITECTURES, WORK, File
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import read_json, write_json

Say = Callable[[str, int, int], None]  # what, bytes done, bytes in all


class Spec(NamedTuple):
    """What is to be in the bundle. `packages`: {target, role, names, driver}; `images`: {ref, id, digest, archives};
    `downloads`: {name, version, url, sha256}; `models`: {model, revision, include, exclude}, fetched before;
    `repositories`, of vendors: {target, role, name, packages, url, key_url, fingerprints, …}."""

    dest: str
    targets: Sequence[Dict[str, Any]]
    packages: Sequence[Dict[str, Any]]
    images: Sequence[Dict[str, Any]]
    downloads: Sequence[Dict[str, Any]]
    models: Sequence[Dict[str, Any]]
    licences: Mapping[str, Mapping[str, Any]]
    accepted: Sequence[str]
    ca_path: str = ""
    repositories: Sequence[Dict[str, Any]] = ()


def run(command: Sequence[str]) -> Tuple[int, str, str]:
    env = dict(os.environ, LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive")
    try:
        done = subprocess.run(
            list(command), capture_output=True, encoding="utf-8", errors="replace", env=env, check=False
        )
    except FileNotFoundError as error:
        raise absent(command[0]) from error
    return done.returncode, done.stdout, done.stderr


def absent(command: str) -> Refusal:
    """Of a command that this machine has not."""
    return Refusal("LLM920", command=command, package=PACKAGE_OF.get(command, command))


# As Debian and Ubuntu call them.
PACKAGE_OF = {
    "gpg": "gpg gpg-agent",
    "ssh-keygen": "openssh-client",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "createrepo_c": "createrepo-c",
    "unshare": "util-linux",
}
TOOLS = {"apt": ("apt-get", "dpkg-deb"), "dnf": ("dnf", "createrepo_c")}  # of a target's package manager


class Work:
    """The bundle that is being made."""

    def __init__(self, spec: Spec, say: Say) -> None:
        self.spec, self.say = spec, say
        self.folder = spec.dest.rstrip("/") + WORK
        self.files: List[File] = []
        self.fetched = 0
        self.known: Dict[str, Any] = {}

    def open(self) -> None:
        shutil.rmtree(os.path.join(self.spec.dest, ".yitiji-work"), ignore_errors=True)  # where it lay before
        os.makedirs(self.folder, 0o700, exist_ok=True)
        self.known = read_json(os.path.join(self.folder, "known.json")) or {}

    def keep(self) -> None:
        write_json(os.path.join(self.folder, "known.json"), self.known)

    def path(self, *parts: str) -> str:
        return os.path.join(self.spec.dest, *parts)

    def consent(self, named: Sequence[Tuple[str, str]]) -> None:
        missing = licence.wanting(self.spec.licences, self.spec.accepted, named)
        if missing:
            raise licence.refusal(self.spec.licences, missing)

    def licence_of(self, kind: str, name: str) -> str:
        return licence.title(self.spec.licences, kind, name)

    def add(self, path: str, kind: str, sha256: str = "", **more: str) -> File:
        """Lists a file; what was hashed before and has not changed since is not read again."""
        full = self.path(path)
        state = os.stat(full)
        mark = [state.st_size, state.st_mtime_ns]
        known = self.known.get(path)
        if not sha256:
            sha256 = known[2] if known and known[:2] == mark else fetch.hash_file(full)
        self.known[path] = [*mark, sha256]
        file = File(path, state.st_size, sha256, kind, **more)
        self.files.append(file)
        return file


class Count:
    """Reports the bytes of one item as they come."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self.done, self.told = 0, told

    def tick(self, count: int) -> None:
        self.done += count
        self.told(self.done)


class Watch:
    """Reports twice a second how far another program is."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, args=(look,), daemon=True)

    def _loop(self, look: Callable[[], None]) -> None:
        while not self._over.wait(0.5):
            look()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: Any) -> None:
        self._over.set()
        self._thread.join()


def target_of(wanted: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """A target by the name of its release, completed from the catalogue."""
    if not wanted:
        names = [f"{key} ({row['distribution']} {row['version']})" for key, row in sorted(known.items())]
        raise Refusal("LLM932", known=", ".join(names))
    name = str(wanted.get("release") or "")
    found = {**known.get(name, {}), **wanted}
    architecture = str(found.get("architecture") or platform.machine())
    found["architecture"] = ARCHITECTURES.get(architecture, architecture)
    found.setdefault("manager", "dnf" if found.get("repositories") else "apt")
    places = found["manager"] == "dnf" or found.get("suites") or found.get("sources")  # dnf's are judged by `dnf.check`
    if not all(found.get(key) for key in ("distribution", "version")) or found["manager"] not in TOOLS or not places:
        raise Refusal("LLM925", name=name, known=", ".join(sorted(known)))
    return found


def check_manager(target: Mapping[str, Any], manager: str, known: Iterable[str]) -> None:
    """Refuses packages of one kind under the names of the other."""
    if target["manager"] != manager:
        raise Refusal("LLM925", name=target["release"], known=", ".join(sorted(known)))


def summary(files: Sequence[File]) -> Dict[str, Dict[str, int]]:
    """Kind -> how many files, how many bytes."""
    found: Dict[str, Dict[str, int]] = {}
    for file in files:
        row = found.setdefault(file.kind, {"files": 0, "bytes": 0})
        row["files"] += 1
        row["bytes"] += file.size
    return found
