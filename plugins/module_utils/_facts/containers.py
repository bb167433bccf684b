# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of container engines: Docker, its configuration and what runs in it; Podman and containerd by name."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, first_line
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import docker_flags, image_names

DAEMON = "/etc/docker/daemon.json"
SHOWN = ("data-root", "registry-mirrors", "insecure-registries", "exec-opts", "log-driver", "log-opts",
         "default-runtime", "features", "userland-proxy", "live-restore", "storage-driver", "bip", "mtu")  # fmt: skip


def containers(host: Host) -> Dict[str, Any]:
    """What runs containers: {docker, podman, containerd, nvidia_ctk, cdi}; None for what is not installed."""
    return {
        "docker": docker(host),
        "podman": _version(host, "podman"),
        "containerd": _version(host, "containerd"),
        "nvidia_ctk": _version(host, "nvidia-ctk"),
        "cdi": [name for folder in ("/etc/cdi", "/var/run/cdi") for name in host.names(folder)],
    }


def _version(host: Host, name: str) -> Optional[str]:
    answer = host.run([name, "--version"], timeout=5) if host.which(name) else None
    match = re.search(r"\d+\.\d+[\w.+~-]*", answer.out) if answer and answer.rc == 0 else None
    return match.group(0) if match else None


def docker(host: Host) -> Optional[Dict[str, Any]]:
    """Docker as it answers, with its containers and images; None when there is no docker command.

    Never fails: a daemon that does not answer is `running: false`.
    """
    path = host.which("docker")
    if path is None:
        return None
    real = host.resolve(path)
    daemon = {**daemon_json(host), "clashes": clashes(host)}
    info = _json(host, ["docker", "info", "--format", "{{json .}}"], 10)
    running = bool(info and info.get("ServerVersion"))
    info = info or {}
    security = " ".join(map(str, info.get("SecurityOptions") or []))
    rootless = "name=rootless" in security
    if not running and not host.exists("/usr/bin/dockerd") and not host.exists("/usr/sbin/dockerd"):
        rootless = any(
            name.isdigit() and host.exists(f"/run/user/{name}/docker.sock") for name in host.names("/run/user")
        )
    data_root = (daemon["data"] or {}).get("data-root")
    return {
        "path": path,
        "version": info.get("ServerVersion") or _version(host, "docker"),
        "root": info.get("DockerRootDir") or data_root or "/var/lib/docker",
        "snap": real == "/usr/bin/snap"
        or within("/snap", path)
        or any(within(root, real) for root in ("/snap", "/var/lib/snapd")),
        "rootless": rootless,
        "running": running,
        "storage": info.get("Driver"),
        "cgroup_driver": info.get("CgroupDriver"),
        "cgroup_version": info.get("CgroupVersion"),
        "runtimes": sorted(info.get("Runtimes") or {}),
        "proxies": {key: bool(info.get(key)) for key in ("HttpProxy", "HttpsProxy", "NoProxy")},
        "daemon_json": daemon,
        "containers": ps(host) if running else [],
        "images": images(host, str(info.get("DockerRootDir") or data_root or "/var/lib/docker")) if running else [],
    }


def _json(host: Host, argv: List[str], timeout: float) -> Optional[Dict[str, Any]]:
    answer = host.run(argv, timeout=timeout)
    try:
        found = json.loads(answer.out) if answer and answer.out.strip() else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def daemon_json(host: Host) -> Dict[str, Any]:
    """Docker's daemon.json: {path, present, error, data}, without what may hold a secret.

    `error` says where it is not a JSON object; `data` is None then.
    """
    text = host.read(DAEMON)
    if text is None:
        return {"path": DAEMON, "present": False, "error": None, "data": {}}
    try:
        data = json.loads(text) if text.strip() else {}
    except ValueError as error:
        return {"path": DAEMON, "present": True, "error": str(error), "data": None}
    if not isinstance(data, dict):
        return {"path": DAEMON, "present": True, "error": "not a JSON object", "data": None}
    shown = {key: _clean(data[key]) for key in SHOWN if key in data}
    shown["runtimes"] = sorted(data.get("runtimes") or {})
    return {"path": DAEMON, "present": True, "error": None, "data": shown}


def clashes(host: Host) -> List[Dict[str, str]]:
    """Options that stand in daemon.json and on the command line of docker.service: {option, flag, file}."""
    said = host.run(docker_flags.QUESTION, timeout=8)
    live = docker_flags.loaded(host.read(DAEMON) or "")
    if not (said and said.rc == 0 and live):
        return []
    start = docker_flags.started(said.out, host.read, host.names)
    return [dict(clash._asdict()) for clash in docker_flags.clashes(live, start, host.read)]


def _clean(value: Any) -> Any:
    """An address without the user name and password in it."""
    if isinstance(value, str):
        return re.sub(r"(?<=//)[^/@\s]+@", "", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value


def ps(host: Host) -> List[Dict[str, Any]]:
    """Running containers with the host ports they publish."""
    answer = host.run(["docker", "ps", "--no-trunc", "--format", "{{json .}}"], timeout=10)
    found = []
    for line in answer.out.splitlines() if answer and answer.rc == 0 else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        ports = [
            {"address": address, "port": port}
            for address, first, last in re.findall(
                r"([\d.]+|\[?[0-9a-f:]+\]?):(\d+)(?:-(\d+))?->", row.get("Ports") or ""
            )
            for port in range(int(first), int(last or first) + 1)
        ]
        found.append(
            {
                "name": row.get("Names"),
                "id": row.get("ID"),
                "image": row.get("Image"),
                "status": row.get("Status"),
                "ports": ports,
            }
        )
    return found


def images(host: Host, root: str) -> List[Dict[str, Any]]:
    """Images that are loaded: {ref, id, digest}, and `also` where other digests mean the same image."""
    same = image_names.groups(host.read(image_names.PATH) or "")
    answer = host.run(
        ["docker", "images", "--no-trunc", "--digests", "--format", "{{.Repository}}:{{.Tag}}\t{{.ID}}\t{{.Digest}}"],
        timeout=10,
    )
    found = []
    for line in answer.out.splitlines() if answer and answer.rc == 0 else []:
        words = line.split("\t")
        if len(words) == 3:
            ref, identity, digest = words
            also = image_names.others(same, identity) + image_names.configurations(identity, root, host.read)
            row = {"ref": ref, "id": identity, "digest": digest if digest.startswith("sha256:") else None}
            found.append({**row, "also": sorted(set(also))} if also else row)
    return found


def container_of(listener: Dict[str, Any], running: List[Dict[str, Any]]) -> Optional[str]:
    """The container behind a listener: on the node's own network, or behind docker-proxy for a published port.

    None for none.
    """
    for item in running:
        if item["id"] and item["id"] in str(listener.get("unit") or ""):
            return str(item["name"])
    if first_line(listener.get("process")) != "docker-proxy":
        return None
    for item in running:
        if any(port["port"] == listener["port"] for port in item["ports"]):
            return str(item["name"])
    return None
