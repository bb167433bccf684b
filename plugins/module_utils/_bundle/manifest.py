# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of an offline bundle: what it holds, for whom, and whether a folder is that."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import listing

SCHEMA = 1
MANIFEST = "MANIFEST.json"
SIGNATURE = MANIFEST + ".sig"
SIGNER = "SIGNER.pub"
SUMS = "SHA256SUMS"
WORK = ".work"  # appended to the bundle's folder: what the next run of its maker uses again
OUTSIDE = (MANIFEST, SIGNATURE, SIGNER, SUMS)  # they describe the files, so they cannot be among them
# What a download of weights keeps beside the files; no reader of a bundle believes it.
RECORD = re.compile(r"^models/[^/]+/[^/]+/\.yitiji-(manifest|verified|digests)\.json$")
KINDS = ("package", "index", "image", "archive", "wheel", "collection", "weights", "tool", "document")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "amd64": "amd64", "arm64": "arm64"}


class File(NamedTuple):
    path: str
    size: int
    sha256: str
    kind: str
    name: str = ""
    version: str = ""
    licence: str = ""
    source: str = ""


class Bundle(NamedTuple):
    made: str  # time, UTC
    maker: str  # version of the collection
    targets: Tuple[Dict[str, str], ...]  # {distribution, release, version, architecture, manager}
    holds: Dict[str, Any]  # images, models, downloads: what the roles ask for by name
    files: Tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def unsafe(path: str) -> str:
    """Why a path is refused, '' if it is fine. The check script reads it line by line, between quotes."""
    if '"' in path:
        return "with a quote"
    return listing.unsafe(path) or ("a name of the bundle's own" if path.split("/", maxsplit=1)[0] in OUTSIDE else "")


def dump(bundle: Bundle) -> str:
    """One file a line, so that the check script reads it without a JSON parser."""
    head = {"schema": SCHEMA, "made": bundle.made, "maker": bundle.maker, "size": bundle.size}
    lines = [json.dumps(head, ensure_ascii=False)[:-1] + ","]
    lines.append(f' "targets": {json.dumps(list(bundle.targets), ensure_ascii=False, sort_keys=True)},')
    lines.append(f' "holds": {json.dumps(bundle.holds, ensure_ascii=False, sort_keys=True)},')
    lines.append(' "files": [')
    rows = [json.dumps(file._asdict(), ensure_ascii=False) for file in sorted(bundle.files)]
    lines.append(",\n".join(" " + row for row in rows))
    return "\n".join(lines) + "\n]}\n"


def parse(text: str, where: str) -> Bundle:
    """The manifest, or a refusal that names the line that is not valid."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise unreadable(where, f"not JSON ({error})") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise unreadable(where, "its schema is not 1" if isinstance(data, dict) else "not an object")
    targets, holds, rows = data.get("targets"), data.get("holds"), data.get("files")
    if not isinstance(targets, list) or not all(_target(target) for target in targets) or not isinstance(holds, dict):
        raise unreadable(where, "its targets or what it holds are not as they should be")
    if not isinstance(rows, list) or not rows:
        raise unreadable(where, "it lists no files")
    files = tuple(_file(row, where) for row in rows)
    if len({file.path for file in files}) != len(files):
        raise unreadable(where, "a file is listed twice")
    try:
        listing.judge((file.path, file.size, file.sha256) for file in files)
    except listing.Unfit as error:
        raise unreadable(where, str(error)) from error
    return Bundle(str(data.get("made")), str(data.get("maker")), tuple(targets), holds, files)


def _target(value: Any) -> bool:
    keys = ("distribution", "release", "version", "architecture")
    return isinstance(value, dict) and all(isinstance(value.get(key), str) and value[key] for key in keys)


def _file(row: Any, where: str) -> File:
    if not isinstance(row, dict) or not set(row) <= set(File._fields):
        raise unreadable(where, f"a file's entry is not as it should be: {str(row)[:80]}")
    path, size, sha256 = row.get("path"), row.get("size"), row.get("sha256")
    why = unsafe(path) if isinstance(path, str) else "not a text"
    if why:
        raise unreadable(where, f"path {path!r}: {why}")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise unreadable(where, f"{path} has the size {size!r}")
    if not isinstance(sha256, str) or not re.match(r"^[0-9a-f]{64}$", sha256):
        raise unreadable(where, f"{path} has the sha256 {str(sha256)[:70]!r}")
    if row.get("kind") not in KINDS:
        raise unreadable(where, f"{path} is of kind {row.get('kind')!r}")
    texts = {key: str(value) for key, value in row.items() if key != "size"}
    return File(size=size, **texts)


def unreadable(where: str, detail: str) -> Refusal:
    return Refusal("LLM913", where=where, detail=detail)


# is a folder what the manifest says?


class Differences(NamedTuple):
    missing: List[str]
    wrong: List[str]  # another size, another hash, or not a plain file
    superfluous: List[str]

    def any(self) -> bool:
        return bool(self.missing or self.wrong or self.superfluous)

    def texts(self, limit: int = 5) -> Tuple[str, str]:
        parts_en, parts_zh = [], []
        words = (("wrong", "内容不符", self.wrong), ("missing", "缺少", self.missing))
        for english, chinese, paths in (*words, ("superfluous", "多余", self.superfluous)):
            if paths:
                more = f" (+{len(paths) - limit})" if len(paths) > limit else ""
                parts_en.append(f"{english}: {', '.join(paths[:limit])}{more}")
                parts_zh.append(f"{chinese}：{'、'.join(paths[:limit])}{more}")
        return "; ".join(parts_en), "；".join(parts_zh)


def walk(folder: str, listed: Collection[str]) -> Iterator[str]:
    """Paths below a folder that are part of the bundle or look so; a folder without a listed file ends with `/`."""
    expected = {path.rsplit("/", depth)[0] for path in listed for depth in range(1, path.count("/") + 1)}
    for place, folders, names in os.walk(folder):
        inside = "" if place == folder else os.path.relpath(place, folder) + "/"
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        strange = [name for name in folders if name not in links and inside + name not in expected]
        folders[:] = sorted(name for name in folders if name not in links and name not in strange)
        yield from (f"{inside}{name}/" for name in sorted(strange))
        for name in sorted(names + links):
            path = inside + name
            if path not in OUTSIDE and not RECORD.match(path):
                yield path


def differences(bundle: Bundle, folder: str) -> Differences:
    """By names and sizes alone: quick, and enough to refuse most damaged copies before a byte is hashed."""
    listed = {file.path: file for file in bundle.files}
    there = set(walk(folder, listed))
    wrong = []
    for path in sorted(there & set(listed)):
        full = os.path.join(folder, path)
        if os.path.islink(full) or not os.path.isfile(full) or os.path.getsize(full) != listed[path].size:
            wrong.append(path)
    return Differences(sorted(set(listed) - there), wrong, sorted(there - set(listed)))


def damaged(folder: str, found: Differences) -> Refusal:
    english, chinese = found.texts()
    return Refusal("LLM915", folder=folder, why=Text(english, chinese))


# is it for these nodes?


def check_node(bundle: Bundle, host: str, node: Dict[str, str]) -> Optional[Refusal]:
    """`node`: {distribution, version, architecture}, the first two as its entry of the catalogue names them."""
    made_for = ", ".join(sorted({target_name(target) for target in bundle.targets}))
    architecture = ARCHITECTURES.get(node["architecture"], node["architecture"])
    if architecture not in {target["architecture"] for target in bundle.targets}:
        return Refusal(
            "LLM916", node=host, architecture=architecture, made_for=made_for, add=_as_target(node, architecture)
        )
    if target_of(bundle, node) is None:
        return Refusal(
            "LLM917",
            node=host,
            name=node["distribution"],
            version=node["version"],
            made_for=made_for,
            add=_as_target(node, architecture),
        )
    return None


def _as_target(node: Dict[str, str], architecture: str) -> str:
    return f"{node['distribution'].lower()} {node['version']} {architecture}"


def target_name(target: Dict[str, str]) -> str:
    return f"{target['release']}-{target['architecture']}"


def manager_of(target: Dict[str, str]) -> str:
    """Bundles of earlier versions hold debs alone and do not say so."""
    return target.get("manager") or "apt"


def target_of(bundle: Bundle, node: Dict[str, str]) -> Optional[Dict[str, str]]:
    """The target that a node is of."""
    architecture = ARCHITECTURES.get(node["architecture"], node["architecture"])
    wanted = (node["distribution"].lower(), node["version"].lower(), architecture)
    for target in bundle.targets:
        if (target["distribution"].lower(), target["version"].lower(), target["architecture"]) == wanted:
            return target
    return None


def lacking(bundle: Bundle, images: Sequence[Dict[str, Any]], models: Sequence[str]) -> List[str]:
    """What a plan asks for and the bundle does not hold, by name."""
    ids = {image.get("id") for image in bundle.holds.get("images") or []}
    refs = {image.get("ref") for image in bundle.holds.get("images") or []}
    known = {model.get("model") for model in bundle.holds.get("models") or []}
    missing = [str(image["ref"]) for image in images if not ((image.get("id") or "") in ids or image["ref"] in refs)]
    return missing + [model for model in models if model not in known]


def weights_of(bundle: Bundle) -> Dict[str, Dict[str, str]]:
    """Model -> path in its repository -> SHA-256, as signed."""
    found: Dict[str, Dict[str, str]] = {}
    for row in bundle.holds.get("models") or []:
        start = f"models/{row['model']}/"
        files = {file.path[len(start) :]: file.sha256 for file in bundle.files if file.path.startswith(start)}
        found[str(row["model"])] = files
    return found
