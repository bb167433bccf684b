# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How containers get NVIDIA's cards on a node, and whether they really do."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
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
    """`cdi` or `runtime`; `auto` takes CDI where Docker reads it, since such containers outlive a daemon-reload."""
    able = major(docker) >= CDI_DOCKER
    if wish == "cdi" and docker and not able:
        raise Refusal(
            "LLM315",
            Text(
                f"CDI is asked for, but Docker {docker} does not read it; version {CDI_DOCKER} is the first that does.",
                f"要求使用 CDI，但 Docker {docker} 不支持；从 {CDI_DOCKER} 版起才支持。",
            ),
            Text(
                "set nvidia_container_toolkit_mode: auto (or runtime), or docker_source: docker for a newer Docker.",
                "请设置 nvidia_container_toolkit_mode: auto（或 runtime），"
                "或用 docker_source: docker 安装较新的 Docker。",
            ),
        )
    if wish in ("cdi", "runtime"):
        return wish
    return "cdi" if able else "runtime"


def daemon_options(chosen: str) -> Dict[str, Any]:
    """What Docker's daemon.json needs for it."""
    return {"features": {"cdi": True}} if chosen == "cdi" else {"runtimes": {"nvidia": dict(RUNTIME)}}


def wanted(chosen: str) -> Dict[str, Any]:
    """What the running engine then says of itself, for `docker_engine_info`."""
    return {"running": True, "cdi": True} if chosen == "cdi" else {"running": True, "runtimes": ["nvidia"]}


# --- the repository's signing key ---


# --- whether a container sees the cards ---


class Seen(NamedTuple):
    before: int
    after: int


def check_command(docker: str, image: str, chosen: str, name: str) -> List[str]:
    words = [docker, "run", "--rm", "--interactive", "--name", name, "--network", "none", "--pull", "never"]
    return [*words, *gpu_options("all", chosen), "--entrypoint", "/bin/sh", image, "-c", TWICE]


def seen(output: str) -> Seen:
    """Cards in both lists that the container printed."""
    before, _, after = output.partition(MARK)
    return Seen(*(sum(1 for line in part.splitlines() if line.startswith("GPU ")) for part in (before, after)))


def judge(found: Seen, cards: int, said: str, chosen: str) -> None:
    """Refuse when the container does not see every card (LLM308), or loses them (LLM303)."""
    last = (said.strip().splitlines() or ["nothing"])[-1]
    if found.before < max(cards, 1):
        raise Refusal(
            "LLM308",
            Text(
                f"a container sees {found.before} of {cards} NVIDIA card(s) ({chosen}); it said: {last}",
                f"容器只看到 {found.before}/{cards} 张 NVIDIA 显卡（{chosen}），输出：{last}",
            ),
            Text(
                "look at `journalctl -u yitiji-nvidia-devices` and `nvidia-smi`, then run site.yml again.",
                "请查看 `journalctl -u yitiji-nvidia-devices` 与 `nvidia-smi`，然后重新运行 site.yml。",
            ),
        )
    if found.after < found.before:
        raise Refusal(
            "LLM303",
            Text(
                f"after a daemon-reload a running container sees {found.after} of {found.before} card(s) ({chosen}).",
                f"daemon-reload 之后，运行中的容器只剩 {found.after}/{found.before} 张显卡（{chosen}）。",
            ),
            Text(
                "set nvidia_container_toolkit_mode: cdi with Docker 25 or newer; until then restart the engine's unit.",
                "请使用 Docker 25 或更新版本并设置 nvidia_container_toolkit_mode: cdi；在此之前请重启引擎服务。",
            ),
        )
