# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs a repository's index with a key that exists no longer than that.

The trust in such a key comes from the bundle's manifest, which lists its public half and is signed itself.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import Callable, Sequence, Tuple

KEY = "key.asc"
Run = Callable[[Sequence[str]], Tuple[int, str, str]]


def sign(run: Run, kind: str, key: str, signature: str, *how: str) -> str:
    """Writes the public half (`key`) and the `signature` that gpg makes with the options `how`; -> why not.

    Made at a time in the past, so that a node whose clock is behind accepts it.
    """
    home = tempfile.mkdtemp(prefix="yitiji-")
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--yes", "--faked-system-time", "20250101T000000!"]
    steps = (
        [*gpg, "--passphrase", "", "--quick-generate-key", "yitiji bundle", kind, "sign", "0"],
        [*gpg, "--armor", "--output", key, "--export"],
        [*gpg, "--output", signature, *how],
    )
    try:
        for step in steps:
            code, out, err = run(step)
            if code != 0:
                return (err or out).strip()[-300:] or f"gpg ended with {code}"
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)
    return ""
