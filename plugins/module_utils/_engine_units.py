# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that run a plan's engine on one node, and how they are told apart from everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._service_unit import gpu_options

MARK = "X-Yitiji=engine"  # a line of [Unit] in every unit that runs an engine; systemd skips names with X-


def plan_units(plan: Dict[str, Any], host: str) -> List[Dict[str, Any]]:
    """One entry a unit; none for a node that the plan leaves out."""
    node = plan["nodes"].get(host)
    if node is None:
        return []
    service = plan["service"]
    url = "http://{}:{}".format(service["host"], service["port"])
    return [
        {
            "name": service["unit"],
            "port": service["port"],
            "url": url,
            "serves": bool(node["head"]),
            "rank": node["rank"],
            "gpus": list(node.get("gpus") or []),
            "args": list(node.get("args") or plan["args"]),
            "env": {**(plan.get("env") or {}), **(node.get("env") or {})},
        }
    ]


def marked(folder: str) -> List[str]:
    """Names of the units below a folder of unit files that run an engine, without `.service`."""
    found = []
    for path in sorted(Path(folder).glob("yitiji-*.service")):
        if MARK in path.read_text(encoding="utf-8").splitlines():
            found.append(path.name[: -len(".service")])
    return found


def engine_settings(plan: Dict[str, Any], unit: Dict[str, Any], role: Dict[str, Any]) -> Dict[str, Any]:
    """What `_service_unit.container` takes, from the plan, one of its units and the role's variables."""
    box = plan.get("container") or {}
    shared = box.get("network") == "host"  # nodes that compute together need each other's real addresses
    options: List[str] = []
    if plan["engine"]["device"] == "cuda":
        options += gpu_options(unit["gpus"] or box.get("gpus") or "all", role.get("gpu_mode", "runtime"))
        # Pinned host memory and NCCL need locked pages.
        options += ["--ulimit", "memlock=-1", "--ulimit", "stack=67108864"]
    return {
        "name": unit["name"],
        "image": role["image"],
        "user": role["user"],
        "network": "host" if shared else role["network"],
        "entrypoint": plan["image"]["entrypoint"] or role["command"],
        "args": unit["args"],
        # No passwd entry inside: libraries that ask for the user's name read USER.
        "env": {"HOME": "/tmp", "USER": unit["name"], **role["env"], **unit["env"]},  # noqa: S108
        "tmpfs": {"/tmp": role["tmp_options"]},  # noqa: S108
        "mounts": [{"source": role["models_dir"], "target": box.get("models_mount") or "/models", "read_only": True}],
        "ports": [] if shared else ["{0}:{1}:{1}".format(plan["service"]["host"], unit["port"])],
        "secrets": "{}/{}.env".format(role["secrets_dir"], unit["name"]) if plan["run"]["key_variable"] else "",
        "shm_bytes": box.get("shm_bytes") or 0,
        "options": options + [str(option) for option in role.get("options", [])],
    }
