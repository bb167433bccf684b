# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps an installed driver from being loaded: kernels, Secure Boot, a reboot."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import bilingual
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import words as say

Node = Mapping[str, Any]


def installed_kernels(node: Node) -> List[str]:
    """Versions of the kernels on the node's disk, oldest first."""
    return [str(row["version"]) for row in node.get("kernels") or []]


def wanted_kernels(node: Node, given: List[str], builds: bool) -> List[str]:
    """Every kernel that may boot: those given, else all installed ones."""
    if given:
        return list(given)
    found = installed_kernels(node)
    running = str(node.get("kernel") or "")
    if builds and running not in found:
        raise say.foreign_kernel(running, found)
    return found


def secure_boot(node: Node, prebuilt: bool, mok: str, distribution: Mapping[str, Any]) -> Dict[str, Any]:
    """{on, verdict}; raises Refusal when a module built here could not be loaded."""
    boot = node.get("boot") or {}
    state = boot.get("secure_boot")
    if state is None and boot.get("efi"):
        return {"on": None, "verdict": "unknown"}
    if not state:
        return {"on": False, "verdict": "off"}
    if prebuilt:
        return {"on": True, "verdict": "signed"}
    keys = boot.get("enrolled_keys") or []
    if any(mok in key for key in keys):
        return {"on": True, "verdict": "enrolled"}
    if (node.get("nvidia") or {}).get("module_version"):
        return {"on": True, "verdict": "loaded"}
    raise say.secure_boot(mok, keys, distribution["mok"])


def reboot_reasons(node: Node, kernels: List[str], chosen: bool) -> List[Dict[str, str]]:
    """Why the node has to be rebooted before the driver can work; empty when it need not."""
    reasons = []
    if (node.get("nouveau") or {}).get("loaded"):
        reasons.append(bilingual("nouveau 已加载并占用显卡", "nouveau is loaded and holds the cards"))
    driver = node.get("nvidia") or {}
    loaded, installed = driver.get("module_version"), driver.get("installed_version")
    if loaded and installed and loaded != installed:
        reasons.append(
            bilingual(
                f"已加载的模块为 {loaded}，已安装的为 {installed}",
                f"the loaded module is {loaded}, the installed one {installed}",
            )
        )
    running = str(node.get("kernel") or "")
    if chosen and running in installed_kernels(node) and running not in kernels:
        reasons.append(
            bilingual(
                f"正在运行的内核 {running} 不在 nvidia_driver_kernels 中",
                f"the running kernel {running} is not among nvidia_driver_kernels",
            )
        )
    return reasons


def not_loaded(name: str, said: str, log: List[str]) -> Refusal:
    """Why modprobe failed, by its own message and the kernel's."""
    words = (said.strip().splitlines() or ["?"])[-1]
    if any(sign in line for line in [said, *log] for sign in ("Key was rejected", "Required key not available")):
        return Refusal("LLM224", name=name, words=words)
    return Refusal("LLM213", name=name, words=words)
