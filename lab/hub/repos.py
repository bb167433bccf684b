# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hub's models: directories, with hashes kept in memory by path, size and time."""

import hashlib
import os
import threading

LISTING_LIMIT = 3000  # the real hub cuts a listing here, silently
REVISIONS = ".revisions"


class Repos:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self._hashes = {}
        self._locks = {}
        self._lock = threading.Lock()

    def has(self, model):
        return os.path.isdir(os.path.join(self.root, model)) and ".." not in model

    def revisions(self, model):
        try:
            with open(os.path.join(self.root, model, REVISIONS), encoding="utf-8") as extra:
                return ["master", *extra.read().split()]
        except FileNotFoundError:
            return ["master"]

    def path(self, model, name):
        base = os.path.join(self.root, model)
        path = os.path.realpath(os.path.join(base, name))
        inside = path.startswith(os.path.realpath(base) + os.sep) or os.path.islink(os.path.join(base, name))
        return path if inside and ".." not in name.split("/") and os.path.isfile(path) else None

    def sha256(self, path):
        state = os.stat(path)
        key = (path, state.st_size, state.st_mtime_ns)
        with self._lock:
            if key in self._hashes:
                return self._hashes[key]
            lock = self._locks.setdefault(path, threading.Lock())
        with lock:  # one thread hashes, the others wait for it
            if key not in self._hashes:
                digest = hashlib.sha256()
                with open(path, "rb") as content:
                    for block in iter(lambda: content.read(1 << 20), b""):
                        digest.update(block)
                self._hashes[key] = digest.hexdigest()
        return self._hashes[key]

    def warm(self):
        for owner in sorted(os.listdir(self.root)):
            for name in sorted(os.listdir(os.path.join(self.root, owner))):
                self.listing(owner + "/" + name, "", True)

    def listing(self, model, below, recursive):
        base = os.path.join(self.root, model)
        found = []
        for folder, folders, files in os.walk(os.path.join(base, below.strip("/"))):
            folders.sort()
            for name in folders:
                found.append(self._entry(base, os.path.join(folder, name), "tree"))
            for name in sorted(files):
                if name != REVISIONS:
                    found.append(self._entry(base, os.path.join(folder, name), "blob"))
            if not recursive:
                break
        return found

    def _entry(self, base, path, kind):
        state = os.stat(path)
        blob = kind == "blob"
        return {
            "Path": os.path.relpath(path, base).replace(os.sep, "/"),
            "Name": os.path.basename(path),
            "Type": kind,
            "Size": state.st_size if blob else 0,
            "Sha256": self.sha256(os.path.realpath(path)) if blob else "",
            "IsLFS": blob and state.st_size > 1 << 20,
            "InCheck": False,
            "Mode": "33188" if blob else "16384",
            "Revision": hashlib.sha1(("%s %d" % (path, state.st_mtime_ns)).encode()).hexdigest(),
            "CommitId": "",
            "CommitMessage": "add",
            "CommitterName": "lab",
            "CommittedDate": int(state.st_mtime),
        }
