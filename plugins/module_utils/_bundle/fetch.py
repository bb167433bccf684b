# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a bundle that come by an address: archives and releases, resumed at the byte; images out of registries."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import time
import urllib.error
from typing import Callable, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import of_the_disk
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.manifest import MACHINES
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import (
    HUB,
    Access,
    Place,
    Reference,
    Session,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client, Connection

BLOCK = 1 << 20
TRIES = 6  # failures in a row without a new byte
PAUSE = 2.0
Tick = Callable[[int], None]


def failed(what: str, detail: str) -> Refusal:
    return Refusal("LLM922", what=what, detail=detail)


def hash_file(path: str, tick: Tick = lambda _count: None) -> str:
    digest, buffer = hashlib.sha256(), bytearray(BLOCK)
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as source:
        while True:
            count = source.readinto(view)
            if not count:
                return digest.hexdigest()
            digest.update(view[:count])
            tick(count)


def fetch(url: str, path: str, sha256: str, tick: Tick, ca_path: str = "") -> Tuple[int, str]:
    """-> size and sha256. A part that a killed run left is hashed and continued."""
    if "://" not in url or url.startswith("file://"):
        return copy(url.partition("file://")[2] or url, path, sha256, tick)
    part = path + ".part"
    idle = 0
    while True:
        before = os.path.getsize(part) if os.path.exists(part) else 0
        try:
            digest = _fetch_once(url, part, tick, ca_path)
            break
        except Broken as error:
            grown = os.path.exists(part) and os.path.getsize(part) > before
            idle = 0 if grown else idle + 1
            if idle >= TRIES or (400 <= error.status < 500 and error.status != 429):
                raise failed(url, str(error)) from error
            time.sleep(max(error.wait, PAUSE * idle))
        except Refusal as error:
            raise failed(url, error.reason.en) from error
    return _name(url, part, path, sha256, digest)


def announced(url: str, ca_path: str = "") -> int:
    """Size as the server tells it; 0 where it does not."""
    connection = Connection(Client(url, "", 60.0, ca_path))
    try:
        head = connection.request(url, method="HEAD")
        return int(head.header("Content-Length") or 0) if head.status == 200 else 0
    except (Broken, Refusal, ValueError):
        return 0
    finally:
        connection.close()


def _name(url: str, part: str, path: str, sha256: str, digest: str) -> Tuple[int, str]:
    if sha256 and digest != sha256:
        os.unlink(part)
        raise failed(url, f"its sha256 is {digest}, wanted is {sha256}")
    os.replace(part, path)
    return os.path.getsize(path), digest


def _fetch_once(url: str, part: str, tick: Tick, ca_path: str) -> str:
    digest, begin = hashlib.sha256(), 0
    connection = Connection(Client(url, "", 60.0, ca_path))
    try:
        head = connection.request(url, method="HEAD")
        total = int(head.header("Content-Length") or -1)
        if head.status != 200:
            raise head.failed()
        head.abandon()
        if os.path.exists(part):
            begin = os.path.getsize(part)
            if 0 <= total < begin:
                os.unlink(part)
                begin = 0
            else:
                with open(part, "rb") as known:
                    for block in iter(lambda: known.read(BLOCK), b""):
                        digest.update(block)
                        tick(len(block))
        if begin == total:
            return digest.hexdigest()
        answer = connection.request(url, (begin, total) if begin and total > 0 else None)
        if answer.status == 200 and begin:  # the server knows no ranges
            digest, begin = hashlib.sha256(), 0
        elif answer.status not in (200, 206):
            raise answer.failed()
        view = memoryview(bytearray(BLOCK))
        with open(part, "r+b" if begin else "wb") as target:
            target.seek(begin)
            while True:
                count = answer.readinto(view)
                if not count:
                    break
                target.write(view[:count])
                digest.update(view[:count])
                tick(count)
        if total >= 0 and os.path.getsize(part) != total:
            raise Broken(f"{os.path.getsize(part)} bytes came, {total} were announced")
        return digest.hexdigest()
    finally:
        connection.close()


def copy(source: str, path: str, sha256: str, tick: Tick) -> Tuple[int, str]:
    """From a file on the controller; a link where that is possible, so that no second copy takes room."""
    part = path + ".part"
    if os.path.exists(part):
        os.unlink(part)
    try:
        digest = hash_file(source, tick)
        try:
            os.link(source, part)
        except OSError:
            shutil.copyfile(source, part)
    except OSError as error:
        if of_the_disk(error):
            raise
        raise failed(source, str(error.strerror or error)) from error
    return _name(source, part, path, sha256, digest)


# images out of registries


def pull(
    ref: Reference, wanted: Dict[str, str], architecture: str, folder: str, access: Access, tick: Tick
) -> Tuple[str, Dict[str, str]]:
    """The blobs of an image in `folder`; -> its id, and digest -> path. `wanted`: {id, digest}, each may be empty."""
    base = "http://" + ref.host if not access.verify else "https://" + ref.host
    session = Session(Place(base, access))
    try:
        manifest = session.json(f"{ref.repository}/manifests/{wanted.get('digest') or ref.tag}")
        if "manifests" in manifest:
            machines = {name: name for name in MACHINES.values()}
            entry = next(
                (
                    row
                    for row in manifest["manifests"]
                    if (row.get("platform") or {}).get("architecture") == machines.get(architecture, architecture)
                    and (row.get("platform") or {}).get("os") == "linux"
                ),
                None,
            )
            if entry is None:
                raise failed(ref.name, f"there is no build of it for {architecture}")
            manifest = session.json(f"{ref.repository}/manifests/{entry['digest']}")
        config = str(manifest["config"]["digest"])
        if wanted.get("id") and wanted["id"] != config:
            raise failed(ref.name, f"its id is {config}, wanted is {wanted['id']}")
        rows = [manifest["config"], *manifest["layers"]]
        found = {}
        for row in rows:
            digest = str(row["digest"])
            found[digest] = _blob(session, ref, digest, int(row["size"]), folder, tick)
        found["layers"] = json.dumps([str(row["digest"]) for row in manifest["layers"]])
        return config, found
    except urllib.error.HTTPError as error:
        raise failed(ref.name, f"HTTP {error.code}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        if of_the_disk(error):
            raise
        raise failed(ref.name, str(getattr(error, "reason", None) or error)) from error


def _blob(session: Session, ref: Reference, digest: str, size: int, folder: str, tick: Tick) -> str:
    algorithm, _colon, wanted = digest.partition(":")
    if algorithm != "sha256" or len(wanted) != 64 or not wanted.isalnum():
        raise failed(ref.name, f"a blob's digest is {digest[:80]}")
    path = os.path.join(folder, wanted)
    if os.path.exists(path) and os.path.getsize(path) == size:
        tick(size)
        return path
    part = path + ".part"
    broken: Optional[OSError] = None
    for turn in range(TRIES + 1):
        begin = os.path.getsize(part) if os.path.exists(part) else 0
        if begin >= size:
            break
        if turn == TRIES:
            raise broken or failed(ref.name, f"{begin} bytes of blob {digest[:19]}… came, {size} were announced")
        session.headers["Range"] = f"bytes={begin}-"
        try:
            with session.open(f"{ref.repository}/blobs/{digest}", "GET") as answer:
                if begin and answer.status != 206:
                    begin = 0
                with open(part, "r+b" if begin else "wb") as target:
                    target.seek(begin)
                    for block in iter(lambda: answer.read(BLOCK), b""):
                        target.write(block)
                        tick(len(block))
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            if of_the_disk(error):
                raise
            broken = error
            time.sleep(PAUSE * turn)
        finally:
            session.headers.pop("Range", None)
    if hash_file(part) != wanted:
        os.unlink(part)
        raise failed(ref.name, f"blob {digest[:19]}… came with another content")
    os.replace(part, path)
    return path


def archive(path: str, tag: str, config: str, blobs: Dict[str, str]) -> None:
    """The form of `docker save`, the same bytes each time; layers stay compressed, which `docker load` understands."""
    layers = [str(layer) for layer in json.loads(blobs["layers"])]
    names = {digest: f"{digest.partition(':')[2]}/layer.tar" for digest in layers}
    name = config.partition(":")[2] + ".json"
    row = {"Config": name, "RepoTags": [tag], "Layers": [names[layer] for layer in layers]}
    with tarfile.open(path + ".part", "w") as tar:
        _add(tar, "manifest.json", None, json.dumps([row]).encode("utf-8"))
        _add(tar, name, blobs[config])
        for digest in dict.fromkeys(layers):
            _add(tar, names[digest], blobs[digest])
    os.replace(path + ".part", path)


def _add(tar: tarfile.TarFile, name: str, path: Optional[str], data: bytes = b"") -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = os.path.getsize(path) if path else len(data), 0o644
    if not path:
        tar.addfile(info, io.BytesIO(data))
        return
    with open(path, "rb") as source:
        tar.addfile(info, source)


def tags(ref: Reference) -> List[str]:
    """Names by which the engine may know the image."""
    short = ref.repository[len("library/") :] if ref.repository.startswith("library/") else ref.repository
    return [f"{short}:{ref.tag}" if ref.host == HUB else f"{ref.host}/{ref.repository}:{ref.tag}"]
