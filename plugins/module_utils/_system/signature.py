# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of files by ssh-keygen(1): every machine has it, and people can check one without us."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text

SUFFIX = ".sig"
MINUTES = 600.0  # an agent or a token may ask a person first


class Unsigned(Exception):
    """ssh-keygen's own words, where no signature could be made."""


def plain(key: str) -> str:
    """Type and key of a public key, without its comment."""
    return " ".join(key.split()[:2])


def allowed(who: str, namespace: str, key: str) -> str:
    """As a file of allowed signers has it (ssh-keygen(1), ALLOWED SIGNERS)."""
    return f'{who} namespaces="{namespace}" {plain(key)}\n'


def fingerprint(key: str) -> str:
    """As `ssh-keygen -l` shows it: what two people compare over the telephone."""
    try:
        blob = base64.b64decode(key.split()[1], validate=True)
    except (IndexError, ValueError):
        return "?"
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def ensure_key(path: str, comment: str) -> bool:
    """A key of our own, 0600, created on first use; -> whether it was created."""
    if os.path.exists(path):
        return False
    os.makedirs(os.path.dirname(path) or ".", 0o700, exist_ok=True)
    _keygen("-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path)
    return True


def public_key(path: str) -> str:
    """Of a private key that needs no passphrase, or of one whose public half lies beside it."""
    beside = read_text(path + ".pub").split()
    return plain(" ".join(beside)) if len(beside) >= 2 else plain(_keygen("-y", "-P", "", "-f", path))


def sign(path: str, key: str, namespace: str) -> str:
    """Signs a file; -> the signature's own, beside it."""
    signature = path + SUFFIX
    if os.path.exists(signature):
        os.unlink(signature)
    _keygen("-q", "-Y", "sign", "-n", namespace, "-f", key, path)
    os.chmod(signature, 0o644)
    return signature


def belongs(path: str, key: str, who: str, namespace: str) -> bool:
    """Whether the signature beside a file is of this content and by this key."""
    if not plain(key) or not os.path.exists(path + SUFFIX):
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".signers", encoding="utf-8") as signers:
        signers.write(allowed(who, namespace, key))
        signers.flush()
        command = ["ssh-keygen", "-Y", "verify", "-f", signers.name, "-I", who, "-n", namespace]
        shell = 'exec "$@" -s "$SIGNATURE" < "$SIGNED"'
        names = [f"SIGNATURE={path + SUFFIX}", f"SIGNED={path}"]
        return run(["env", *names, "sh", "-c", shell, "sh", *command], MINUTES).returncode == 0


def _keygen(*words: str) -> str:
    done = run(["ssh-keygen", *words], MINUTES)
    if done.returncode != 0:
        raise Unsigned((done.stderr or done.stdout).strip())
    return done.stdout
