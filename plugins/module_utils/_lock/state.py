# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment consists of, read from its plan and its nodes; and a plan that follows what is locked."""

from __future__ import annotations

import copy
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.compare import clashes, files_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Manifest, selected

PINS = ("digest", "id")
SHOWN = 8


def planned(plan: Mapping[str, Any], collection: str) -> Dict[str, Any]:
    """What the plan itself says of it."""
    models = {}
    for model in models_of(plan):
        row = {"revision": model["revision"]}
        if model["manifest"]:
            listed = model["manifest"]["files"]
            row["files"] = {file["path"]: {"bytes": file["size"], "sha256": file["sha256"]} for file in listed}
            row["manifest"] = model["manifest"]["sha256"]
        models[model["id"]] = row
    return {
        "collection": collection,
        "engine": "{name} {version}".format(**plan["engine"]),
        "images": {image["key"]: {"ref": image["ref"], **_pins(image)} for image in plan["images"]},
        "models": models,
    }


def complete(
    plan: Mapping[str, Any], collection: str, nodes: Mapping[str, Any], wheels: Mapping[str, str]
) -> Dict[str, Any]:
    """The same with the nodes' systems and packages, and the controller's programs."""
    rows = {name: {"system": node["system"], "packages": dict(node["packages"])} for name, node in nodes.items()}
    return {**planned(plan, collection), "nodes": rows, "wheels": dict(wheels)}


def lockable(state: Mapping[str, Any], before: Mapping[str, Any]) -> Tuple[Dict[str, Any], List[str]]:
    """The state as a lock can say it, and the names of images that it leaves out.

    An image that nobody tells a digest of now keeps the one of `before`; without one, it is for a later run.
    """
    images, left = {}, []
    for name, image in state["images"].items():
        old = (before.get("images") or {}).get(name) or {}
        if _pins(image):
            images[name] = image
        elif old.get("ref") == image["ref"] and _pins(old):
            images[name] = old
        else:
            left.append(str(image["ref"]))
    return {**state, "images": images}, left


def follow(plan: Mapping[str, Any], locked: Mapping[str, Any], collection: str, where: str) -> Dict[str, Any]:
    """The plan with what is locked pinned in it; refused where it is of something else (LLM592)."""
    rows = clashes(locked, planned(plan, collection))
    words = [row.text() for row in rows]
    for model in models_of(plan):
        known = locked["models"].get(model["id"]) or {}
        if known.get("files") and not model["manifest"]:  # made without the hub: the lock has its list
            files = files_of(known)
            lost = len(files) - len(selected(files, model["include"], model["exclude"]))
            words += [f"models.{model['id']}: {lost} locked files are not wanted"] if lost else []
    if words:
        raise Refusal("LLM592", lock=where, differences=_short(words))
    found = pin(plan, {image["ref"]: image for image in locked["images"].values()})
    for model in models_of(found):
        known = locked["models"].get(model["id"]) or {}
        if known.get("files"):
            model["manifest"] = _manifest(str(model["id"]), known)
    return found


def pin(plan: Mapping[str, Any], images: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """The plan with the digests that are known of its images, by name; what it says itself stays."""
    found: Dict[str, Any] = copy.deepcopy(dict(plan))
    for image in _images(found):
        told = images.get(image["ref"]) or {}
        image.update({name: image.get(name) or told.get(name) or None for name in PINS})
    if found["image"] and _pins(found["image"]):
        found["warnings"] = [row for row in found["warnings"] if row["id"] != "LLM527"]
    return found


def unpinned(plan: Mapping[str, Any], locked: Mapping[str, Any]) -> List[str]:
    """Images that the lock names and nothing pins, neither it nor what a run found: any content could come."""
    named = {image["ref"] for image in (locked.get("images") or {}).values()}
    return sorted({image["ref"] for image in _images(plan) if image["ref"] in named and not _pins(image)})


def _short(words: List[str]) -> List[str]:
    return words[:SHOWN] + ([f"… (+{len(words) - SHOWN})"] if len(words) > SHOWN else [])


def _images(plan: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
    yield from plan["images"]
    yield from (part for part in (plan["image"], plan["chat"]["image"]) if part)


def _pins(image: Mapping[str, Any]) -> Dict[str, str]:
    return {name: str(image[name]) for name in PINS if image.get(name)}


def _manifest(model: str, known: Mapping[str, Any]) -> Dict[str, Any]:
    manifest = Manifest(model, str(known["revision"]), files_of(known))
    return {"sha256": manifest.digest(), "files": [file._asdict() for file in manifest.files]}
