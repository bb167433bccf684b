# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pinned tarball, unpacked whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from typing import IO, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.frame import of_the_disk
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.stream import Unreadable, open_stream
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text

MARK = ".yitiji-sha256"
BLOCK = 1 << 20
TRIES = 3


def is_there(dest: str, sha256: str) -> bool:
    """Whether this very release is unpacked at `dest`."""
    return read_text(os.path.join(dest, MARK)).strip() == sha256


def unpack(source: str, sha256: str, dest: str, programs: List[str]) -> None:
    """Fetches, checks and unpacks beside the target, then renames it.

    What a killed run left is removed first (LLM709).
    """
    parent = os.path.dirname(dest.rstrip("/"))
    os.makedirs(parent, 0o755, exist_ok=True)
    name = ".yitiji-new-" + os.path.basename(dest.rstrip("/"))
    work = os.path.join(parent, name)
    shutil.rmtree(work, ignore_errors=True)
    os.mkdir(work, 0o755)
    try:
        with tempfile.TemporaryFile(dir=work) as archive:
            fetch(source, sha256, archive)
            tree = os.path.join(work, "tree")
            os.mkdir(tree, 0o755)
            _tar(source, archive, tree)
        for program in programs:
            if not os.access(os.path.join(tree, program), os.X_OK):
                raise wrong(source, f"it holds no program {program}", f"其中没有程序 {program}")
        with open(os.path.join(tree, MARK), "w", encoding="ascii") as mark:
            mark.write(sha256 + "\n")
        os.sync()
        shutil.rmtree(dest, ignore_errors=True)
        os.replace(tree, dest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fetch(source: str, sha256: str, out: IO[bytes]) -> None:
    """Copies the file to `out`. A broken link is tried again; content with another hash is refused at once."""
    for attempt in range(TRIES):
        try:
            found = _copy(source, out)
            break
        except (Unreadable, OSError) as error:
            if of_the_disk(error):
                raise
            if attempt == TRIES - 1:
                raise wrong(source, f"it cannot be read: {error}", f"无法读取：{error}") from error
            time.sleep(2 * attempt + 1)
    if found != sha256:
        raise wrong(source, f"its sha256 is {found}, pinned is {sha256}", f"其 sha256 为 {found}，固定的是 {sha256}")


def _copy(source: str, out: IO[bytes]) -> str:
    out.seek(0)
    out.truncate()
    stream, total = open_stream(source)
    found, done = hashlib.sha256(), 0
    with stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            found.update(block)
            out.write(block)
            done += len(block)
    if total and done != total:
        raise OSError(f"{done} of {total} bytes came")
    return found.hexdigest()


def _tar(source: str, archive: IO[bytes], tree: str) -> None:
    archive.seek(0)
    how = ["--zstd"] if source.endswith((".zst", ".tzst")) else ["--gzip"] if source.endswith(("gz", ".tgz")) else []
    words = ["tar", "--extract", *how, "--no-same-owner", "--directory", tree]
    done = subprocess.run(words, stdin=archive, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise wrong(source, f"tar cannot unpack it: {said}", f"tar 无法解包：{said}")


def wrong(source: str, en: str, zh: str) -> Refusal:
    return Refusal("LLM709", source=source, why=Text(en, zh))
