# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a plan beside those that are there now: hubs name a branch, and a branch moves."""

from __future__ import annotations

from typing import List, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry, Standing, moved, selected
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

SHOWN = 20  # files in a message


def refuse_other(request: Request, where: str, listing: Sequence[Entry]) -> None:
    """Before anything is fetched: what is there is what was planned."""
    if request.files:
        other = moved(request.files, selected(listing, request.include, request.exclude))
        if other:
            raise Refusal("LLM620", model=request.model, url=where, detail=few(other))


def standing_differs(request: Request, standing: Standing, warnings: List[str]) -> List[str]:
    """Verified files stay, also when the model has moved since they came. That is told, not repaired."""
    if not request.files or standing.manifest is None:
        return []
    other = moved(request.files, standing.manifest.files)
    if other:
        told = Refusal("LLM620", model=request.model, url=request.dest, detail=few(other))
        warnings.append(told.message())
    return other


def few(words: List[str]) -> str:
    return ", ".join(words[:SHOWN]) + (f", ... ({len(words)})" if len(words) > SHOWN else "")
