# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands: for a bounded time, the newest line passed on while they run, no child left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from typing import Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sure import sure

SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
TIMED_OUT = 124


def run(command: List[str], timeout: float = 60, stdin: Optional[str] = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; one that takes longer than `timeout` seconds has exit status 124."""
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, encoding="utf-8", errors="replace", timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""  # bytes, although text was asked for
        text = said if isinstance(said, str) else said.decode("utf-8", "replace")
        return subprocess.CompletedProcess(command, TIMED_OUT, text, f"no answer in {timeout:g} s")


def stream(
    words: List[str],
    seconds: float,
    tell: Callable[[str], None],
    environment: Optional[Mapping[str, str]] = None,
    started: Optional[Callable[[int], None]] = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Tuple[int, str]:
    """Exit status and output; a command that takes longer than `seconds` is ended with all its children (status 124).

    So is one that is no longer `wanted`. `tell` gets each new line; `started` the process id.
    """
    env: Dict[str, str] = {**os.environ, "PATH": SAFE_PATH, "LC_ALL": "C", **(environment or {})}
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return 127, f"{words[0]}: {error.strerror}"
    stdout = sure(process.stdout)
    if started:
        started(process.pid)
    said: List[str] = []
    end, rest = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(stdout, selectors.EVENT_READ)
        while True:
            if time.monotonic() > end or not wanted():
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return TIMED_OUT, "".join(said) + f"\nno end within {seconds:.0f} s"
            if not waiting.select(timeout=1.0):
                if process.poll() is not None:  # a grandchild may hold the pipe open
                    break
                continue
            piece = os.read(stdout.fileno(), 65536)
            if not piece:
                break
            said.append(piece.decode("utf-8", "replace"))
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            if lines and lines[-1].strip():
                tell(lines[-1].decode("utf-8", "replace").strip()[:120])
    return process.wait(), "".join(said)
