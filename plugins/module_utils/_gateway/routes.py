# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes of an engine are published; all others are refused."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
_PATH = re.compile(r"^(/([A-Za-z0-9_-][A-Za-z0-9._-]*|\{[a-z_]+\}))+$")
# What a {name} in a path may be: nothing that could lead elsewhere after it is decoded.
_PART = "[A-Za-z0-9._-]+"


class Route(NamedTuple):
    method: str
    path: str

    @property
    def varies(self) -> bool:
        return "{" in self.path

    def pattern(self) -> str:
        """The path as an expression for nginx."""
        words = [_PART if part.startswith("{") else re.escape(part) for part in self.path.split("/")]
        return "/".join(words)


def parse(row: str) -> Route:
    method, _space, path = str(row).partition(" ")
    return Route(method, path.strip())


def published(catalog: Mapping[str, Any], engine: str, extra: List[str]) -> List[Route]:
    """The allow-list of an engine, with what a site adds (LLM804 for a row that is not a route)."""
    default, own = catalog.get("default") or {}, catalog.get(engine) or {}
    rows = [*(own.get("allow") or default.get("allow") or []), *extra]
    for row in rows:
        route = parse(row)
        # Only below /v1: everything else belongs to the chat page.
        if route.method not in METHODS or not _PATH.match(route.path) or not route.path.startswith("/v1/"):
            raise Refusal("LLM804", row=row)
    return sorted({parse(row) for row in rows}, key=lambda route: (route.path, route.method))


def refused_paths(catalog: Mapping[str, Any], engine: str) -> List[Route]:
    """Routes outside /v1 that are answered with 404, so that the chat page does not answer there."""
    own: Dict[str, Any] = catalog.get(engine) or {}
    rows = {parse(row) for group in own.get("refuse") or [] for row in group.get("routes") or []}
    found = {row.path: row for row in sorted(rows) if not row.path.startswith("/v1/")}
    return [found[path] for path in sorted(found)]
