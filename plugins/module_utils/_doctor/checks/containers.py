# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of Docker and of what runs in it (LLM3xx)."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import gib
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import each_unit, journal, units
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import docker_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)

SHM_DEFAULT = 64 * 2**20


def engine(context: Context) -> Finding:
    if "containers" not in context.node:
        return unknown("container engines were not looked for", "未检查容器引擎")
    docker = docker_of(context)
    if not docker:
        return passed("there is no Docker yet; a good one will be installed", "尚无 Docker，将会安装")
    if docker.get("snap"):
        where = docker.get("path")
        return failed(f"Docker is a snap ({where})", f"Docker 是 snap 版本（{where}）", kind="snap")
    if docker.get("rootless"):
        return failed("Docker runs rootless", "Docker 以 rootless 方式运行", kind="rootless")
    version = str(docker.get("version") or "")
    # Before 20.10.10 it forbids the system call (clone3) by which the C library of today's images makes threads.
    if version[:1].isdigit() and version_key(version) < version_key("20.10.10"):
        return failed(
            f"Docker {version}; 20.10.10 or newer is needed", f"Docker {version} 过旧，需要 20.10.10 或更新", kind="old"
        )
    return passed(f"Docker {version} as a system service", f"Docker {version}，系统服务方式")


def daemon_json(context: Context) -> Finding:
    found = docker_of(context).get("daemon_json") or {}
    if found.get("error"):
        path, error = found["path"], found["error"]
        return failed(f"{path} is no valid JSON: {error}", f"{path} 不是合法的 JSON：{error}")
    if found.get("clashes"):
        form = "{option} in {path}, {flag} in {file}"
        told = "; ".join(form.format(path=found["path"], **row) for row in found["clashes"])
        return failed(f"given twice, so Docker can't start: {told}", f"重复给出，Docker 无法启动：{told}")
    if docker_of(context).get("running") is None:
        return unknown("the daemon was not asked", "未检查守护进程")
    if not docker_of(context).get("running"):
        return warned("the Docker daemon does not answer", "Docker 守护进程没有应答")
    return passed("daemon.json is well and the daemon answers", "daemon.json 正常，守护进程有应答")


def gpu_runtime(context: Context) -> Finding:
    docker = docker_of(context)
    if docker.get("running") is not True:
        return unknown("the Docker daemon does not answer", "Docker 守护进程没有应答")
    specs = (context.node.get("containers") or {}).get("cdi") or []
    if any("nvidia" in name for name in specs):
        return passed(f"CDI: {', '.join(specs)}", f"CDI：{', '.join(specs)}")
    if "nvidia" in (docker.get("runtimes") or []):
        return passed("the nvidia runtime is configured", "已配置 nvidia 运行时")
    if (context.node.get("containers") or {}).get("nvidia_ctk"):
        return failed(
            "the toolkit is installed, but Docker does not know its runtime", "已安装工具包，但 Docker 未配置其运行时"
        )
    return failed("nvidia-container-toolkit is not installed", "未安装 nvidia-container-toolkit")


def daemon_reload(context: Context) -> Finding:
    docker = docker_of(context)
    if not docker.get("cgroup_driver"):
        return unknown("Docker's cgroup driver is not known", "无法得知 Docker 的 cgroup 驱动")
    seen = [(container(context, str(unit["name"])) or {}).get("gpu_driver") for unit in units(context)]
    given = next((driver for driver in seen if driver and driver != "cdi"), next(filter(None, seen), None))
    specs = (context.node.get("containers") or {}).get("cdi") or []
    by_cdi = given == "cdi" if given else any("nvidia" in name for name in specs)
    if docker["cgroup_driver"] != "systemd" or by_cdi:
        return passed("a daemon-reload does not take the cards from containers", "daemon-reload 不会使容器失去显卡")
    bare = (context.node.get("nvidia") or {}).get("unlinked")
    if bare is None:
        return skipped("there are no card devices yet", "尚无显卡设备")
    if bare:
        names = ", ".join(bare)
        return warned(
            f"a daemon-reload takes the cards from running containers: no link in /dev/char for {names}",
            f"daemon-reload 会使运行中的容器失去显卡：/dev/char 中没有 {names} 的链接",
        )
    return passed("/dev/char has the links", "/dev/char 中的链接齐全")


def container(context: Context, name: str) -> Optional[Dict[str, Any]]:
    found = (context.measures.get("containers") or {}).get(name)
    return found if isinstance(found, dict) else None


def _in_each(context: Context, judge: Callable[[Context, Dict[str, Any], Dict[str, Any]], Finding]) -> Finding:
    """Of every engine that runs in a container."""

    def of(context: Context, unit: Dict[str, Any]) -> Finding:
        name = str(unit["name"])
        found = container(context, name)
        if found is not None:
            return judge(context, unit, found)
        if docker_of(context).get("running") is False:
            return unknown("the Docker daemon does not answer", "Docker 守护进程没有应答")
        return skipped(f"the container {name} does not run", f"容器 {name} 没有运行")

    return each_unit(context, of)


def shared_memory(context: Context) -> Finding:
    return _in_each(context, _shared_memory)


def _shared_memory(context: Context, unit: Dict[str, Any], found: Dict[str, Any]) -> Finding:
    name = unit["name"]
    have = found.get("shm_bytes")
    if have is None:
        return unknown("can't read /dev/shm of the container", "无法读取容器的 /dev/shm")
    need = ((context.plan or {}).get("container") or {}).get("shm_bytes") or SHM_DEFAULT + 1
    if have < need:
        return failed(
            f"{name}: /dev/shm is {gib(have)}, {gib(need)} are planned",
            f"{name} 的 /dev/shm 为 {gib(have)}，应为 {gib(need)}",
        )
    free = found.get("shm_available_bytes")
    if free is not None and free < have * 0.05:
        return failed(f"{name}: /dev/shm is full ({gib(free)} left)", f"{name} 的 /dev/shm 已满（剩余 {gib(free)}）")
    return passed(f"{name}: /dev/shm is {gib(have)}", f"{name} 的 /dev/shm 为 {gib(have)}")


def rdma_in_container(context: Context) -> Finding:
    return _in_each(context, _rdma_in_container)


def _rdma_in_container(context: Context, unit: Dict[str, Any], found: Dict[str, Any]) -> Finding:
    if found.get("infiniband") is None:
        return unknown("the container's devices can't be read", "无法读取容器的设备")
    if not found["infiniband"]:
        return warned(
            "/dev/infiniband is not in the container: NCCL falls back to TCP",
            "容器内没有 /dev/infiniband：NCCL 会退回 TCP",
        )
    lock = found.get("memlock")
    if lock is not None and 0 <= lock < 2**30:
        return warned(f"the container may lock only {gib(lock)} of memory", f"容器只能锁定 {gib(lock)} 内存")
    lines = journal(context, unit) or []
    with_ib = any("NET/IB" in line and "No device found" not in line for line in lines)
    if any("NET/Socket" in line for line in lines) and not with_ib:
        return warned("NCCL's log says NET/Socket: it does not use RDMA", "NCCL 日志显示 NET/Socket：没有使用 RDMA")
    return passed("the container has its RDMA devices", "容器拥有 RDMA 设备")


PROBES: Dict[str, Probe] = {
    "LLM301": engine,
    "LLM303": daemon_reload,
    "LLM304": shared_memory,
    "LLM305": rdma_in_container,
    "LLM306": daemon_json,
    "LLM308": gpu_runtime,
}
