# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks share: sizes as text, the file system behind a path, the owner of a listener."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, Iterable, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import has_gateway
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Context,
    Finding,
)

STATE_DIR = "/var/lib/yitiji"
WORST = (FAIL, WARN, UNKNOWN, PASS, SKIP)
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "9p", "fuse")
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - addresses of open sockets are compared with it; nothing is bound
# Reasons that others give in English.
REASONS = (
    ("no such file on the node", "节点上没有该文件"),
    ("the name does not resolve", "域名无法解析"),
    ("timed out", "超时"),
    ("Connection refused", "连接被拒绝"),
    ("No route to host", "没有路由"),
    ("Network is unreachable", "网络不可达"),
    ("not asked", "未查询"),
    ("there is no manifest", "没有清单"),
    ("there is no stamp", "没有校验标记"),
    ("changed since it was verified", "校验之后发生了变化"),
    ("the stamp is of another manifest", "校验标记与清单不符"),
)


def chinese(reason: object) -> str:
    """A reason with its known parts in Chinese; the rest stays as it is."""
    text = str(reason)
    for english, translated in REASONS:
        text = text.replace(english, translated)
    return text


def mount_of(context: Context, path: str) -> Optional[Dict[str, Any]]:
    """The file system that holds a path, which need not exist yet; links that exist were resolved on the node."""
    real = str((context.measures.get("paths") or {}).get(path, path))
    best: Optional[Dict[str, Any]] = None
    for mount in context.node.get("mounts") or []:
        if within(str(mount["path"]), real) and (best is None or len(mount["path"]) >= len(best["path"])):
            best = mount
    return best


def model_of(context: Context) -> Dict[str, Any]:
    found = (context.plan or {}).get("model")
    return found if isinstance(found, dict) else {}


def models_of(context: Context) -> List[Dict[str, Any]]:
    """Every model of the plan that lies in a folder."""
    found = [model_of(context), *((context.plan or {}).get("models_beside") or [])]
    return [model for model in found if model.get("path")]


def node_row(context: Context) -> Dict[str, Any]:
    """The plan's entry for this node; {} where there is none."""
    nodes: Dict[str, Any] = (context.plan or {}).get("nodes") or {}
    found = nodes.get(context.host) or nodes.get(str(context.node.get("hostname"))) or {}
    return found if isinstance(found, dict) else {}


def units(context: Context) -> List[Dict[str, Any]]:
    """The engines of this node, each a unit and a container of the same name; without a plan, the usual one."""
    return list(node_row(context).get("units") or [{"name": "yitiji-vllm", "serves": True}])


def engine_ports(context: Context) -> List[int]:
    """Where the engines of this node answer."""
    given = (context.settings.get("ports") or {}).get("engine")
    return [int(port) for port in (unit.get("port") or given for unit in units(context)) if port]


def each_unit(context: Context, check: Callable[[Context, Dict[str, Any]], Finding]) -> Finding:
    """One check of every engine on the node; the worst result counts and, of several engines, names its own."""
    found = [(str(unit["name"]), check(context, unit)) for unit in units(context)]
    status = min((finding.status for _name, finding in found), key=WORST.index)
    same = [(name, finding) for name, finding in found if finding.status == status]
    if len(found) == 1:
        return same[0][1]
    en = "; ".join(f"{name}: {finding.en}" for name, finding in same)
    zh = "；".join(f"{name}：{finding.zh}" for name, finding in same)
    return dataclasses.replace(same[0][1], en=en, zh=zh)


def installed(context: Context) -> bool:
    """Whether anything of the appliance is on this node: a unit of its own, or the gateway's site."""
    own = any(name.startswith("yitiji-") for name in context.node.get("services") or {})
    return own or bool(context.measures.get("gateway_site"))


def served(context: Context) -> bool:
    """Whether users reach this node: the head of the plan, a second gateway, or a node whose plan is lost."""
    known = bool(node_row(context).get("head", True)) or has_gateway(context.plan or {}, context.host)
    return installed(context) and known


def by_ray(context: Context) -> bool:
    """Whether the plan lets the nodes compute together by Ray."""
    return bool(((context.plan or {}).get("cluster") or {}).get("ray_port"))


def of_engine(context: Context, listener: Dict[str, Any]) -> bool:
    names = tuple(str(unit["name"]) for unit in units(context))
    return str(listener.get("unit") or "").startswith(names) or str(listener.get("container") or "").startswith(names)


def weights_dir(context: Context) -> str:
    return str(model_of(context).get("path") or context.settings.get("weights_dir") or "/srv/models")


def weights_done(context: Context) -> bool:
    """Whether the stamp of this model stands."""
    return bool((context.measures.get("weights") or {}).get("stamp"))


def journal(context: Context, unit: Dict[str, Any]) -> Optional[List[str]]:
    """Telling lines of a unit's journal; None when it could not be read."""
    found = (context.measures.get("journals") or {}).get(str(unit["name"]))
    return list(found) if found is not None else None


def service(context: Context, name: str) -> Optional[Dict[str, Any]]:
    found = (context.node.get("services") or {}).get(name)
    return found if isinstance(found, dict) else None


def ours(context: Context, listener: Dict[str, Any]) -> bool:
    """Whether a listener is the appliance's own: its unit, its container, or nginx where the gateway's site is."""
    unit = str(listener.get("unit") or "")
    container = str(listener.get("container") or "")
    if unit.startswith("yitiji-") or container.startswith("yitiji-"):
        return True
    return unit == "nginx.service" and bool(context.measures.get("gateway_site"))


def owner(listener: Dict[str, Any]) -> str:
    """Who listens, as far as it is known."""
    parts = [
        str(listener[key])
        for key in ("process", "unit", "container")
        if listener.get(key) and listener.get(key) != "docker-proxy"
    ]
    if not parts and listener.get("process"):
        parts = [str(listener["process"])]
    pid = f" pid {listener['pid']}" if listener.get("pid") else ""
    return (" ".join(dict.fromkeys(parts)) + pid).strip() or "?"


def loaded(context: Context, image: Dict[str, Any]) -> Optional[bool]:
    """Whether an image of the plan is on the node; None where Docker can't be asked."""
    docker = (context.node.get("containers") or {}).get("docker")
    if not docker:
        return False
    if not docker.get("running"):
        return None
    wanted = [image.get(key) for key in ("id", "digest") if image.get(key)]
    for item in docker.get("images") or []:
        if any(value in (item.get("id"), item.get("digest"), *(item.get("also") or [])) for value in wanted):
            return True
        if not wanted and item.get("ref") == image.get("ref"):
            return True
    return False


def images_of(plan: Optional[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """All images of a plan, each once."""
    plan = plan or {}
    found: List[Dict[str, Any]] = []
    rows: Iterable[Any] = [*(plan.get("images") or []), plan.get("image"), (plan.get("chat") or {}).get("image")]
    if isinstance(plan.get("images"), dict):
        rows = [*plan["images"].values(), plan.get("image")]
    for image in rows:
        if isinstance(image, dict) and image.get("ref") and image["ref"] not in [i["ref"] for i in found]:
            found.append(image)
    return found
