# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the files of a plan with those that are there now: hubs name a branch, and a branch moves."""

from __future__ import annotations

from typing import List, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import Sorted, set_aside
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import (
    Entry,
    Manifest,
    Standing,
    moved,
    selected,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

SHOWN = 20  # files in a message


def wanted(request: Request, listing: Sequence[Entry]) -> Sorted:
    """The files that the patterns choose, without those that are programs."""
    chosen = selected(listing, request.include, request.exclude)
    return set_aside(request.model, chosen, request.allow_pickle, request.allow_remote_code)


def as_planned(request: Request, where: str, listing: Sequence[Entry]) -> List[Entry]:
    """Refuses, before anything is fetched, files that differ from the plan (LLM620).

    Returns them with the hashes of both.
    """
    if not request.files:
        return list(listing)
    other = moved(wanted(request, request.files).wanted, wanted(request, listing).wanted)
    if other:
        raise Refusal("LLM620", model=request.model, url=where, detail=few(other))
    known = {file.path: file.sha256 for file in request.files}
    return [entry if entry.sha256 else entry._replace(sha256=known.get(entry.path, "")) for entry in listing]


def vouched(request: Request) -> None:
    """A neighbour is known by the certificate that the controller brought, or nothing is left for it to choose."""
    known = request.identity and request.peers and all(base.startswith("https://") for base in request.mirrors)
    bound = request.manifest_sha256 or (request.files and all(file.sha256 for file in request.files))
    if not (known or bound):
        raise Refusal("LLM641", model=request.model, url=", ".join(request.mirrors))


def pinned(request: Request, where: str, manifest: Manifest) -> None:
    """Refuses a list whose digest is not the given one, or in which a file has no hash (LLM640)."""
    if not request.manifest_sha256:
        return
    bare = [file.path for file in manifest.files if not file.sha256]
    found = f"no hash of {few(bare)}" if bare else manifest.digest()
    if found != request.manifest_sha256:
        raise Refusal("LLM640", model=request.model, url=where, detail=found, wanted=request.manifest_sha256)


def standing_differs(request: Request, standing: Standing, warnings: List[str]) -> List[str]:
    """Verified files stay, even when the model has changed since then; this is a warning."""
    if not request.files or standing.manifest is None:
        return []
    other = moved(wanted(request, request.files).wanted, wanted(request, standing.manifest.files).wanted)
    if other:
        told = Refusal("LLM620", model=request.model, url=request.dest, detail=few(other))
        warnings.append(told.message())
    return other


def few(words: List[str]) -> str:
    return ", ".join(words[:SHOWN]) + (f", ... ({len(words)})" if len(words) > SHOWN else "")
