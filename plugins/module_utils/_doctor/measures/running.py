# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the appliance's own containers and units look like from outside; nothing is run in them."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import by_ray, units
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, number

RAY_STATUS = ". /run/yitiji/secret.env; exec ray status"  # the token is in the file that the engine read
PREFIX = "yitiji-"
# Only these settings leave the node; a container's environment may hold secrets.
SHOWN = (
    "OPENAI_API_BASE_URL", "OPENAI_API_BASE_URLS", "OLLAMA_BASE_URL", "OFFLINE_MODE", "HF_HUB_OFFLINE", "WEBUI_AUTH",
    "ENABLE_PERSISTENT_CONFIG", "ENABLE_SIGNUP", "VLLM_HOST_IP", "NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME",
    "OLLAMA_HOST", "OLLAMA_MODELS", "OLLAMA_CONTEXT_LENGTH", "OLLAMA_KEEP_ALIVE", "OLLAMA_ORIGINS",
)  # fmt: skip
SECRETS = ("WEBUI_SECRET_KEY", "VLLM_API_KEY", "OPENAI_API_KEY", "OPENAI_API_KEYS", "WEBUI_ADMIN_PASSWORD")
# Lines of the engine's journal that a rule looks at.
TELLING = re.compile(
    r"KV cache size: [\d,]+ tokens|Maximum concurrency|Error 80[234]|error 80[234]|NET/(IB|Socket)|No space left|"
    r"no compatible GPUs|Insufficient space in /dev/shm|CUDA out of memory|Failed to initialize NVML|placement group|"
    r"incomplete metadata|HeaderTooLarge|Engine core initialization failed|ConditionPathExists"
)


def containers(host: Host, context: Context) -> Dict[str, Dict[str, Any]]:
    """Our running containers by name, with what their processes see."""
    docker = (context.node.get("containers") or {}).get("docker") or {}
    names = [str(item["name"]) for item in docker.get("containers") or [] if str(item["name"]).startswith(PREFIX)]
    if not names:
        return {}
    answer = host.run(["docker", "inspect", *names], timeout=10)
    try:
        rows = json.loads(answer.out) if answer and answer.out.strip() else []
    except ValueError:
        rows = []
    return {str(row.get("Name", "")).lstrip("/"): _container(host, row) for row in rows if isinstance(row, dict)}


def _container(host: Host, row: Dict[str, Any]) -> Dict[str, Any]:
    settings = row.get("HostConfig") or {}
    config = row.get("Config") or {}
    pid = (row.get("State") or {}).get("Pid") or 0
    environment = dict(str(item).partition("=")[::2] for item in config.get("Env") or [])
    root = f"/proc/{pid}/root"
    shm = host.space(root + "/dev/shm") if pid else None  # noqa: S108 - its size is read through /proc; nothing is written there
    return {
        "image": row.get("Image"),
        "user": config.get("User"),
        "privileged": bool(settings.get("Privileged")),
        "read_only": bool(settings.get("ReadonlyRootfs")),
        "networks": sorted((row.get("NetworkSettings") or {}).get("Networks") or {}),
        "network_mode": settings.get("NetworkMode"),
        "environment": {key: environment[key] for key in SHOWN if key in environment},
        "secrets_in_environment": [key for key in SECRETS if environment.get(key)],
        "mounts": {str(m.get("Destination")): str(m.get("Source")) for m in row.get("Mounts") or []},
        "shm_bytes": shm.size if shm else None,
        "shm_available_bytes": shm.available if shm else None,
        "memlock": memlock(host.read(f"/proc/{pid}/limits")) if pid else None,
        "infiniband": host.exists(root + "/dev/infiniband") if pid else None,
        "gpus": host.exists(root + "/dev/nvidiactl") if pid else None,
        "gpu_driver": gpu_driver(settings),
    }


def gpu_driver(settings: Dict[str, Any]) -> Optional[str]:
    """How Docker gave the cards to a container: `cdi`, `nvidia` (by the runtime's hook), None without cards."""
    for request in settings.get("DeviceRequests") or []:
        if request.get("Driver") == "cdi":
            return "cdi"
        if request.get("Driver") == "nvidia" or "gpu" in str(request.get("Capabilities")):
            return "nvidia"
    return "nvidia" if settings.get("Runtime") == "nvidia" else None


def memlock(text: Optional[str]) -> Optional[int]:
    """Bytes that a process may lock; -1: unlimited."""
    match = re.search(r"^Max locked memory\s+(\S+)", text or "", re.MULTILINE)
    if not match:
        return None
    return -1 if match.group(1) == "unlimited" else number(match.group(1))


def journal(host: Host, unit: str) -> Optional[List[str]]:
    """Lines of a unit's journal since the boot that a rule looks for; None where there is no journal."""
    answer = host.run(["journalctl", "-u", unit, "-b", "-n", "4000", "-o", "cat", "--no-pager"], timeout=8)
    if not answer or answer.rc != 0:
        return None
    return [line[:300] for line in answer.out.splitlines() if TELLING.search(line)][-40:]


def ollama(host: Host, context: Context) -> Optional[Dict[str, Any]]:
    """User and settings of Ollama's unit."""
    services = context.node.get("services") or {}
    unit = next((name for name in ("yitiji-ollama", "ollama") if name in services), None)
    if unit is None:
        return None
    answer = host.run(["systemctl", "show", unit + ".service", "--property=Environment,User,ProtectHome"], timeout=5)
    values = dict(line.partition("=")[::2] for line in (answer.out if answer else "").splitlines())
    environment = dict(word.partition("=")[::2] for word in values.get("Environment", "").split())
    models = environment.get("OLLAMA_MODELS", "")
    return {
        "unit": unit,
        "user": values.get("User") or "root",
        "protect_home": values.get("ProtectHome"),
        "environment": {key: value for key, value in environment.items() if key in SHOWN},
        "models_problem": _writable(host, models, values.get("User") or "root") if models else None,
    }


def _writable(host: Host, path: str, user: str) -> str:
    """Why a user can't write to a folder; empty where it can. Asked as that user, by `test`."""
    if user == "root":
        return "" if host.exists(path) else f"{path} does not exist"
    for part in _parents(path):
        if not host.exists(part):
            return f"{part} does not exist"
        flag = "-w" if part == path else "-x"
        answer = host.run(["runuser", "-u", user, "--", "test", flag, part], timeout=5)
        if answer is None:
            return "?"
        if answer.rc != 0:
            return f"{user} has no {'write' if flag == '-w' else 'search'} permission on {part}"
    return ""


def _parents(path: str) -> List[str]:
    parts = [part for part in path.split("/") if part]
    return ["/" + "/".join(parts[: count + 1]) for count in range(len(parts))]


def firewall(host: Host) -> Optional[bool]:
    """Whether a filter of the appliance is loaded; None when nft can't be asked."""
    answer = host.run(["nft", "list", "tables"], timeout=5)
    return "yitiji" in answer.out if answer and answer.rc == 0 else None


def ray(host: Host, context: Context) -> Optional[Dict[str, float]]:
    """GPUs that Ray counts on the head; None where the plan does not use Ray or nothing answers."""
    if not by_ray(context):
        return None
    answer = host.run(["docker", "exec", str(units(context)[0]["name"]), "/bin/sh", "-c", RAY_STATUS], timeout=15)
    return ray_gpus(answer.out) if answer and answer.rc == 0 else None


def ray_gpus(text: str) -> Optional[Dict[str, float]]:
    """The counts in `8.0/16.0 GPU` of `ray status`; without such a line Ray sees none."""
    match = re.search(r"([\d.]+)/([\d.]+) GPU", text)
    if match:
        return {"used": float(match.group(1)), "total": float(match.group(2))}
    return {"used": 0.0, "total": 0.0} if "Resources" in text else None
