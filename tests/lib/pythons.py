# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other Pythons of this machine: python tests/lib/pythons.py 3.8 prints the path of one that works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator


def candidates(version: str) -> Iterator[str]:
    """PYTHON38 (or PYTHON313, ...), the one on PATH, those of pyenv, newest first."""
    yield os.environ.get("PYTHON" + version.replace(".", ""), "")
    yield shutil.which(f"python{version}") or ""
    rooms = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob(f"versions/{version}.*/bin/python")
    yield from (str(path) for path in sorted(rooms, reverse=True))


def find(version: str) -> str:
    """Path of a Python of this version, or an empty string. A shim without a Python behind it is none."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:2])), sys.executable)"
    for path in filter(None, candidates(version)):
        try:
            done = subprocess.run([path, "-I", "-c", code], capture_output=True, text=True, check=False)
        except OSError:
            continue
        said, _, real = done.stdout.strip().partition(" ")
        if done.returncode == 0 and said == version:
            return real
    return ""


if __name__ == "__main__":
    found = find(sys.argv[1])
    print(found or f"no Python {sys.argv[1]} on this machine: set PYTHON{sys.argv[1].replace('.', '')}")
    sys.exit(0 if found else 1)
