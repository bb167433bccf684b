# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a bundle: what the roles asked for, each thing once; an interrupted run continues where it stopped."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, fetch
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.manifest import File, target_name
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.packages import Packages
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.rpms import Rpms
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle.work import Count, Say, Spec, Work, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import registry
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.archive import Packed, peek
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.image import Image, holds
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.logins import reach
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver.packages import check_versions
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.stream import Unreadable
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import check_stamp


class Maker:
    def __init__(self, spec: Spec, say: Say) -> None:
        self.spec, self.work = spec, Work(spec, say)
        self.debs, self.rpms = Packages(self.work), Rpms(self.work)
        self.holds: Dict[str, Any] = {"images": [], "downloads": [], "models": []}

    def named(self) -> List[Tuple[str, str]]:
        spec = self.spec
        found = [("packages", name) for need in spec.packages for name in need["names"]]
        found += [("images", str(image["ref"])) for image in spec.images]
        found += [("downloads", str(download["name"])) for download in spec.downloads]
        return found + [("models", str(model["model"])) for model in spec.models]

    def judge(self) -> None:
        """Refuses what can be refused before anything is fetched."""
        self.work.consent(self.named())
        for target in self.spec.targets:
            self._shop(target).check(target)

    def _shop(self, target: Mapping[str, Any]) -> Any:
        return self.rpms if target["manager"] == "dnf" else self.debs

    def resolve(self) -> List[Tuple[Dict[str, Any], Dict[str, Any]]]:
        """Refuses packages that can't be had, or whose terms nobody accepted; nothing but package lists is fetched."""
        self.judge()
        self.work.open()
        resolved = [(target, self._shop(target).resolve(target)) for target in self.spec.targets]
        self.work.consent([("packages", package.name) for _target, found in resolved for package in found.values()])
        for target, found in resolved:
            self._driver(target_name(target), {package.name: package.version for package in found.values()})
        return resolved

    def _driver(self, target: str, versions: Mapping[str, str]) -> None:
        """What role nvidia_driver would refuse on the node (LLM231, LLM209, LLM240)."""
        for need in self.spec.packages:
            if need["target"] == target and need.get("driver"):
                check_versions(versions, need["driver"])

    def make(self) -> List[File]:
        work = self.work
        for target, found in self.resolve():
            self._shop(target).bring(target, found)
            work.keep()
        self._images()
        self._downloads()
        self._models()
        self._controller()
        self._tidy()
        work.keep()
        return work.files

    # images

    def _images(self) -> None:
        os.makedirs(self.work.path("images"), exist_ok=True)
        held: Dict[str, Optional[List[Packed]]] = {}
        told: Dict[str, List[Tuple[str, str, str, str]]] = {}
        for image in self.spec.images:
            source, pinned = self._archive_of(image, held)
            if source:
                path = "images/" + _plain(os.path.basename(source))
                self._file(source, path, "")
            else:
                path = f"images/{_plain(str(image['ref']))}.tar"
                pinned = self._pulled(image, path)
            row = {**{key: image.get(key) or "" for key in ("key", "ref", "digest")}, "id": pinned}
            self.holds["images"].append({**row, "path": path})
            terms = self.work.licence_of("images", str(image["ref"])) or "NOASSERTION"
            name, _colon, tag = str(image["ref"]).rpartition(":")
            told.setdefault(path, []).append((name, tag, terms, apt.plain_uri(source) if source else str(image["ref"])))
        for path, rows in told.items():  # an archive may hold several
            names, tags, terms_, origins = (_joined(column) for column in zip(*sorted(rows)))
            self.work.add(path, "image", name=names, version=tags, licence=terms_, source=origins)

    def _archive_of(self, image: Mapping[str, Any], held: Dict[str, Optional[List[Packed]]]) -> Tuple[str, str]:
        """The first archive that holds the image, and the image's id; '' when it has to come from a registry."""
        wanted = Image(str(image["ref"]), str(image.get("id") or ""), str(image.get("digest") or ""))
        for row in image.get("archives") or []:
            source = str(row.get("url") or row.get("path"))
            if source not in held:
                try:
                    held[source] = peek(source)
                except Unreadable as error:
                    raise fetch.failed(source, str(error)) from error
            found = held[source]
            if found is None:  # compressed: it would have to be read whole
                return source, wanted.id
            packed = holds(found, wanted)
            if packed:
                return source, packed.id
        return "", wanted.id

    def _pulled(self, image: Mapping[str, Any], path: str) -> str:
        """From its registry, into an archive; -> its id."""
        ref = registry.split(str(image["ref"]))
        mark = "image " + path
        known = self.work.known.get(mark)
        if known and os.path.exists(self.work.path(path)) and image.get("digest") and known[0] == image["digest"]:
            return str(known[1])
        if not image.get("id") and not image.get("digest"):
            self.work.say(f"image {image['ref']} is not pinned: the bundle holds what its tag means today", 0, 0)
        blobs = os.path.join(self.work.folder, "blobs")
        os.makedirs(blobs, exist_ok=True)
        count = Count(lambda done: self.work.say(f"image {image['ref']}", done, int(image.get("bytes") or 0)))
        architecture = str(self.spec.targets[0]["architecture"])
        access = reach({}, 60)(ref.host)
        wanted = {"id": str(image.get("id") or ""), "digest": str(image.get("digest") or "")}
        config, found = fetch.pull(ref, wanted, architecture, blobs, access, count.tick)
        fetch.archive(self.work.path(path), fetch.tags(ref)[0], config, found)
        shutil.rmtree(blobs)
        self.work.fetched += count.done
        self.work.known[mark] = [image.get("digest") or "", config]
        return config

    # what comes by an address

    def _file(self, url: str, path: str, sha256: str) -> str:
        """Fetched unless it is there as it was; -> sha256."""
        full, known = self.work.path(path), self.work.known.get(path)
        if os.path.exists(full) and known:
            state = os.stat(full)
            if known[:2] == [state.st_size, state.st_mtime_ns] and sha256 in ("", known[2]):
                return str(known[2])
        os.makedirs(os.path.dirname(full), exist_ok=True)
        total = _size(url, self.spec.ca_path)
        count = Count(lambda done: self.work.say(os.path.basename(path), done, total))
        size, digest = fetch.fetch(url, full, sha256, count.tick, self.spec.ca_path)
        self.work.fetched += size
        state = os.stat(full)
        self.work.known[path] = [state.st_size, state.st_mtime_ns, digest]
        self.work.keep()
        return digest

    def _downloads(self) -> None:
        for row in self.spec.downloads:
            path = "files/" + _plain(os.path.basename(str(row["url"])))
            wanted = str(row["sha256"]) or fetch.hash_file(str(row["url"]))  # your own file has none, and may change
            digest = self._file(str(row["url"]), path, wanted)
            name, version = str(row["name"]), str(row.get("version") or "")
            terms = self.work.licence_of("downloads", name) or "NOASSERTION"
            self.work.add(
                path, "archive", digest, name=name, version=version, licence=terms, source=apt.plain_uri(row["url"])
            )
            self.holds["downloads"].append({"name": name, "version": version, "path": path, "sha256": digest})

    # weights, which came before; their hashes were computed while they came

    def _models(self) -> None:
        for row in self.spec.models:
            model = str(row["model"])
            standing = check_stamp(self.work.path("models", *model.split("/")), model)
            if not standing.valid or standing.manifest is None:
                raise fetch.failed(f"model {model}", standing.reason)
            terms = self.work.licence_of("models", model) or "NOASSERTION"
            origin = str(row.get("source") or "")
            for file in standing.manifest.files:
                path = f"models/{model}/{file.path}"
                more = {"name": model, "version": standing.manifest.revision, "licence": terms, "source": origin}
                self.work.add(path, "weights", file.sha256, **more)
            revision = standing.manifest.revision
            self.holds["models"].append({"model": model, "revision": revision, "bytes": standing.manifest.bytes_total})

    # what a controller without a network is set up with

    def _controller(self) -> None:
        self._collection()
        place = self.work.path("controller")
        for folder, _folders, names in os.walk(place):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), self.spec.dest)
                kind = "wheel" if name.endswith(".whl") else "collection" if name.endswith(".tar.gz") else "tool"
                parts = name.split("-")
                label, version = (parts[0], parts[1]) if kind == "wheel" else ("yitiji.deepseek", "")
                self.work.add(path, kind, name=label, version=version, licence=self._wheel_licence(path, kind))

    def _collection(self) -> None:
        """The collection as it was just built, unless the one that is there holds the same files."""
        build, place = os.path.join(self.work.folder, "build"), self.work.path("controller")
        for name in sorted(os.listdir(build)) if os.path.isdir(build) else []:
            new, old = os.path.join(build, name), os.path.join(place, name)
            if name.endswith(".tar.gz") and not (os.path.exists(old) and contents(old) == contents(new)):
                for other in os.listdir(place):
                    if other.endswith(".tar.gz"):
                        os.unlink(os.path.join(place, other))
                shutil.copyfile(new, old)

    def _wheel_licence(self, path: str, kind: str) -> str:
        if kind != "wheel":
            return "GPL-3.0-or-later"
        text = run(["unzip", "-p", self.work.path(path), "*.dist-info/METADATA"])[1] if shutil.which("unzip") else ""
        match = re.search(r"^License(?:-Expression)?: (\S.*)$", text, re.MULTILINE)
        classified = re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.+)$", text, re.MULTILINE)
        return match.group(1)[:80] if match else "; ".join(classified) or "see its METADATA"

    def _tidy(self) -> None:
        """What an earlier run added and is no longer needed."""
        wanted = {file.path for file in self.work.files}
        for top in ("apt", "dnf", "images", "files", "models"):
            for folder, folders, names in os.walk(self.work.path(top), topdown=False):
                for name in names:
                    path = os.path.relpath(os.path.join(folder, name), self.spec.dest)
                    if path not in wanted and "/.yitiji-" not in path:
                        os.unlink(os.path.join(folder, name))
                if not os.listdir(folder):
                    os.rmdir(folder)
                del folders


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)


def _size(url: str, ca_path: str) -> int:
    return fetch.announced(url, ca_path) if "://" in url else os.path.getsize(url) if os.path.exists(url) else 0


def contents(path: str) -> bytes:
    """The list of files in a collection's archive, each with its hash: what the archive is, without its times."""
    with tarfile.open(path) as tar:
        found = tar.extractfile("FILES.json")
        return found.read() if found else b""
