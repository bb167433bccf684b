# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node on which every rule passes, and a way to spoil one thing in it."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context

GB = 10**9
GIB = 2**30
GONE = object()

CARD: dict[str, Any] = {
    "index": 0, "name": "NVIDIA H20", "vendor": "nvidia", "memory_bytes": 97871 * 2**20, "free_bytes": 97000 * 2**20,
    "compute_capability": "9.0", "pci_id": "10de:2329", "bus": "0000:0f:00.0", "uuid": "GPU-0", "nvlink": True,
    "architecture": "Hopper", "mig": False, "fabric": {"state": "Completed", "status": "Success"}, "ecc_errors": 0,
    "processes": [],
}  # fmt: skip
MOUNT = {"read_only": False, "inodes": 10**7, "inodes_available": 9 * 10**6}
UNIT: dict[str, Any] = {
    "load": "loaded", "active": "active", "sub": "running", "enabled": "enabled", "result": "success",
    "condition": True, "restarts": 0, "type": "simple", "restart": "always", "remains": False, "since": 9.0,
    "invocation": "a1",
}  # fmt: skip

HEALTHY: dict[str, Any] = {
    "node": {
        "schema": 1, "hostname": "gpu01", "uid": 0, "kernel": "6.1.0-40-amd64", "python": {"version": "3.11.2"},
        "os": {"id": "debian", "version": "12", "arch": "x86_64", "libc": "2.36", "cgroup": 2},
        "boot": {"systemd": True, "efi": True, "secure_boot": True, "enrolled_keys": ["DKMS module signing key"],
                 "cmdline": "quiet", "iommu": []},
        "kernels": [{"version": "6.1.0-40-amd64", "headers": True, "image": True}],
        "modules": ["nvidia", "nvidia_uvm", "ib_umad", "mlx5_ib"],
        "nouveau": {"loaded": False, "blacklisted": True,
                    "initramfs": {"file": "/boot/initrd.img-6.1.0-40-amd64", "nouveau": True, "guarded": True}},
        "kernel_log": ["NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.95.05"],
        "memory": {"total_bytes": 1024 * GIB, "available_bytes": 1000 * GIB, "swap_bytes": 0},
        "gpus": [dict(CARD, index=number, bus=f"0000:{number + 15:02x}:00.0") for number in range(2)],
        "nvidia": {
            "driver_version": "580.95.05", "cuda_version": "13.0", "module_version": "580.95.05",
            "installed_version": "580.95.05", "library_version": "580.95.05", "flavour": "open", "smi_error": None,
            "signer": "DKMS module signing key", "fabric_manager": "580.95.05", "unlinked": [],
            "devices": ["nvidia0", "nvidiactl", "nvidia-uvm"]},
        "nvswitch": True,
        "dkms": [{"module": "nvidia", "version": "580.95.05", "kernel": "6.1.0-40-amd64", "arch": "x86_64",
                  "state": "installed"}],
        "network": {
            "interfaces": [{"name": "bond0", "mtu": 9000, "up": True, "speed_mbps": 100000,
                            "addresses": ["10.0.0.11/24"]}],
            "hostname_addresses": ["10.0.0.11"],
            "rdma": [{"name": "mlx5_0", "ports": [{"port": 1, "state": "ACTIVE"}]}]},
        "mounts": [dict(MOUNT, path="/", device="/dev/sda2", fstype="ext4", size_bytes=900 * GB,
                        available_bytes=500 * GB),
                   dict(MOUNT, path="/srv", device="/dev/nvme0n1", fstype="xfs", size_bytes=3840 * GB,
                        available_bytes=3000 * GB)],
        "disks": [{"name": "sda", "rotational": False}, {"name": "nvme0n1", "rotational": False}],
        "clock": {"epoch": 0.0, "synchronized": True, "source": "chrony"},
        "listeners": [
            {"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd", "pid": 9, "unit": "ssh.service"},
            {"protocol": "tcp", "address": "0.0.0.0", "port": 443, "process": "nginx", "pid": 8,
             "unit": "nginx.service"},
            {"protocol": "tcp", "address": "127.0.0.1", "port": 8000, "process": "docker-proxy", "pid": 7,
             "unit": "docker.service", "container": "yitiji-vllm"}],
        "containers": {
            "docker": {"path": "/usr/bin/docker", "version": "26.1.5", "root": "/var/lib/docker", "snap": False,
                       "rootless": False, "running": True, "cgroup_driver": "systemd", "runtimes": ["nvidia", "runc"],
                       "daemon_json": {"path": "/etc/docker/daemon.json", "error": None, "data": {}},
                       "images": [{"ref": "vllm:1", "id": "sha256:aa", "digest": None}]},
            "cdi": ["nvidia.yaml"], "nvidia_ctk": "1.17.4"},
        "services": {
            "nvidia-fabricmanager": {"active": "active", "enabled": "enabled", "result": "success"},
            "yitiji-vllm": {"active": "active", "result": "success", "condition": "yes"},
            "yitiji-open-webui": {"active": "active", "result": "success"},
            "yitiji-ollama": {"active": "active", "result": "success"}},
        "packages": [{"name": "nvidia-driver", "version": "580.95.05-1", "held": True, "broken": False}],
    },
    "plan": {
        "schema": 2,
        "verdict": "fits",
        "model": {"id": "deepseek-ai/DeepSeek-R1", "path": "/srv/models/deepseek-ai/DeepSeek-R1", "bytes": 690 * GB},
        "engine": {"name": "vllm", "device": "cuda"},
        "image": {"ref": "vllm:1", "id": "sha256:aa", "digest": None, "min_driver": "580.65", "cuda": "13.0"},
        "cluster": {"ray_port": 6379},
        "gateways": {"address": "10.0.0.11", "nodes": {"gpu01": {}, "gpu02": {}}},
        "nodes": {"gpu01": {"rank": 0, "head": True, "gpus": [0, 1], "address": "10.0.0.11", "units": [
                      {"name": "yitiji-vllm", "serves": True, "port": 8000, "capacity": {"kv_tokens": 100000},
                       "args": ["--dtype", "bfloat16", "--quantization", "fp8"]}]},
                  "gpu02": {"rank": 1, "head": False, "gpus": [0, 1], "address": "10.0.0.12"}},
        "container": {"shm_bytes": 2 * GIB},
        "needs": {"disk_bytes": {"weights": 690 * GB, "images": 25 * GB}, "memory_bytes": 256 * GIB, "ports": [8000]},
    },
    "settings": {
        "distribution": {"name": "Debian 12", "ids": ["debian"], "versions": ["12"], "tested": "real"},
        "deployment": "demo", "source": "modelscope", "endpoint": "https://hub.example", "source_dir": "",
        "image_archives": [], "ports": {"engine": 8000, "chat": 8080, "https": 443, "http": 80}},
    "measures": {
        "reach": {"ok": True}, "paths": {}, "gateway_site": True, "firewall": True, "source": {"exists": None},
        "weights": {"exists": True, "stamp": False, "reason": "", "present_bytes": 0, "problems": [],
                    "checks": [{"folder": "/srv/models/x", "end": 1e9, "changed": []}]},
        "containers": {
            "yitiji-vllm": {"shm_bytes": 4 * GIB, "shm_available_bytes": 4 * GIB, "networks": ["yitiji"],
                            "infiniband": True, "memlock": -1, "environment": {}, "mounts": {}},
            "yitiji-open-webui": {
                "networks": ["yitiji"], "network_mode": "yitiji", "secrets_in_environment": [],
                "mounts": {"/app/backend/data": "/var/lib/yitiji/open-webui"},
                "environment": {"OPENAI_API_BASE_URLS": "http://yitiji-vllm:8000/v1", "OFFLINE_MODE": "true",
                                "HF_HUB_OFFLINE": "1", "ENABLE_PERSISTENT_CONFIG": "false"}}},
        "journals": {"yitiji-vllm": ["GPU KV cache size: 101,000 tokens", "NCCL INFO NET/IB : Using mlx5_0"]},
        "ollama": {"unit": "yitiji-ollama", "user": "ollama", "protect_home": "yes", "models_problem": "",
                   "environment": {"OLLAMA_MODELS": "/srv/ollama", "OLLAMA_CONTEXT_LENGTH": "8192"}},
        "ray": {"used": 4.0, "total": 4.0},
        "secrets": {"present": ["engine-key"], "open": [], "weak": []},
        "backup": {"limit": 3, "remote": True, "since": 90.0, "made": 0.4, "sent": 0.4, "rehearsed": 20.0,
                   "failed": {}},
        "audit": {"why": "", "problems": [], "records": 9000, "days": 180, "age": 180.4, "early": "", "used_mb": 900,
                  "share_mb": 20480, "free_mb": 90000, "reserve_mb": 256, "reserved": True},
        "filter": "http://127.0.0.1:8000",
        "config": {"path": "/etc/yitiji/doctor.json", "problem": {}},
        "units": {name: dict(UNIT) for name in ("yitiji-vllm.service", "yitiji-prometheus.service", "nginx.service",
                                                "yitiji-gateway-renew.timer", "yitiji-audit.service")},
        "certificate": {"path": "/etc/yitiji/tls/live.crt", "problem": "", "left": 300 * 86400.0},
        "addresses": {"yitiji-door.service": True},
        "packet_rules": {"tables": {"yitiji-firewall.service": True}, "docker": True},
        "database": {"path": "/var/lib/yitiji/open-webui/webui.db", "problem": "", "whole": True},
        "emptied": [],
        "drift": {"files": [], "images": [], "packages": []},
        "watch": {"installed": True, "fresh": True, "age": 12.0, "booting": False, "repairs": {}, "failed": 0},
        "answer": {"gateway": {"ok": True, "stage": "", "status": 200, "reason": "", "model": "r1", "seconds": 0.4},
                   "page": {"ok": True, "stage": "", "status": 200, "reason": "", "seconds": 0.1}},
        "net": {
            "own name": {"addresses": ["10.0.0.11"]},
            "hub name": {"name": "hub.example", "addresses": ["203.0.113.9"]},
            "hub": {"ok": True, "status": 200, "reason": "", "proxy": ""},
            "chat config": {"ok": True, "status": 200, "body": {"features": {"auth": True, "enable_signup": False}}},
            "yitiji-vllm without key": {"ok": True, "status": 401, "body": None},
            "peer gpu02": {"ok": True, "address": "10.0.0.12"}}},
    "peers": {
        "gpu02": {"kernel": "6.1.0-40-amd64", "nvidia": {"driver_version": "580.95.05"},
                  "containers": {"docker": {"version": "26.1.5"}},
                  "network": {"interfaces": [{"name": "bond0", "mtu": 9000, "addresses": ["10.0.0.12/24"]}]}}},
    "clock": {"earliest": -0.4, "latest": 0.3},
    "host": "gpu01",
}  # fmt: skip


def spoil(changes: dict[str, Any]) -> Context:
    """The healthy context with some places changed: keys are paths with dots, list items by number."""
    data = copy.deepcopy(HEALTHY)
    for path, value in changes.items():
        *parents, last = path.split("/")
        place: Any = data
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if value is GONE:
            del place[int(last) if isinstance(place, list) else last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return Context(**data)
