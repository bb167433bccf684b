# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a rule applies at all: the words that a rule may list under `needs`."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import installed, served, units
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context, Need


def gpus_of(context: Context, vendor: str = "") -> List[Dict[str, Any]]:
    return [gpu for gpu in context.node.get("gpus") or [] if not vendor or gpu.get("vendor") == vendor]


def plan_fits(context: Context) -> Optional[bool]:
    return bool(context.plan) and (context.plan or {}).get("verdict") != "refused"


def device(context: Context) -> str:
    return str(((context.plan or {}).get("engine") or {}).get("device") or "")


def docker_of(context: Context) -> Dict[str, Any]:
    found = (context.node.get("containers") or {}).get("docker")
    return found if isinstance(found, dict) else {}


def multi_node(context: Context) -> Optional[bool]:
    nodes = (context.plan or {}).get("nodes") or []
    return len(nodes) > 1


def nvlink5(context: Context) -> Optional[bool]:
    """Whether cards are linked by NVLink 5 (HGX B200, B300), whose switch is driven through InfiniBand.

    By their ids.
    """
    cards = gpus_of(context, "nvidia")
    return any(str(gpu.get("pci_id") or "").lower() in ("10de:2901", "10de:3182") for gpu in cards)


def unit_there(name: str) -> Need:
    def there(context: Context) -> Optional[bool]:
        return name in (context.node.get("services") or {})

    return there


def _weights(context: Context) -> Optional[bool]:
    state = context.measures.get("weights")
    return None if state is None else bool(state.get("exists"))


NEEDS: Dict[str, Need] = {
    "appliance": installed,
    "serving head": served,
    "plan": lambda context: bool(context.plan),
    "fitting plan": plan_fits,
    "nvidia": lambda context: bool(gpus_of(context, "nvidia")),
    "gpu plan": lambda context: device(context) in ("cuda", "npu", "rocm", "dcu"),
    "cuda plan": lambda context: device(context) == "cuda",
    "nvidia driver": lambda context: bool(context.node.get("nvidia")),
    "nvswitch": lambda context: context.node.get("nvswitch"),
    "nvlink5": nvlink5,
    "docker": lambda context: bool(docker_of(context)),
    "running docker": lambda context: bool(docker_of(context).get("running")),
    "multi node": multi_node,
    "two gateways": lambda context: context.host in ((context.plan or {}).get("gateways") or {}).get("nodes", {}),
    "computing together": lambda context: bool((context.plan or {}).get("cluster")),
    "dkms": lambda context: bool(context.node.get("dkms")),
    "weights": _weights,
    "audit": lambda context: context.measures.get("audit") is not None,
    "content filter": lambda context: bool(context.measures.get("filter")),
    "backup": lambda context: bool(context.measures.get("backup")),
    "backup elsewhere": lambda context: bool((context.measures.get("backup") or {}).get("remote")),
    "engine": lambda context: any(unit["name"] in (context.node.get("services") or {}) for unit in units(context)),
    "vllm": lambda context: any(name.startswith("yitiji-vllm") for name in context.node.get("services") or {}),
    "ollama": lambda context: (
        "ollama" in (context.node.get("services") or {}) or "yitiji-ollama" in (context.node.get("services") or {})
    ),
    "open webui": unit_there("yitiji-open-webui"),
    "secure boot": lambda context: (context.node.get("boot") or {}).get("secure_boot"),
    "rdma": lambda context: bool((context.node.get("network") or {}).get("rdma")),
}
