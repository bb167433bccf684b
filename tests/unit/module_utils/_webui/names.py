#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the environment variables that an Open WebUI reads: names.py FOLDER-OF-THE-WHEEL > env-VERSION.txt

The folder is `open_webui` of the wheel on PyPI (pip download --no-deps open-webui==VERSION, unpacked).
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path


def names(code: str) -> set[str]:
    """First arguments of getenv and environ.get, and keys of environ."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        key = None
        if isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func)
            if called.endswith(("os.getenv", "environ.get", "environ.setdefault")):
                key = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return found


if __name__ == "__main__":
    every = {name for path in Path(sys.argv[1]).rglob("*.py") for name in names(path.read_text(encoding="utf-8"))}
    print("\n".join(sorted(every)))
