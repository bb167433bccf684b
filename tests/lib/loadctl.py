# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenAI's SDK in an environment of its own, and tests/gateway/load.py with it on the lab's network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import labctl

SDK = labctl.ROOT / ".venv-sdk"


def sdk() -> None:
    if not (SDK / "bin/python").exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "-q", SDK, "--python", sys.executable], check=True)
        wanted = labctl.ROOT / "tests/gateway/requirements.txt"
        subprocess.run([uv, "pip", "install", "-q", "--python", SDK / "bin/python", "-r", wanted], check=True)


def drive(url: str, ca: Path, *more: str) -> subprocess.Popen[str]:
    """The driver, on the lab's network; its key comes by standard input."""
    load = labctl.ROOT / "tests/gateway/load.py"
    return subprocess.Popen(
        [labctl.LAB, "run", SDK / "bin/python", load, "--url", url, "--ca", ca, *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
