# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stick may say. The first one sets the machine up; a later one changes the network, and more only when signed.

Anybody who can reach the machine can insert a stick, at any boot. So after the first boot a root key, the networks of
the administrators and the profile come only from a file that one of the administrators signed:

    ssh-keygen -Y sign -n yitiji-first-boot -f KEY yitiji.conf      # makes yitiji.conf.sig, to be put beside it

Its `serial` is higher than that of the file before: an old file must not bring back a key that was taken away since.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import tempfile
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal

NAMESPACE = "yitiji-first-boot"
WHO = "administrator"
SMALL = "yitiji.conf"
SIGNATURE = SMALL + ".sig"
LARGEST = 65536  # bytes of a file on a stick
GUARDED = ("ssh_key", "admin_networks", "profile", "serial")
PLAIN_KEY = re.compile(r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=]+(\s|$)")


class Stick(NamedTuple):
    """`own`: root wrote it on this machine; `signed`: an administrator signed it. `error`: why it cannot be used."""

    settings: Dict[str, Any]
    own: bool = False
    signed: bool = False
    error: str = ""


def read_small(folder: str, name: str) -> bytes:
    """A plain file on a stick, no link to one of the machine's own; at most 64 KiB."""
    handle = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(f"{name} is not a plain file")
        return stream.read(LARGEST)


def administrators(authorized: str, more: Sequence[str]) -> List[str]:
    """Keys that may sign: those that log in as root without a restriction, and the vendor's."""
    rows = [row.strip() for row in [*authorized.splitlines(), *more]]
    return [" ".join(row.split()[:2]) for row in rows if PLAIN_KEY.match(row)]


def signed(text: bytes, signature: bytes, keys: Sequence[str]) -> bool:
    """Whether one of the keys signed exactly this text for this purpose."""
    if not keys or not signature:
        return False
    with tempfile.TemporaryDirectory(prefix="yitiji-") as folder:
        signers, path = os.path.join(folder, "signers"), os.path.join(folder, "signature")
        with open(signers, "w", encoding="utf-8") as stream:
            stream.write("".join(f'{WHO} namespaces="{NAMESPACE}" {key}\n' for key in keys))
        with open(path, "wb") as binary:
            binary.write(signature)
        command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", WHO, "-n", NAMESPACE, "-s", path]
        try:
            return subprocess.run(command, input=text, capture_output=True, check=False, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def merge(known: Mapping[str, Any], stick: Stick, completed: bool) -> Dict[str, Any]:
    """The settings from now on; `error` stops the site from being applied, `notice` is only shown.

    Args:
        known: the settings of before, without `error` and `notice`.
        completed: whether the machine was set up once.
    """
    if not completed or stick.own:
        return {**known, "error": stick.error} if stick.error else dict(stick.settings)
    if stick.error:
        return {**known, "notice": stick.error}
    if dict(stick.settings) == dict(known):  # it was left in
        return dict(known)
    least = int(known.get("serial", 0)) + 1
    if stick.signed and int(stick.settings.get("serial", 0)) >= least:
        return dict(stick.settings)
    wanted = [name for name in GUARDED if name in stick.settings and known.get(name) != stick.settings[name]]
    merged = {name: value for name, value in known.items() if name in GUARDED}
    merged.update((name, value) for name, value in stick.settings.items() if name not in GUARDED)
    if wanted:
        merged["notice"] = Refusal("LLM963", names=", ".join(wanted), serial=str(least)).message()
    return merged
