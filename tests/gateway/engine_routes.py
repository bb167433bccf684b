#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every HTTP route in the source of an installed engine, for tests/fixtures/routes.

    tests/gateway/engine_routes.py SITE-PACKAGES/vllm/entrypoints vllm 0.32.0 >tests/fixtures/routes/vllm-0.32.0.json

Read from the source, not from a running server: so routes that only appear with some model, task or developer's
switch are in the list too. What FastAPI adds by itself is added here.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

VERBS = {"get", "post", "put", "delete", "patch", "head", "options", "websocket", "api_route"}
CALLS = {"add_api_route", "add_route", "add_api_websocket_route", "mount", "Mount", "Route"}
FASTAPI = ["GET /openapi.json", "GET /docs", "GET /docs/oauth2-redirect", "GET /redoc"]


def literal(call: ast.Call) -> str:
    """The path when it is written out."""
    first = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "path"), None)
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def methods(name: str, call: ast.Call) -> list[str]:
    if name in VERBS - {"api_route"}:
        return [name.upper()]
    given = next((k.value for k in call.keywords if k.arg == "methods"), None)
    if isinstance(given, ast.List):
        return [str(elt.value) for elt in given.elts if isinstance(elt, ast.Constant)]
    return ["ANY"]


def routes(folder: Path) -> set[str]:
    found = set(FASTAPI)
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            where = literal(node)
            if name in VERBS | CALLS and where.startswith("/"):
                found |= {f"{method} {where}" for method in methods(name, node)}
    return found


def main() -> None:
    folder, engine, version = sys.argv[1:4]
    rows = sorted(routes(Path(folder)), key=lambda row: row.split()[::-1])
    json.dump({"engine": engine, "version": version, "routes": rows}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
