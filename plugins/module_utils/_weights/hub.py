# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hub's API: listing, revisions, small files; and the same for a plain directory."""

from __future__ import annotations

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Union
from urllib.parse import quote, urlencode

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import size_text
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Broken, Client, Connection, reach
from ansible_collections.yitiji.deepseek.plugins.module_utils._models import inside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.listing import (
    OWN,
    Unfit,
    judge,
    printable,
    unsafe,
    whole,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import MANIFEST, Entry, Manifest

NO_HASH_LIMIT = 16 << 20  # a larger file without a hash is refused from a hub
LISTING_LIMIT = 3000  # the hub cuts here without a word
SMALL = 64 << 20
MOST_FOLDERS = 2000  # asked for one by one
PAUSES = (1.0, 2.0, 4.0, 8.0)


def check_model_id(model: str) -> None:
    if not re.match(r"^[\w.-]+/[\w.-]+$", model) or ".." in model:
        raise Refusal("LLM606", model=repr(model), url="any hub (an id is owner/name)")


class Hub:
    def __init__(self, client: Client, model: str, revision: str, sleep: Callable[[float], None] = time.sleep) -> None:
        check_model_id(model)
        self.client = client
        self.model = model
        self.revision = revision
        self.base = f"{client.endpoint}/api/v1/models/{quote(model)}"
        self._sleep = sleep
        self._walked = 0
        self._connection = Connection(client)

    def file_url(self, path: str) -> str:
        return "{}/repo?{}".format(self.base, urlencode({"Revision": self.revision, "FilePath": path}))

    def _json(self, url: str) -> Any:
        return self._retry(url, lambda: self._connection.json(url))

    def _retry(self, url: str, ask: Callable[[], Any]) -> Any:
        for pause in (*PAUSES, 0.0):
            try:
                return ask()
            except Broken as error:
                refused = 400 <= error.status < 500 and error.status != 429
                if not pause or refused:
                    raise reach(error, url.split("?", maxsplit=1)[0]) from error
                self._sleep(max(pause, error.wait))
        return None

    def listing(self) -> List[Entry]:
        found = self._list("", True)
        if found is None:
            raise self._missing()
        if len(found) >= LISTING_LIMIT:
            found = self._walk("")
        return entries(self.model, found)

    def _list(self, below: str, recursive: bool) -> Optional[List[Dict[str, Any]]]:
        query = {"Revision": self.revision, "Recursive": str(recursive)}
        if below:
            query["Root"] = below
        answer = self._json(f"{self.base}/repo/files?{urlencode(query)}")
        if answer is None:
            return None
        data = answer.get("Data") if isinstance(answer, dict) else None
        files = data.get("Files") if isinstance(data, dict) else data
        if isinstance(answer, dict) and answer.get("Success") is False:
            raise Refusal("LLM610", model=self.model, detail=printable(answer.get("Message")))
        if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
            raise Refusal("LLM610", model=self.model, detail="the hub's answer holds no file list")
        return files

    def _walk(self, below: str, depth: int = 0) -> List[Dict[str, Any]]:
        found = self._list(below, False) or []
        self._walked += 1
        if self._walked > MOST_FOLDERS:
            raise Refusal("LLM610", model=self.model, detail=f"more than {MOST_FOLDERS} directories")
        if len(found) >= LISTING_LIMIT or depth > 16:
            raise Refusal(
                "LLM610",
                model=self.model,
                detail=f"directory '{below or '/'}' lists {len(found)} entries, where the hub cuts",
            )
        result = []
        for row in found:
            result.append(row)
            path = str(row.get("Path"))
            inside = not unsafe(path) and (not below or path.startswith(below + "/")) and path != below
            if row.get("Type") == "tree" and inside:
                result += self._walk(path, depth + 1)
        return result

    def revisions(self) -> List[str]:
        answer = self._json(self.base + "/revisions")
        if not isinstance(answer, dict):
            return []
        data = answer.get("Data") or {}
        known = data.get("RevisionMap", data) if isinstance(data, dict) else {}
        rows = (known.get("Branches") or []) + (known.get("Tags") or []) if isinstance(known, dict) else []
        return [str(row["Revision"]) for row in rows if isinstance(row, dict) and row.get("Revision")]

    def _missing(self) -> Refusal:
        known = self.revisions()
        if known and self.revision not in known:
            return Refusal("LLM607", model=self.model, revision=self.revision, detail=printable(", ".join(known[:20])))
        return Refusal("LLM606", model=self.model, url=self.client.endpoint)

    def small_file(self, path: str) -> Optional[bytes]:
        def ask() -> Optional[bytes]:
            answer = self._connection.request(self.file_url(path))
            if answer.status == 404:
                answer.finish()
                return None
            if answer.status != 200:
                raise answer.failed()
            return answer.whole(SMALL)

        result: Optional[bytes] = self._retry(self.file_url(path), ask)
        return result

    def part(self, path: str, first: int, last: int) -> bytes:
        """Bytes of a file from `first` to before `last`."""

        def ask() -> bytes:
            answer = self._connection.request(self.file_url(path), (first, last))
            if answer.status != 206 or answer.content_range() is None:
                raise answer.failed()
            return answer.whole(last - first)

        result: bytes = self._retry(self.file_url(path), ask)
        return result

    def linked_hash(self, path: str) -> str:
        """The hash in the answer to a HEAD request, for files that are listed without one."""
        connection = Connection(self.client)
        try:
            answer = connection.request(self.file_url(path), method="HEAD")
            found = (answer.header("X-Linked-ETag") or connection.linked).strip('"').lower()
            return found if re.match(r"^[0-9a-f]{64}$", found) else ""
        except Broken:
            return ""
        finally:
            connection.close()

    def close(self) -> None:
        self._connection.close()


def entries(model: str, rows: List[Dict[str, Any]]) -> List[Entry]:
    """The files of a listing, checked and sorted by path (LLM610)."""
    files = [(row.get("Path"), whole(row.get("Size")), row.get("Sha256")) for row in rows if row.get("Type") != "tree"]
    try:
        return sorted(Entry(*row) for row in judge(files))
    except Unfit as error:
        raise Refusal("LLM610", model=model, detail=str(error)) from error


def with_hashes(hub: Hub, listing: List[Entry], wanted: Sequence[Entry], workers: int) -> List[Entry]:
    """The listing; files in `wanted` without a hash get the one that the answer to a HEAD request carries."""
    bare = [entry.path for entry in wanted if not entry.sha256]
    if not bare:
        return listing
    with ThreadPoolExecutor(workers) as pool:
        found = dict(zip(bare, pool.map(hub.linked_hash, bare)))
    for entry in wanted:
        if not entry.sha256 and not found[entry.path] and entry.size > NO_HASH_LIMIT:
            raise Refusal("LLM610", model=hub.model, detail=f"no sha256 for {entry.path} ({size_text(entry.size)})")
    return [entry._replace(sha256=found.get(entry.path) or entry.sha256) for entry in listing]


def directory_of(source_dir: str, model: str) -> str:
    """The folder of a model below a source directory."""
    for path in (os.path.join(source_dir, *model.split("/")), source_dir):
        if (
            os.path.isfile(os.path.join(path, MANIFEST))
            or os.path.isfile(os.path.join(path, "config.json"))
            or any(name.endswith((".gguf", ".safetensors")) for name in _names(path))
        ):
            return path
    raise Refusal("LLM615", path=source_dir, detail=f"neither {model} below it nor model files in it")


def _names(path: str) -> List[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def directory_listing(path: str, model: str) -> List[Entry]:
    """Files by the manifest that lies beside them; without one, those on the disk, without hashes."""
    manifest = Manifest.load(os.path.join(path, MANIFEST))
    if manifest is not None:
        if manifest.model != model:
            raise Refusal("LLM615", path=path, detail=f"its manifest is of {printable(manifest.model)}")
        return sorted(manifest.files)
    if os.path.lexists(os.path.join(path, MANIFEST)):
        raise Refusal("LLM615", path=path, detail=f"its {MANIFEST} cannot be followed")
    rows = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names + [name for name in folders if os.path.islink(os.path.join(folder, name))]):
            relative = os.path.relpath(os.path.join(folder, name), path)
            if not name.startswith(OWN):
                rows.append({"Path": relative, "Size": _plain_size(path, relative)})
    return entries(model, rows)


def _plain_size(base: str, relative: str) -> int:
    state = inside.look(base, relative)
    if state is None:  # also of a link: what it leads to is not of this model
        detail = f"{printable(relative)} is a link or not a plain file; copy the file itself (cp -rL)"
        raise Refusal("LLM615", path=base, detail=detail)
    return state.st_size


def describe(listing: List[Entry], read: Callable[[str], Optional[bytes]]) -> Dict[str, Any]:
    """config.json, the index and warnings, for planning."""
    by_path = {entry.path: entry for entry in listing}
    warnings: List[Refusal] = []
    config = _document("config.json", by_path, read, warnings)
    stored = _document("hf_quant_config.json", by_path, read, warnings)
    if config is not None and stored and not config.get("quantization_config"):
        # NVIDIA's checkpoints say beside config.json how their weights are stored
        config = {**config, "quantization_config": {"quant_method": "modelopt", **stored}}
    index = None
    for path in sorted(by_path):
        if "/" not in path and path.endswith(".safetensors.index.json"):
            document = _document(path, by_path, read, warnings) or {}
            weight_map = document.get("weight_map")
            shards = sorted({str(name) for name in weight_map.values()}) if isinstance(weight_map, dict) else []
            index = {"path": path, "metadata": document.get("metadata") or {}, "shards": shards}
            missing = [name for name in shards if name not in by_path]
            if missing:
                warnings.append(Refusal("LLM603", path=path, detail=printable(", ".join(missing[:5]))))
            break
    warnings += unproven(listing, say("the hub"))
    return {
        "config": config,
        "index": index,
        "warnings": [doubt(warning) for warning in warnings],
    }


def unproven(listing: Iterable[Entry], where: Union[str, Text]) -> List[Refusal]:
    """A doubt about files whose sha256 nobody lists."""
    without = [entry.path for entry in listing if not entry.sha256]
    return [Refusal("LLM567", where=where, count=len(without), example=printable(without[0]))] if without else []


def doubt(trouble_: Refusal) -> Dict[str, str]:
    return {"id": trouble_.rule, "en": trouble_.reason.en, "zh": trouble_.reason.zh}


def _document(
    path: str, listed: Dict[str, Entry], read: Callable[[str], Optional[bytes]], warnings: List[Refusal]
) -> Optional[Dict[str, Any]]:
    if path not in listed:
        return None
    try:
        document = json.loads((read(path) or b"").decode("utf-8"))
        if isinstance(document, dict):
            return document
    except (ValueError, RecursionError):
        pass
    warnings.append(Refusal("LLM602", path=path, detail="not a JSON object"))
    return None
