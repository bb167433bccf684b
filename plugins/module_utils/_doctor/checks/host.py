# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the host: system, disk, memory, clock, names, ports, packages (LLM1xx)."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.sizes import gb, gib
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.systems import System, matches
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import joined
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    REMOTE,
    STATE_DIR,
    WILDCARDS,
    images_of,
    loaded,
    models_of,
    mount_of,
    ours,
    owner,
    weights_dir,
    weights_done,
)
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
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.below import lacking, machine_of, unread

KERNEL = "4.18"  # of RHEL 8; nobody tried an older one, and nftables' sets and overlay2 are not whole before
OVER_FUSE = ("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.ceph", "fuse.juicefs")
WEB = {"nginx", "apache2", "httpd", "caddy", "haproxy"}
MARGIN = 1.1  # sidecar files, logs and the last file's reserve
STATE_BYTES = 2 * 10**9  # the chat page's data, certificates, backups
STATE_LEAST = 5 * 10**8
INODES = 10000


def system(context: Context) -> Finding:
    found = context.node.get("os") or {}
    name, version = found.get("id"), str(found.get("version") or "")
    if not name:
        return unknown("no /etc/os-release on the node", "节点上没有 /etc/os-release")
    arch = found.get("arch")
    label = f"{name} {version} {arch}"
    if arch not in ("x86_64", "aarch64"):
        return failed(f"{label}: the architecture is not supported", f"{label}：不支持该处理器架构")
    entry = context.settings.get("distribution") or {}  # whom role distribution took it for
    if not entry:
        return unknown(f"{label}: the settings name no distribution", f"{label}：设置中没有发行版")
    if not (entry.get("like") or matches(entry, System(str(name), version))):
        return failed(
            f"{label} is not supported, or is no longer the {entry['name']} that it was set up as",
            f"不支持 {label}，或它已不是部署时的 {entry['name']}",
        )
    if entry.get("tested") == "real":
        return passed(label, label)
    if entry.get("tested") == "lab":
        return warned(f"{label} was tested in the lab, not on machines", f"{label} 只在实验室中测试过，未在实机上测试")
    return warned(f"{label} is prepared for but was not tested on machines", f"{label} 已适配，但未在实机上测试")


def python(context: Context) -> Finding:
    version = str((context.node.get("python") or {}).get("version") or "")
    try:
        major, minor = (int(part) for part in version.split(".")[:2])
    except ValueError:
        return unknown("the version of Python is not known", "无法得知 Python 版本")
    if (major, minor) < (3, 8):
        return failed(
            f"Python {version} on the node; 3.8 is the oldest that works", f"节点上是 Python {version}，至少需要 3.8"
        )
    return passed(f"Python {version}", f"Python {version}")


def privilege(context: Context) -> Finding:
    uid = context.node.get("uid")
    if uid is None:
        return unknown("the user is not known", "无法得知当前用户")
    if uid != 0:
        return failed(f"tasks run as uid {uid}, not as root", f"任务以 uid {uid} 运行，而不是 root")
    return passed("tasks run as root", "任务以 root 运行")


def systemd(context: Context) -> Finding:
    running = (context.node.get("boot") or {}).get("systemd")
    if running is None:
        return unknown("can't tell whether systemd runs", "无法判断 systemd 是否在运行")
    if not running:
        return failed(
            "systemd does not run on this node (no /run/systemd/system)",
            "该节点未运行 systemd（没有 /run/systemd/system）",
        )
    return passed("systemd runs", "systemd 正在运行")


def foundation(context: Context) -> Finding:
    """What containers and programs of today stand on: the kernel, the C library, the control groups."""
    os = context.node.get("os") or {}
    kernel, libc, cgroup = str(context.node.get("kernel") or ""), str(os.get("libc") or ""), os.get("cgroup")
    label = f"{kernel}, glibc {libc}, cgroup v{cgroup}"
    if kernel and version_key(kernel)[:2] < version_key(KERNEL)[:2]:
        return failed(f"{label}: the kernel is older than {KERNEL}", f"{label}：内核低于 {KERNEL}")
    machine = machine_of(context.node)
    engine = (context.plan or {}).get("engine") or {}
    parts = [(str(engine.get("name") or ""), engine.get("host") or {})]
    parts += [(str(image["ref"]), image.get("host") or {}) for image in images_of(context.plan)]
    for what, host in parts:
        lacks = lacking(host, machine)
        if lacks:
            told = joined(lacks, "; ", "；")
            return failed(f"{label}: {what}: {told.en}", f"{label}：{what}：{told.zh}")
    if not kernel or not cgroup or any(unread(host, machine) for _what, host in parts):
        return unknown(f"{label}: not all of it could be read", f"{label}：部分信息无法读取")
    if cgroup == 1:  # served; systemd and Docker have announced its end
        return passed(f"{label} (version 1 still serves)", f"{label}（v1 仍可使用）")
    return passed(label, label)


def disk_needs(context: Context) -> List[Tuple[str, str, str, float]]:
    """(what en, what zh, path, bytes) of everything that will be written."""
    needs: List[Tuple[str, str, str, float]] = []
    plan = context.plan or {}
    planned = (plan.get("needs") or {}).get("disk_bytes") or {}
    size = float(sum(model.get("bytes") or 0 for model in models_of(context)) or planned.get("weights") or 0)
    present = float((context.measures.get("weights") or {}).get("present_bytes") or 0)
    rest = 0.0 if weights_done(context) else max(0.0, size - present) * MARGIN
    needs.append(("weights", "权重", weights_dir(context), rest))
    docker = (context.node.get("containers") or {}).get("docker") or {}
    root = str(docker.get("root") or context.settings.get("docker_root") or "/var/lib/docker")
    images = images_of(plan)
    missing = [image for image in images if loaded(context, image) is not True]
    space = float(planned.get("images") or 0)
    if images and not missing:
        space = 0.0
    needs.append(("images", "镜像", root, space))
    standing = context.measures.get("gateway_site")  # its data are there, and grow
    needs.append(("state", "数据", STATE_DIR, STATE_LEAST if standing else STATE_BYTES))
    people = str(context.measures.get("people") or f"{STATE_DIR}/open-webui")
    if standing and mount_of(context, people) != mount_of(context, STATE_DIR):  # a disk of its own
        needs.append(("chats and files", "对话与文件", people, STATE_LEAST))
    return needs


def disk(context: Context) -> Finding:
    """Adds up what will be written to each file system, and compares it with what is free there."""
    places: Dict[str, Dict[str, Any]] = {}
    for en, zh, path, size in disk_needs(context):
        mount = mount_of(context, path)
        if mount is None or mount.get("available_bytes") is None:
            return unknown(f"can't read the file system behind {path}", f"无法读取 {path} 所在的文件系统")
        place = places.setdefault(mount["path"], {"mount": mount, "need": 0.0, "en": [], "zh": []})
        place["need"] += size
        if size:
            place["en"].append(f"{en} {gb(size)}")
            place["zh"].append(f"{zh} {gb(size)}")
    good, bad = [], []
    for path, place in places.items():
        mount = place["mount"]
        free, need = float(mount["available_bytes"]), place["need"]
        inodes = mount.get("inodes_available")
        if need and mount.get("read_only"):
            bad.append((f"{path} is read-only", f"{path} 是只读的", path))
        elif need > free:
            bad.append(
                (
                    f"{path} needs {gb(need)} ({', '.join(place['en'])}) and has {gb(free)} free",
                    f"{path} 需要 {gb(need)}（{'，'.join(place['zh'])}），仅剩 {gb(free)}",
                    path,
                )
            )
        elif need and inodes is not None and mount.get("inodes") and inodes < INODES:
            bad.append((f"{path} has {inodes} inodes left", f"{path} 仅剩 {inodes} 个 inode", path))
        else:
            good.append(
                (f"{path}: needs {gb(need)}, has {gb(free)}", f"{path}：需要 {gb(need)}，剩余 {gb(free)}", path)
            )
    if bad:
        return failed("; ".join(b[0] for b in bad), "；".join(b[1] for b in bad), path=", ".join(b[2] for b in bad))
    return passed("; ".join(g[0] for g in good), "；".join(g[1] for g in good))


def network_disks(context: Context) -> Finding:
    """Docker's layers and the page's database lie on the node's own disks, or they break."""
    docker = (context.node.get("containers") or {}).get("docker") or {}
    root = str(docker.get("root") or context.settings.get("docker_root") or "/var/lib/docker")
    found, dark = [], []
    for en, zh, path in (
        ("Docker's data", "Docker 数据", root),
        ("the appliance's state", "一体机状态", STATE_DIR),
        ("chats and files", "对话与文件", f"{STATE_DIR}/open-webui"),
    ):
        mount = mount_of(context, path)
        if mount is None:
            dark.append(path)
        elif str(mount.get("fstype")) in (*REMOTE, *OVER_FUSE):
            found.append((en, zh, path, mount))
    if found:
        where = [f"{mount['fstype']} {mount['device']}" for _en, _zh, _path, mount in found]
        listed = [f"{en} ({path}) on {at}" for (en, _zh, path, _mount), at in zip(found, where)]
        listed_zh = [f"{zh}（{path}）位于 {at}" for (_en, zh, path, _mount), at in zip(found, where)]
        return failed("; ".join(listed), "；".join(listed_zh), paths=", ".join(row[2] for row in found))
    if dark:
        names = ", ".join(dark)
        return unknown(f"can't read the file system behind {names}", f"无法读取 {names} 所在的文件系统")
    return passed("all on the node's own disks", "均在节点自己的磁盘上")


def clock(context: Context) -> Finding:
    bounds = context.clock
    state = context.node.get("clock") or {}
    if bounds is None:
        if state.get("synchronized") is None:
            return unknown("there is no other clock to compare with", "没有可供比较的时钟")
        if not state["synchronized"]:
            return warned("the clock is not synchronized", "时钟未同步")
        return passed(f"synchronized by {state.get('source')}", f"由 {state.get('source')} 同步")
    skew = least(bounds["earliest"], bounds["latest"])
    others = [least(peer["earliest"], peer["latest"]) for peer in map(_clock_of, context.peers.values()) if peer]
    worst = max([abs(skew)] + [abs(skew - other) for other in others])
    if worst > 60:
        return failed(
            f"the clock differs by {worst:.0f} s from the controller's or a peer's",
            f"时钟与控制机或其他节点相差 {worst:.0f} 秒",
            seconds=int(worst),
        )
    if worst > 1:
        return warned(
            f"the clock differs by {worst:.1f} s from the controller's or a peer's",
            f"时钟与控制机或其他节点相差 {worst:.1f} 秒",
            seconds=f"{worst:.1f}",
        )
    return passed("within a second of the controller's clock", "与控制机时钟相差不到一秒")


def _clock_of(peer: Dict[str, Any]) -> Optional[Dict[str, float]]:
    found = peer.get("clock_offset")
    return found if isinstance(found, dict) else None


def least(earliest: float, latest: float) -> float:
    """The smallest offset that these bounds allow, in seconds."""
    if earliest <= 0 <= latest:
        return 0.0
    return earliest if earliest > 0 else latest


def loopback_name(context: Context) -> Finding:
    name = context.node.get("hostname")
    answer = (context.measures.get("net") or {}).get("own name") or {}
    addresses = answer.get("addresses", (context.node.get("network") or {}).get("hostname_addresses"))
    if addresses is None:
        return unknown(f"could not ask what {name} resolves to", f"无法查询 {name} 的解析结果")
    if not addresses:
        return failed(f"{name} does not resolve on its own node", f"{name} 在节点上无法解析", name=name)
    bad = [address for address in addresses if ipaddress.ip_address(address.split("%")[0]).is_loopback]
    if bad:
        return failed(
            f"{name} resolves to {', '.join(bad)} on its own node", f"{name} 在节点上解析为 {', '.join(bad)}", name=name
        )
    return passed(f"{name} is {', '.join(addresses)}", f"{name} 解析为 {', '.join(addresses)}")


def memory(context: Context) -> Finding:
    total = (context.node.get("memory") or {}).get("total_bytes")
    need = ((context.plan or {}).get("needs") or {}).get("memory_bytes")
    if not need:
        return skipped("the plan names no need of memory", "方案没有内存需求")
    if not total:
        return unknown("the size of the memory is not known", "无法得知内存大小")
    if need > total:
        return failed(
            f"needs {gib(need)} of memory, the node has {gib(total)}", f"需要内存 {gib(need)}，节点只有 {gib(total)}"
        )
    return passed(f"needs {gib(need)} of {gib(total)}", f"需要 {gib(need)}，共有 {gib(total)}")


def ports_wanted(context: Context) -> List[Tuple[int, str, bool]]:
    """(port, what for, on loopback only), each port once."""
    given = context.settings.get("ports") or {}
    found: Dict[int, Tuple[str, bool]] = {}
    for name in ("https", "http", "engine", "chat"):
        if given.get(name):
            found.setdefault(int(given[name]), (name, name in ("engine", "chat")))
    for port in ((context.plan or {}).get("needs") or {}).get("ports") or []:
        found.setdefault(int(port), ("engine", True))
    return [(port, name, local) for port, (name, local) in sorted(found.items())]


def ports(context: Context) -> Finding:
    holders: Dict[Tuple[int, str, str], List[str]] = {}
    wanted = ports_wanted(context)
    if not wanted:
        return skipped("no ports are asked for", "没有需要的端口")
    if context.node.get("listeners") is None:
        return unknown("the listeners are not known", "无法得知监听端口")
    for port, name, local in wanted:
        for listener in context.node.get("listeners") or []:
            if listener["protocol"] != "tcp" or listener["port"] != port or ours(context, listener):
                continue
            address = str(listener["address"])
            if local and address not in WILDCARDS and not address.startswith("127."):
                continue
            files = ", ".join((context.measures.get("sites") or {}).get(str(port)) or [])
            web = WEB.intersection(str(listener.get("process")).split())
            who = f"{owner(listener)} ({files})" if files and web else owner(listener)
            holders.setdefault((port, name, who), []).append(address)
    if holders:
        held = [(*key, ", ".join(on)) for key, on in holders.items()]
        return failed(
            "; ".join(f"{port} ({name}) is held by {who} on {on}" for port, name, who, on in held),
            "；".join(f"{port}（{name}）被 {who} 占用（{on}）" for port, name, who, on in held),
            ports=", ".join(dict.fromkeys(str(port) for port, _name, _who, _on in held)),
        )
    text = ", ".join(str(port) for port, _name, _local in wanted)
    return passed(f"{text} are free or the appliance's own", f"{text} 空闲或由一体机自己使用")


def broken_packages(context: Context) -> Finding:
    found = context.node.get("packages")
    if found is None:
        return unknown("neither dpkg nor rpm answered", "dpkg 和 rpm 均未应答")
    bad = [f"{item['name']} {item['version']}" for item in found if item.get("broken")]
    if bad:
        return failed(f"half-installed: {', '.join(bad)}", f"未完成安装：{', '.join(bad)}")
    return passed("no half-installed package among those that matter here", "相关软件包均已完整安装")


PROBES: Dict[str, Probe] = {
    "LLM101": disk,
    "LLM102": clock,
    "LLM103": loopback_name,
    "LLM104": memory,
    "LLM105": system,
    "LLM106": python,
    "LLM108": ports,
    "LLM109": privilege,
    "LLM110": systemd,
    "LLM111": broken_packages,
    "LLM157": foundation,
    "LLM176": network_disks,
}
