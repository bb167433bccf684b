# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that run a plan's engines on one node, and how they are recognised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.programs import PROGRAMS
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.container_unit import gpu_options

TMP = "/tmp"  # noqa: S108 - in the container, in memory of its own: nobody else writes there
CACHE = "/cache"  # in the container; on the node a folder of the unit's own
CLUSTER_KEY = "cluster-key"  # a secret that all nodes of a deployment share
GROUP = ["/usr/bin/python3", "-I", PROGRAMS["engine-group"].path]
RAY_YOUNG = 120  # seconds: a Ray that ended sooner never joined
RAY_STORE = 2**30  # the engine hardly uses it, and it must fit the container's shared memory
MARK = "X-Yitiji=engine"  # a line of [Unit] in every unit that runs an engine; systemd skips names with X-
PLACE = "X-Yitiji-Place="  # another one: as JSON, what it occupies


def _by_ray(plan: Dict[str, Any], unit: Dict[str, Any], command: List[str]) -> List[str]:
    """The command of a container that first joins Ray. Everything that Ray starts ends with the container."""
    cluster, node = plan["cluster"], unit["env"]["VLLM_HOST_IP"]
    head, port = cluster["head"], cluster["ray_port"]
    start = f"ray start --node-ip-address {node} --num-gpus {len(unit['gpus']) or 1} --disable-usage-stats"
    start += f" --object-store-memory {RAY_STORE}"
    if unit["serves"]:
        return ["/bin/sh", "-ec", f'{start} --head --port {port} --include-dashboard false; exec "$@"', "sh", *command]
    reach = f"import socket; socket.create_connection(('{head}', {port}), 5)"
    wait = f'until python3 -c "{reach}" 2>/dev/null; do sleep 1; done'
    # Ray gives the head 30 s to register; a slow head is waited for, not ended with all others.
    join = f"{start} --address {head}:{port} --block"
    tries = f"for try in 1 2 3 4 5; do began=$(date +%s); {join} || :; "
    tries += f"[ $(($(date +%s) - began)) -lt {RAY_YOUNG} ] || exit 1; sleep 1; done; exit 1"
    return ["/bin/sh", "-ec", f"{wait}; {tries}"]


def marked(folder: str) -> List[str]:
    """Names of the units below a folder of unit files that run an engine, without `.service`."""
    found = []
    for path in sorted(Path(folder).glob("yitiji-*.service")):
        if MARK in path.read_text(encoding="utf-8").splitlines():
            found.append(path.name[: -len(".service")])
    return found


def rolling(folder: str, planned: List[Dict[str, Any]], totals: Mapping[str, Mapping[str, Any]]) -> List[str]:
    """Those of a node's planned units that may restart one after another: copies of a model, each where it was.

    `totals` of the plan counts copies on other nodes too. None where a card, a device, a port or a model's name goes
    from one unit to another: they restart at once.
    """
    if set(marked(folder)) != {unit["name"] for unit in planned}:
        return []
    models = [unit["model"]["served_name"] for unit in planned]
    for unit, model in zip(planned, models):
        lines = Path(folder, unit["name"] + ".service").read_text(encoding="utf-8").splitlines()
        place = json.dumps([unit["gpus"], unit["devices"], unit["port"], model])
        if PLACE + place not in lines:
            return []
    copies = {model: (totals.get(model) or {}).get("engines", 1) for model in models}
    return [unit["name"] for unit, model in zip(planned, models) if unit["serves"] and copies[model] > 1]


def engine_settings(plan: Dict[str, Any], unit: Dict[str, Any], role: Dict[str, Any]) -> Dict[str, Any]:
    """What `container_unit.container` takes: from the plan, one of its units and the role's variables."""
    box = plan.get("container") or {}
    shared = box.get("network") == "host"  # nodes that compute together need each other's real addresses
    options: List[str] = []
    if plan["engine"]["device"] == "cuda":
        options += gpu_options(unit["gpus"] or "all", role.get("gpu_mode", "runtime"))
        # Pinned host memory and NCCL need locked pages.
        options += ["--ulimit", "memlock=-1", "--ulimit", "stack=67108864"]
    options += [word for device in unit["devices"] for word in ("--device", device)]
    cluster = plan.get("cluster") or {}
    command = [str(word) for word in (plan["image"]["entrypoint"] or role["command"])] + unit["args"]
    if cluster.get("ray_port"):
        command = _by_ray(plan, unit, command)
        options += ["--init"]  # reaps what Ray leaves
    mounts = [{"source": role["models_dir"], "target": box.get("models_mount") or "/models", "read_only": True}]
    if plan["run"].get("cache_variable"):
        mounts.append({"source": "{}/{}".format(role["cache_dir"], unit["name"]), "target": CACHE})
    group = [*GROUP, "--token-file", role["secrets_dir"] + "/" + CLUSTER_KEY]
    group += ["--container", unit["name"], *unit["group"], "--"]
    return {
        "group": group if unit["group"] else [],
        "name": unit["name"],
        "image": role["image"],
        "user": role["user"],
        "network": "host" if shared else role["network"],
        "entrypoint": [],
        "args": command,
        # No passwd entry inside: libraries that ask for the user's name read USER.
        "env": {"HOME": TMP, "USER": unit["name"], **role["env"], **unit["env"]},
        "tmpfs": {TMP: role["tmp_options"]},
        "mounts": mounts,
        "ports": [] if shared else ["{}:{}".format(unit["url"].split("//", 1)[1], unit["port"])],
        "secrets": "{}/{}.env".format(role["secrets_dir"], unit["name"]) if plan["run"]["secrets"] else "",
        "shm_bytes": box.get("shm_bytes") or 0,
        "limits": role.get("limits") or {},
        "options": options + [str(option) for option in role.get("options", [])],
    }
