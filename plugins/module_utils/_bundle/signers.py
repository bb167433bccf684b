# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose bundles this controller accepts: a key that was set, or keys in a file that ssh-keygen can read too."""

from __future__ import annotations

import os
from typing import List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.signature import allowed, fingerprint, plain

NAMESPACE = "yitiji-bundle"
WHO = "bundle"
FIRST_USE = "first_use"
TRUST = ("known", FIRST_USE)


def line(key: str) -> str:
    """As a file of allowed signers has it (ssh-keygen(1), ALLOWED SIGNERS)."""
    return allowed(WHO, NAMESPACE, key)


def known(path: str) -> List[str]:
    """The keys in the file; lines of another form are ignored."""
    found = []
    for row in read_text(path).splitlines():
        words = row.split()
        if len(words) >= 4 and words[0] == WHO and words[1] == f'namespaces="{NAMESPACE}"':
            found.append(" ".join(words[2:4]))
    return found


def remember(path: str, key: str) -> bool:
    """Adds a signer; -> whether it was new."""
    if plain(key) in known(path):
        return False
    os.makedirs(os.path.dirname(path) or ".", 0o700, exist_ok=True)
    write_atomic(path, read_text(path) + line(key), 0o600)
    return True


def accept(folder: str, own: str, wanted: str, path: str, trust: str) -> str:
    """Why the signer `own` counts: `set`, `known` or `first_use`; refuses any other.

    `wanted`: the only key that counts, if any. `trust`: `first_use` also takes the first signer of all.
    """
    if wanted:
        if own != plain(wanted):
            raise Refusal("LLM914", folder=folder, why=Text("it is signed by another key", "由其他密钥签名"))
        return "set"
    keys = known(path)
    if own in keys:
        return "known"
    if keys:
        raise Refusal("LLM962", folder=folder, own=fingerprint(own), key=own, known=", ".join(map(fingerprint, keys)))
    if trust != FIRST_USE:
        raise Refusal("LLM961", folder=folder, own=fingerprint(own), key=own)
    return FIRST_USE
