# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of the container engine (LLM3xx)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    warned,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules_needs import docker_of


def engine(context: Context) -> Finding:
    docker = docker_of(context)
    if not docker:
        return passed("there is no Docker yet; a good one will be installed", "尚无 Docker，将会安装")
    if docker.get("snap"):
        return failed(
            f"Docker is a snap ({docker.get('path')})", f"Docker 是 snap 版本（{docker.get('path')}）", kind="snap"
        )
    if docker.get("rootless"):
        return failed("Docker runs rootless", "Docker 以 rootless 方式运行", kind="rootless")
    version = str(docker.get("version") or "")
    major = version.split(".", maxsplit=1)[0]
    if major.isdigit() and int(major) < 20:
        return failed(
            f"Docker {version} is too old; 20.10 or newer is needed",
            f"Docker {version} 过旧，需要 20.10 或更新",
            kind="old",
        )
    return passed(f"Docker {version} as a system service", f"Docker {version}，系统服务方式")


def daemon_json(context: Context) -> Finding:
    found = docker_of(context).get("daemon_json") or {}
    if found.get("error"):
        return failed(
            f"{found['path']} is no valid JSON: {found['error']}", f"{found['path']} 不是合法的 JSON：{found['error']}"
        )
    if not docker_of(context).get("running"):
        return warned("the Docker daemon does not answer", "Docker 守护进程没有应答")
    return passed("daemon.json is well and the daemon answers", "daemon.json 正常，守护进程有应答")


PROBES: Dict[str, Probe] = {"LLM301": engine, "LLM306": daemon_json}
