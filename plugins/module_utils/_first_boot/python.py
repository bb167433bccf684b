# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python for the modules of one run. Ansible sends each module as an archive of sources, and Python compiles all of it
anew for every task: most of what a task costs. Here what was compiled once is kept while the run lasts, by its content.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import zipimport
from importlib.util import MAGIC_NUMBER
from types import CodeType
from typing import Any, Callable, Dict, List

CODE = "/run/yitiji-first-boot/code"
COMPILE = "_compile_source"  # zipimport's own; where a Python has none, all works as ever, slower


def keeping(compile_: Callable[[str, bytes], CodeType], folder: str) -> Callable[[str, bytes], CodeType]:
    """The same, but what this Python compiled before is read back."""

    def kept(path: str, source: bytes) -> CodeType:
        name = path.rpartition(".zip/")[2]  # the archive's own place is another each time
        file = os.path.join(folder, hashlib.sha256(MAGIC_NUMBER + name.encode() + b"\0" + source).hexdigest())
        with contextlib.suppress(OSError, ValueError, EOFError, TypeError), open(file, "rb") as stream:
            known = marshal.load(stream)  # noqa: S302 - from a folder that root alone can write
            if isinstance(known, CodeType):
                return known
        code = compile_(path, source)
        with contextlib.suppress(OSError):
            part = f"{file}.{os.getpid()}"
            with open(part, "wb") as stream:
                marshal.dump(code, stream)
            os.replace(part, file)
        return code

    return kept


def run(words: List[str], into: Dict[str, Any]) -> None:
    """The program on standard input, the one named, or the one given with -c: as Python itself would."""
    if words and words[0].startswith("-") and (words[0] != "-c" or len(words) < 2):
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - Python itself, which knows the option
    os.makedirs(CODE, mode=0o700, exist_ok=True)
    if hasattr(zipimport, COMPILE):
        setattr(zipimport, COMPILE, keeping(getattr(zipimport, COMPILE), CODE))
    given = bool(words) and words[0] == "-c"
    sys.path[0] = os.path.dirname(words[0]) if words and not given else ""
    sys.argv = ["-c", *words[2:]] if given else words or [""]
    if given:
        into.pop("__file__", None)
        source = words[1].encode("utf-8")
    elif words:
        into["__file__"] = words[0]
        with open(words[0], "rb") as stream:
            source = stream.read()
    else:
        into.pop("__file__", None)
        source = sys.stdin.buffer.read()
    name = "<string>" if given else words[0] if words else "<stdin>"
    program = compile(source, name, "exec", dont_inherit=True)
    exec(program, into)  # noqa: S102 - what an interpreter is for


if __name__ == "__main__":
    run(sys.argv[1:], globals())
