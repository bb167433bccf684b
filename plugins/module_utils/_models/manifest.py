# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files a model consists of, and the stamp that says they were verified."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import stat
import tempfile
import time
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import Unfit, judge

MANIFEST = ".yitiji-manifest.json"
STAMP = ".yitiji-verified.json"
DIGESTS = ".yitiji-digests.json"  # digests of prefixes, to find a bad range later
CHECKED = ".yitiji-checked.json"  # the last time that all was hashed again
WORK = ".yitiji-download"
PROGRESS = "progress.json"  # in WORK
HAVE = "have.json"  # in WORK: what other nodes may take from here already
TEMPORARY = (".yitiji-", ".tmp")
JSON_LIMIT = 64 << 20  # of one of our records
STATE_NAMES = (MANIFEST, STAMP, DIGESTS, CHECKED, WORK)


class Entry(NamedTuple):
    """A file of a repository: its path below the model's folder, its size in bytes."""

    path: str
    size: int
    sha256: str  # "" where nobody says


class Manifest(NamedTuple):
    """The files of one revision of a model."""

    model: str
    revision: str
    files: Sequence[Entry]

    @property
    def bytes_total(self) -> int:
        """Size of all files, in bytes."""
        return sum(file.size for file in self.files)

    def digest(self) -> str:
        """SHA-256 of the list, in hexadecimal: what a plan pins."""
        rows = [[file.path, file.size, file.sha256] for file in self.files]
        text = json.dumps([self.model, self.revision, rows], separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def save(self, path: str) -> None:
        """Writes the list as JSON."""
        rows = [{"path": file.path, "size": file.size, "sha256": file.sha256} for file in self.files]
        write_json(path, {"schema": 1, "model": self.model, "revision": self.revision, "files": rows})

    @staticmethod
    def load(path: str) -> Optional[Manifest]:
        """Reads what `save` wrote; None where there is no usable list."""
        return Manifest.parse(read_json(path))

    @staticmethod
    def parse(data: object) -> Optional[Manifest]:
        """The list from JSON data; None where it is not a list, or one that is refused."""
        try:
            return Manifest.judged(data)
        except Unfit:
            return None

    @staticmethod
    def judged(data: object) -> Manifest:
        """The same, but raises Unfit with the reason."""
        try:
            if not isinstance(data, dict) or data["schema"] != 1 or not isinstance(data["files"], list):
                raise Unfit("not a manifest")
            rows = [(row["path"], row["size"], row["sha256"]) for row in data["files"]]
            return Manifest(str(data["model"]), str(data["revision"]), [Entry(*row) for row in judge(rows)])
        except (KeyError, TypeError) as error:
            raise Unfit("not a manifest") from error


def selected(files: Iterable[Entry], include: Sequence[str], exclude: Sequence[str]) -> List[Entry]:
    """The files that the patterns leave: all without `include`, never those of `exclude`."""
    return [file for file in files if (not include or matches(file.path, include)) and not matches(file.path, exclude)]


def moved(planned: Iterable[Entry], found: Iterable[Entry]) -> List[str]:
    """What differs from the plan, a phrase for each file. A hash that only one side knows counts as equal."""
    before, now = {entry.path: entry for entry in planned}, {entry.path: entry for entry in found}
    words = []
    for path in sorted({*before, *now}):
        old, new = before.get(path), now.get(path)
        if old is None and new is not None:
            words.append(f"+ {path} ({new.size} B)")
        elif new is None and old is not None:
            words.append(f"- {path} ({old.size} B)")
        elif old is not None and new is not None and old.size != new.size:
            words.append(f"{path} ({old.size} B -> {new.size} B)")
        elif old is not None and new is not None and old.sha256 and new.sha256 and old.sha256 != new.sha256:
            words.append(f"{path} ({old.size} B, sha256 {old.sha256[:12]} -> {new.sha256[:12]})")
    return words


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches the path or its last part; a pattern that ends with / matches everything below."""
    name = path.rsplit("/", 1)[-1]
    return any(
        path.startswith(pattern)
        if pattern.endswith("/")
        else fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(name, pattern)
        for pattern in patterns
    )


def file_state(base: str, path: str) -> Optional[List[int]]:
    """Size and time of a plain file below `base`; None also where a link is in the way."""
    state = inside.look(base, path)
    return [state.st_size, state.st_mtime_ns] if state else None


def write_stamp(dest: str, manifest: Manifest, include: Sequence[str], exclude: Sequence[str]) -> Dict[str, Any]:
    """Writes the stamp: the state of each file, and which list they were verified against."""
    stamp = {
        "schema": 1,
        "model": manifest.model,
        "revision": manifest.revision,
        "include": sorted(include),
        "exclude": sorted(exclude),
        "manifest_sha256": manifest.digest(),
        "files": len(manifest.files),
        "bytes": manifest.bytes_total,
        "verified_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "state": {file.path: file_state(dest, file.path) for file in manifest.files},
    }
    write_json(os.path.join(dest, STAMP), stamp)
    return stamp


class Standing(NamedTuple):
    """What the stamp on the disk is worth."""

    manifest: Optional[Manifest]
    changed: Sequence[str]  # files that are not as they were when they were verified
    reason: str  # "" = valid

    @property
    def valid(self) -> bool:
        return not self.reason


def check_stamp(
    dest: str,
    model: str = "",
    revision: str = "",
    include: Optional[Sequence[str]] = None,
    exclude: Optional[Sequence[str]] = None,
) -> Standing:
    """Compares the stamp with the list and with the state of each file; no file's data is read."""
    stamp = read_json(os.path.join(dest, STAMP))
    manifest = Manifest.load(os.path.join(dest, MANIFEST))
    if manifest is None:
        return Standing(None, (), "there is no manifest")
    if stamp is None:
        return Standing(manifest, (), "there is no stamp")
    if stamp.get("manifest_sha256") != manifest.digest():
        return Standing(manifest, (), "the stamp is of another manifest")
    for name, wanted in (("model", model), ("revision", revision)):
        if wanted and stamp.get(name) != wanted:
            return Standing(manifest, (), f"it holds {name} {stamp.get(name)}")
    for name, patterns in (("include", include), ("exclude", exclude)):
        if patterns is not None and stamp.get(name) != sorted(patterns):
            return Standing(manifest, (), f"other {name} patterns")
    states = stamp.get("state")
    states = states if isinstance(states, dict) else {}
    now = {file.path: file_state(dest, file.path) for file in manifest.files}
    changed = [path for path, state in now.items() if state is None or state != states.get(path)]
    if changed:
        return Standing(manifest, changed, "changed since it was verified: " + ", ".join(changed[:5]))
    return Standing(manifest, (), "")


def read_json(path: str) -> Optional[Dict[str, Any]]:
    """A JSON object from a plain file; None for anything else, a link included."""
    try:
        with os.fdopen(os.open(path, inside.READ), "rb") as source:
            state = os.fstat(source.fileno())
            if not stat.S_ISREG(state.st_mode) or state.st_size > JSON_LIMIT:
                return None
            data = json.loads(source.read(JSON_LIMIT).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def write_json(path: str, data: Any, durable: bool = True) -> None:
    """Writes the file whole or not at all, readable by all; `durable`: it survives a power cut."""
    handle, temporary = tempfile.mkstemp(prefix=TEMPORARY[0], suffix=TEMPORARY[1], dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(json.dumps(data, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n")
            target.flush()
            os.fchmod(target.fileno(), 0o644)
            if durable:
                os.fsync(target.fileno())
        os.replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    if durable:
        sync_directory(os.path.dirname(path))


def sweep(folder: str) -> None:
    """Removes what a killed run of `write_json` left. Only for the holder of the lock."""
    for name in os.listdir(folder):
        if name.startswith(TEMPORARY[0]) and name.endswith(TEMPORARY[1]):
            remove(os.path.join(folder, name))


def sync_directory(path: str) -> None:
    """Makes names in a folder survive a power cut, where the file system can."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems cannot
        pass
    finally:
        os.close(handle)


def remove(path: str) -> bool:
    """Deletes a file. False: there was none."""
    try:
        os.unlink(path)
        return True
    except FileNotFoundError:
        return False
