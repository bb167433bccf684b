# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption by age: a node knows who may read (recipients), never how."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run

PROGRAM = "age"
SUFFIX = ".age"
MAGIC = b"age-encryption.org/v1\n"
SECONDS = 7200
_RECIPIENT = re.compile(r"(age1[0-9a-z]{20,2000}|(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]{40,8000}( [ -~]{0,200})?)")


def is_recipient(text: str) -> bool:
    return bool(_RECIPIENT.fullmatch(text))


def encrypt(source: Path, target: Path, recipients: Sequence[str]) -> None:
    """For all recipients; they stand on standard input, the file beside its name until it is whole."""
    command = [PROGRAM, "--encrypt", "--recipients-file", "/dev/stdin", "--output", str(target), str(source)]
    try:
        done = run(command, SECONDS, stdin="".join(line + "\n" for line in recipients))
    except OSError as error:
        raise ValueError(f"{PROGRAM}: {error.strerror}") from error
    if done.returncode != 0:
        raise ValueError(f"{PROGRAM}: {done.stderr.strip()[-300:]}")
    os.chmod(str(target), 0o600)


def is_encrypted(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def refuse(path: Path, why: Text) -> Refusal:
    return Refusal("LLM742", path=path, why=why)


def decrypt(source: Path, target: Path, identity: Path) -> None:
    """For whoever holds the identity; it is named by its path, so it stands on no command line and moves nowhere."""
    if not identity.is_file():
        raise refuse(source, Text(f"there is no identity file {identity}", f"没有身份文件 {identity}"))
    try:
        done = run([PROGRAM, "--decrypt", "--identity", str(identity), "--output", str(target), str(source)], SECONDS)
    except OSError as error:
        raise refuse(source, Text(f"{PROGRAM} is not on the controller", f"控制机上没有 {PROGRAM}")) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["?"]
        raise refuse(source, Text(lines[0][:300], lines[0][:300]))
