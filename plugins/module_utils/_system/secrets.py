# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are made on the node and never leave it."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

NAME = re.compile(r"^[a-z0-9][a-z0-9-]*$")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
MIN_LENGTH = 12
MAX_BYTES = 8192
# Values that peers ship or that people type first.
KNOWN = {"admin", "admin123", "password", "passw0rd", "changeme", "123456", "12345678", "1234567890", "t0p-s3cr3t"}


def make(length: int) -> str:
    """A random value of letters, digits, `-` and `_`, which needs no quoting anywhere."""
    return secrets.token_urlsafe(length)[:length].replace("-", "x")


def check_name(name: str) -> None:
    """Refuses a name that is not one of a secret (LLM145)."""
    if not NAME.match(name):
        raise Refusal("LLM145", name=name)


def check_value(name: str, value: str) -> None:
    """Refuses a value that is easy to guess (LLM733)."""
    if len(value) >= MIN_LENGTH and value.lower() not in KNOWN and "\n" not in value:
        return
    raise Refusal("LLM733", name=name, least=MIN_LENGTH)


def problems(path: Path, mode: int, uid: int, gid: int) -> List[str]:
    """What is wrong with the mode or owner of a file that holds a secret."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return ["absent"]
    found = []
    if not stat.S_ISREG(info.st_mode):
        found.append("not a regular file")
    if stat.S_IMODE(info.st_mode) != mode:
        found.append(f"mode {stat.S_IMODE(info.st_mode):04o}")
    if (info.st_uid, info.st_gid) != (uid, gid):
        found.append(f"owner {info.st_uid}:{info.st_gid}")
    return found


def read(path: Path) -> Optional[str]:
    """The value of a secret; None where there is no file."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return text or None


def is_value(data: bytes) -> bool:
    """Whether a file holds a secret and nothing else: one line of printable text."""
    try:
        text = data.decode("utf-8")
    except UnicodeError:
        return False
    line = text[:-1] if text.endswith("\n") else text
    return len(data) <= MAX_BYTES and line.isprintable() and bool(line.strip())


def shell_lines(values: Dict[str, str]) -> str:
    """`export NAME='value'` lines for a POSIX shell."""
    lines = []
    for name in sorted(values):
        if not VARIABLE.match(name):
            raise Refusal("LLM146", name=name)
        lines.append("export {}='{}'\n".format(name, values[name].replace("'", "'\\''")))
    return "".join(lines)


def private_folder(path: str) -> None:
    """Makes a folder that only root can enter."""
    os.makedirs(path, mode=0o700, exist_ok=True)
    os.chmod(path, 0o700)
