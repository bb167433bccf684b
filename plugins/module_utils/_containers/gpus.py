# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How containers get NVIDIA's cards on a node, and whether they really do."""

from __future__ import annotations

import re
import subprocess
import threading
from typing import Any, Dict, List, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.container_unit import gpu_options

CDI_DOCKER = 25  # the first Docker that reads CDI files
RUNTIME = {"path": "nvidia-container-runtime", "args": []}  # as `nvidia-ctk runtime configure` writes it
MARK = "-- after daemon-reload --"
# Prints the cards, waits for a line, prints them again: in between systemd rebuilds its device rules.
TWICE = f"nvidia-smi -L; echo '{MARK}'; read line; nvidia-smi -L"


def major(version: Any) -> int:
    found = re.match(r"\d+", str(version or ""))
    return int(found.group(0)) if found else 0


def mode(docker: Any, wish: str) -> str:
    """`cdi` or `runtime`; `auto` takes CDI where Docker supports it, as such containers survive a daemon-reload."""
    able = major(docker) >= CDI_DOCKER
    if wish == "cdi" and docker and not able:
        raise Refusal("LLM315", docker=docker, least=CDI_DOCKER)
    if wish in ("cdi", "runtime"):
        return wish
    return "cdi" if able else "runtime"


def daemon_options(chosen: str) -> Dict[str, Any]:
    """What daemon.json needs for it."""
    return {"features": {"cdi": True}} if chosen == "cdi" else {"runtimes": {"nvidia": dict(RUNTIME)}}


def wanted(chosen: str) -> Dict[str, Any]:
    """What the running Docker then reports, for `docker_engine_info`."""
    return {"running": True, "cdi": True} if chosen == "cdi" else {"running": True, "runtimes": ["nvidia"]}


# --- the repository's signing key ---


# --- whether a container sees the cards ---


class Seen(NamedTuple):
    before: int
    after: int


def check_command(docker: str, image: str, chosen: str, name: str) -> List[str]:
    words = [docker, "run", "--rm", "--interactive", "--name", name, "--network", "none", "--pull", "never"]
    return [*words, *gpu_options("all", chosen), "--entrypoint", "/bin/sh", image, "-c", TWICE]


def watch(words: List[str], timeout: int) -> Tuple[str, str]:
    """(output, errors) of the container; systemd is reloaded once it has printed its first list."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", errors="replace")
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    lines: List[str] = []
    try:
        for line in process.stdout or []:
            lines.append(line)
            if line.strip() == MARK:
                break
        run(["systemctl", "daemon-reload"], timeout)
        rest, errors = process.communicate("go\n") if process.poll() is None else process.communicate()
    finally:
        timer.cancel()
    return "".join(lines) + rest, errors


def seen(output: str) -> Seen:
    """Cards in both lists that the container printed."""
    before, _mark, after = output.partition(MARK)
    return Seen(*(sum(1 for line in part.splitlines() if line.startswith("GPU ")) for part in (before, after)))


def judge(found: Seen, cards: int, said: str, chosen: str) -> None:
    """Refuses where the container does not see every card (LLM308), or loses them (LLM303)."""
    last = (said.strip().splitlines() or ["nothing"])[-1]
    if found.before < max(cards, 1):
        raise Refusal("LLM308", seen=found.before, cards=cards, chosen=chosen, last=last)
    if found.after < found.before:
        raise Refusal("LLM303", after=found.after, before=found.before, chosen=chosen)
