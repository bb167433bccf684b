# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of the operating system: release, kernel, boot, CPU, memory, mounts, clock, packages, services."""

from __future__ import annotations

import re
import shlex
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Space, first_line, number
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import states

SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
NOT_DISKS = {
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
    "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs",
    "squashfs", "sysfs", "tracefs",
}  # fmt: skip
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "9p")
UNITS = (
    "docker", "containerd", "podman.socket", "chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "nginx", "ollama",
    "nvidia-fabricmanager", "nvidia-persistenced", "unattended-upgrades", "apt-daily-upgrade.timer",
    "dnf-automatic.timer", "packagekit",
)  # fmt: skip
PACKAGES = re.compile(
    r"^(lib)?nvidia|^cuda-drivers|^linux-(image|headers|modules|generic)|^kernel(-core|-devel|-headers)?$|^docker"
    r"|^containerd|^podman|^chrony|^dkms$|^nvlsm$|^gcc(-\d+)?$|^unattended-upgrades$"
)


def os_release(host: Host) -> Dict[str, Optional[str]]:
    """{id, like, version, codename, name} from os-release; None for what it does not say."""
    return parse_os_release(host.read("/etc/os-release") or host.read("/usr/lib/os-release") or "")


def parse_os_release(text: str) -> Dict[str, Optional[str]]:
    values: Dict[str, str] = {}
    for line in text.splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.startswith("#"):
            try:
                values[key.strip()] = " ".join(shlex.split(value))
            except ValueError:
                values[key.strip()] = value.strip("\"'")
    return {
        "id": values.get("ID"),
        "like": values.get("ID_LIKE", ""),
        "version": values.get("VERSION_ID"),
        "codename": values.get("VERSION_CODENAME") or values.get("UBUNTU_CODENAME"),
        "name": values.get("PRETTY_NAME"),
    }


def foundation(host: Host) -> Dict[str, Any]:
    """{libc, cgroup}: the C library's version, and 1 or 2 for the control groups; None for what can't be read."""
    answer = host.run(["getconf", "GNU_LIBC_VERSION"], timeout=5)
    found = re.search(r"\d+\.\d+", answer.out) if answer and answer.rc == 0 else None
    whole, split = host.exists("/sys/fs/cgroup/cgroup.controllers"), host.exists("/sys/fs/cgroup")
    return {"libc": found.group(0) if found else None, "cgroup": 2 if whole else 1 if split else None}


def cpu(host: Host) -> Dict[str, Any]:
    """{sockets, cores, threads, model, vendor, flags, numa_nodes} from /proc/cpuinfo and sysfs.

    None for what can't be read.
    """
    text = host.read("/proc/cpuinfo") or ""
    blocks = [_pairs(block) for block in text.split("\n\n") if re.search(r"^processor\s*:", block, re.M)]
    threads = len(blocks) or None
    where: List[Tuple[Optional[str], Optional[str]]] = [(b.get("physical id"), b.get("core id")) for b in blocks]
    if any(core is None for _socket, core in where):
        base = "/sys/devices/system/cpu/"
        where = []
        for name in host.names(base):
            if re.match(r"cpu\d+$", name):
                topology = base + name + "/topology/"
                socket, core = host.read(topology + "physical_package_id"), host.read(topology + "core_id")
                if core is not None:
                    where.append((first_line(socket), first_line(core)))
    first = blocks[0] if blocks else {}
    nodes = [name for name in host.names("/sys/devices/system/node") if re.match(r"node\d+$", name)]
    return {
        "sockets": len({socket for socket, _core in where}) or None,
        "cores": len(set(where)) or threads,
        "threads": threads,
        "model": first.get("model name") or first.get("Hardware") or first.get("CPU implementer"),
        "vendor": first.get("vendor_id"),
        "flags": sorted((first.get("flags") or first.get("Features") or "").split()),
        "numa_nodes": len(nodes) or None,
    }


def _pairs(text: str) -> Dict[str, str]:
    values: Dict[str, str] = {}
    for line in text.splitlines():
        key, sign, value = line.partition(":")
        if sign:
            values.setdefault(key.strip(), value.strip())
    return values


def memory(host: Host) -> Dict[str, Optional[int]]:
    """{total_bytes, available_bytes, swap_bytes} from /proc/meminfo."""
    values = _pairs(host.read("/proc/meminfo") or "")

    def read_bytes(key: str) -> Optional[int]:
        found = number(values.get(key))
        return None if found is None else found * 1024

    return {
        "total_bytes": read_bytes("MemTotal"),
        "available_bytes": read_bytes("MemAvailable"),
        "swap_bytes": read_bytes("SwapTotal"),
    }


def boot(host: Host) -> Dict[str, Any]:
    """{efi, secure_boot, lockdown, cmdline, init, systemd}; `secure_boot` is None where the firmware does not tell."""
    efi = host.exists("/sys/firmware/efi")
    flag = host.read_bytes(SECURE_BOOT)
    secure: Optional[bool] = (flag[-1] == 1) if flag else (None if efi else False)
    lock = re.search(r"\[(\w+)\]", host.read("/sys/kernel/security/lockdown") or "")
    return {
        "efi": efi,
        "secure_boot": secure,
        "lockdown": lock.group(1) if lock else None,
        "cmdline": first_line(host.read("/proc/cmdline")) or "",
        "init": first_line(host.read("/proc/1/comm")),
        "systemd": host.exists("/run/systemd/system"),
    }


def version_key(text: str) -> List[Tuple[int, int, str]]:
    """A sort key for versions, numbers compared as numbers and the rest as text."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[^\d.+-]+", text)]


def kernels(host: Host) -> List[Dict[str, Any]]:
    """Installed kernels, oldest first: {version, headers, image}. `headers`: whether a module can be built for it."""
    found = []
    images = set(host.names("/boot"))
    names = host.names("/lib/modules")
    for version in sorted(names, key=version_key):
        base = "/lib/modules/" + version
        image = any(name + version in images for name in ("vmlinuz-", "vmlinux-", "Image-"))
        inside = host.names(base)
        if not image and not ({"vmlinuz", "kernel"} & set(inside)):
            continue
        headers = host.exists(base + "/build/Makefile") or host.exists(f"/usr/src/linux-headers-{version}/Makefile")
        found.append({"version": version, "headers": headers, "image": image})
    return found


def modules(host: Host) -> List[str]:
    """Names of the loaded kernel modules."""
    return sorted(line.split()[0] for line in (host.read("/proc/modules") or "").splitlines() if line.split())


def mounts(host: Host) -> List[Dict[str, Any]]:
    """File systems that hold files, by path.

    {path, device, fstype, size_bytes, available_bytes, inodes, inodes_available, read_only}; None for what is unknown.
    """
    found: Dict[str, Dict[str, Any]] = {}
    for line in (host.read("/proc/self/mountinfo") or "").splitlines():
        left, sign, right = line.partition(" - ")
        words, tail = left.split(), right.split()
        if not sign or len(words) < 6 or len(tail) < 2:
            continue
        fstype, path = tail[0], _unescape(words[4])
        if fstype in NOT_DISKS or any(within(place, path) for place in ("/proc", "/sys")):
            continue
        if path.startswith(("/dev/", "/var/lib/docker/overlay2/")):
            continue
        space = _space(host, path, fstype)
        found[path] = {
            "path": path,
            "device": _unescape(tail[1]),
            "fstype": fstype,
            "size_bytes": space.size if space else None,
            "available_bytes": space.available if space else None,
            "inodes": space.inodes if space else None,
            "inodes_available": space.inodes_available if space else None,
            "read_only": "ro" in words[5].split(",") or (len(tail) > 2 and "ro" in tail[2].split(",")),
        }
    return [found[path] for path in sorted(found)]


def _space(host: Host, path: str, fstype: str) -> Optional[Space]:
    """Remote file systems are asked by a command with a time limit, as statvfs hangs when their server is dead."""
    if not (fstype in REMOTE or fstype.startswith("fuse")):
        return host.space(path)
    answer = host.run(["stat", "-f", "-c", "%S %b %a %c %d", path], timeout=3)
    values = [number(word) for word in answer.out.split()] if answer and answer.rc == 0 else []
    if len(values) != 5 or None in values:
        return None
    unit, blocks, free, inodes, inodes_free = (int(value or 0) for value in values)
    return Space(unit * blocks, unit * free, inodes, inodes_free)


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def disks(host: Host) -> List[Dict[str, Any]]:
    """Whole disks: {name, size_bytes, rotational, model}."""
    found = []
    for name in host.names("/sys/block"):
        if re.match(r"(loop|ram|zram|sr|fd|dm-|md|nbd)", name):
            continue
        base = "/sys/block/" + name
        sectors = number(host.read(base + "/size"))
        if not sectors:
            continue
        spinning = number(host.read(base + "/queue/rotational"))
        found.append(
            {
                "name": name,
                "size_bytes": sectors * 512,
                "rotational": None if spinning is None else spinning == 1,
                "model": first_line(host.read(base + "/device/model")),
            }
        )
    return found


def clock(host: Host, epoch: float) -> Dict[str, Any]:
    """{epoch, synchronized, source}; `source` is the running unit that keeps the time."""
    source = None
    states = services(host, ("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec"))
    for name, state in states.items():
        if state["active"] == "active":
            source = name
            break
    synchronized = host.synchronized()  # not timedatectl, which would start a service
    if not synchronized and host.exists("/run/systemd/timesync/synchronized"):
        synchronized = True
    return {"epoch": epoch, "synchronized": synchronized, "source": source}


def services(host: Host, units: Tuple[str, ...] = UNITS) -> Dict[str, Dict[str, Optional[str]]]:
    """States of the units that exist, by the name that was asked for: {active, state, enabled, result, condition}."""
    if not host.exists("/run/systemd/system"):
        return {}
    names = [unit if "." in unit else unit + ".service" for unit in units]
    keys = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ConditionResult"
    answer = host.run(["systemctl", "show", keys, "--", *names], timeout=8)
    found: Dict[str, Dict[str, Optional[str]]] = {}
    blocks = answer.out.strip().split("\n\n") if answer and answer.rc == 0 else []
    for unit, block in zip(units, blocks):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if values.get("LoadState") in (None, "not-found"):
            continue
        found[unit] = {
            "active": values.get("ActiveState"),
            "state": values.get("SubState"),
            "enabled": values.get("UnitFileState") or None,
            "result": values.get("Result"),
            "condition": values.get("ConditionResult"),
        }
    return found


def own_units(host: Host) -> Tuple[str, ...]:
    """The appliance's own units that are installed."""
    return tuple(
        name[: -len(".service")]
        for name in host.names("/etc/systemd/system")
        if name.startswith("yitiji-") and name.endswith(".service")
    )


def packages(host: Host) -> Optional[List[Dict[str, Any]]]:
    """Installed packages that a node's health depends on; None when neither dpkg nor rpm answers."""

    def ask(command: List[str]) -> Optional[str]:
        answer = host.run(command, timeout=20)
        return answer.out if answer and answer.rc == 0 else None

    found = states.read(ask, lambda path: host.read(path) or "")
    return None if found is None else [row._asdict() for row in found if PACKAGES.match(row.name)]
