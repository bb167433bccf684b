# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of the driver plan: refusals and reasons, in English and Chinese."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, notice, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Bilingual, bilingual

REPOSITORY = say("the driver's source")


NO_CARDS = bilingual("没有 NVIDIA 显卡，无需驱动", "no NVIDIA card, so no driver is needed")


def kept(version: str) -> Bilingual:
    return bilingual(
        f"驱动 {version} 工作正常，且不是本角色安装的：保持不变（指定 nvidia_driver_branch 等变量则会更换）",
        f"driver {version} works and was not installed by this role: it stays "
        "(nvidia_driver_branch and the like change it)",
    )


def _list(words: Iterable[Any]) -> str:
    return ", ".join(str(word) for word in words) or "-"


def _refusal(rule: str, en: str, zh: str, fix_en: str, fix_zh: str) -> Refusal:
    return Refusal(rule, why=Text(en, zh), remedies=[Text(fix_en, fix_zh)])


def own_driver(version: str) -> Refusal:
    return _refusal(
        "LLM238",
        f"driver {version} is installed, but not from packages (NVIDIA's .run file): packages on top would break it.",
        f"已安装驱动 {version}，但不是软件包安装（NVIDIA 的 .run 文件）：再装软件包会破坏它。",
        "keep it with nvidia_driver_install: false, or remove it with `nvidia-uninstall` and run again.",
        "如需保留，请设置 nvidia_driver_install: false；或用 `nvidia-uninstall` 卸载后重新运行。",
    )


def unknown_cards(ids: List[str]) -> Refusal:
    return _refusal(
        "LLM218",
        f"the driver catalogue does not know the cards {_list(ids)}.",
        f"驱动型号库中没有这些显卡：{_list(ids)}。",
        "name their architecture in nvidia_driver_facts, or install the driver yourself and set "
        "nvidia_driver_install: false.",
        "请在 nvidia_driver_facts 中写明其架构；或自行安装驱动并设置 nvidia_driver_install: false。",
    )


def unknown_system(name: str, version: str, known: List[str]) -> Refusal:
    return _refusal(
        "LLM218",
        f"the driver catalogue does not know {name or 'this system'} {version} (it knows {_list(known)}).",
        f"驱动型号库中没有 {name or '该系统'} {version}（现有：{_list(known)}）。",
        "add it in a folder of appliance_catalog_dirs (drivers/*.yml), "
        "or install the driver yourself and set nvidia_driver_install: false.",
        "请在 appliance_catalog_dirs 的文件夹中添加（drivers/*.yml）；"
        "或自行安装驱动并设置 nvidia_driver_install: false。",
    )


def no_source(distribution: Mapping[str, Any]) -> Refusal:
    name = str(distribution["name"])
    return _refusal(
        "LLM218",
        f"{name} itself offers no NVIDIA driver.",
        f"{name} 自身没有 NVIDIA 驱动。",
        f"{REPOSITORY.en}.",
        f"{REPOSITORY.zh}。",
    )


def no_branch(families: List[str]) -> Refusal:
    return _refusal(
        "LLM218",
        f"no driver branch drives {_list(families)} together.",
        f"没有任何驱动分支能同时支持 {_list(families)}。",
        "put the cards into different nodes, or take the cards of one kind out.",
        "请将这些显卡分装到不同节点，或取出其中一类。",
    )


def mixed_cards(families: List[str]) -> Refusal:
    return _refusal(
        "LLM218",
        f"{_list(families)} in one node: Blackwell needs the open kernel module, "
        "cards before Turing the proprietary one.",
        f"同一节点有 {_list(families)}：Blackwell 只能用开源内核模块，Turing 之前的卡只能用闭源模块。",
        "put the cards into different nodes.",
        "请将这些显卡分装到不同节点。",
    )


def unknown_branch(wish: int, known: List[int]) -> Refusal:
    return _refusal(
        "LLM218",
        f"nvidia_driver_branch {wish} is not in the driver catalogue (there are {_list(known)}).",
        f"驱动型号库中没有分支 {wish}（现有：{_list(known)}）。",
        "set nvidia_driver_branch to one of them, or leave it empty.",
        "请将 nvidia_driver_branch 设为其中之一，或留空。",
    )


def wrong_branch(wish: int, families: List[str], fits: List[int]) -> Refusal:
    return _refusal(
        "LLM218",
        f"driver branch {wish} does not drive {_list(families)}.",
        f"驱动分支 {wish} 不支持 {_list(families)}。",
        f"set nvidia_driver_branch to one of {_list(fits)}, or leave it empty.",
        f"请将 nvidia_driver_branch 设为 {_list(fits)} 之一，或留空。",
    )


def branch_not_offered(wish: int, offered: List[int], source: str) -> Refusal:
    more = "" if source == "vendor" else f" or {REPOSITORY.en}"
    more_zh = "" if source == "vendor" else f"；或{REPOSITORY.zh}"
    return _refusal(
        "LLM218",
        f"the chosen source offers the branches {_list(offered)}, not {wish}.",
        f"所选软件源提供分支 {_list(offered)}，没有 {wish}。",
        f"leave nvidia_driver_branch empty{more}.",
        f"请将 nvidia_driver_branch 留空{more_zh}。",
    )


def source_too_old(families: List[str], fits: List[int], offered: List[int], source: str) -> Refusal:
    fix = REPOSITORY if source == "archive" else Text("add the branch to the catalogue", "请在目录中补充该分支")
    return _refusal(
        "LLM218",
        f"{_list(families)} need branch {_list(fits)}; the chosen source offers {_list(offered)}.",
        f"{_list(families)} 需要分支 {_list(fits)}，所选软件源只有 {_list(offered)}。",
        f"{fix.en}.",
        f"{fix.zh}。",
    )


def image_needs(minimum: str, choice: List[int], source: str) -> Refusal:
    remedies = [say("the driver's source")] if source == "archive" else []
    offered = say("offered for these cards", listed=_list(choice))
    image = say("engine_image")
    return Refusal("LLM209", image=image, wanted=minimum, driver=offered, remedies=[*remedies, say("an older image")])


def ended(numbers: List[int], rows: Mapping[int, Mapping[str, Any]], families: List[str]) -> Refusal:
    dates = _list(f"{n} ({rows[n]['until']})" for n in numbers)
    return _refusal(
        "LLM221",
        f"NVIDIA no longer supports any branch for {_list(families)} here: {dates}.",
        f"NVIDIA 已停止支持适用于 {_list(families)} 的全部分支：{dates}。",
        f"name one to use it anyway: nvidia_driver_branch: '{max(numbers)}'.",
        f"如仍要使用，请明确指定：nvidia_driver_branch: '{max(numbers)}'。",
    )


def end_of_support(row: Mapping[str, Any], source: str) -> Dict[str, Any]:
    en = f"NVIDIA's support of branch {row['branch']} ended in {row['until']}"
    zh = f"NVIDIA 对分支 {row['branch']} 的支持已于 {row['until']} 结束"
    if source == "archive":
        en, zh = en + "; only the distribution still mends it", zh + "；只有发行版仍在修补"
    return notice("LLM221", why=Text(en, zh))


def wrong_flavour(wish: str, families: List[str], able: List[str], branch: Mapping[str, Any]) -> Refusal:
    return _refusal(
        "LLM205",
        f"{_list(families)} can't run on the {wish} kernel module of branch {branch['branch']}.",
        f"{_list(families)} 不能使用分支 {branch['branch']} 的 {wish} 内核模块。",
        f"set nvidia_driver_flavour: {able[0] if able else 'auto'}.",
        f"请设置 nvidia_driver_flavour: {able[0] if able else 'auto'}。",
    )


def no_fabric_manager(distribution: Mapping[str, Any], source: str) -> Refusal:
    name = str(distribution["name"])
    where = "NVIDIA's repository" if source == "vendor" else name
    return _refusal(
        "LLM566",
        f"the node has NVSwitches, and {where} has no fabric manager (or subnet manager) for them.",
        f"节点有 NVSwitch，而 {where} 中没有所需的 Fabric Manager（或子网管理器）。",
        f"{REPOSITORY.en}.",
        f"{REPOSITORY.zh}。",
    )


def foreign_kernel(running: str, found: List[str]) -> Refusal:
    return _refusal(
        "LLM239",
        f"the running kernel {running} is not among the installed ones ({_list(found)}), "
        "so no module can be built for it.",
        f"正在运行的内核 {running} 不在已安装的内核（{_list(found)}）之中，无法为其构建模块。",
        "reboot into an installed kernel, install the running one as a package, "
        "or name the kernels to build for in nvidia_driver_kernels.",
        "请重启进入已安装的内核，或以软件包安装当前内核，或在 nvidia_driver_kernels 中指定要构建的内核。",
    )


def secure_boot(mok: str, keys: List[str], procedure: Mapping[str, str]) -> Refusal:
    certificate, make = procedure["certificate"], procedure["make"]
    return _refusal(
        "LLM202",
        f"Secure Boot is on, there are no signed packages of this driver, and no key '{mok}' is enrolled "
        f"(enrolled: {_list(keys)}): the kernel would refuse the module.",
        f"安全启动已开启，该驱动没有带签名的软件包，且未登记密钥 '{mok}'（已登记：{_list(keys)}）：内核会拒绝该模块。",
        "enrol the key that signs modules built here; it needs one visit to the console. "
        f"(1) make it: `mkdir -p {certificate.rpartition('/')[0]} && {make}`; "
        f"(2) `mokutil --import {certificate}` and choose a password; (3) reboot and, at the console (KVM, BMC), "
        "choose Enroll MOK -> Continue -> Yes, type the password; (4) `mokutil --list-enrolled` names the key; "
        "run again. "
        "Or decide yourself to switch Secure Boot off in the firmware: this role never does.",
        "请登记用于签名该节点模块的密钥，需到控制台操作一次。"
        f"(1) 生成密钥：`mkdir -p {certificate.rpartition('/')[0]} && {make}`；"
        f"(2) 执行 `mokutil --import {certificate}` 并设置口令；(3) 重启，在控制台（KVM、BMC）选择 "
        "Enroll MOK -> Continue -> Yes 并输入口令；(4) `mokutil --list-enrolled` 列出该密钥后重新运行。"
        "是否在固件中关闭安全启动由您决定，本角色绝不会关闭它。",
    )


def reasons(
    plan: Mapping[str, Any], branch: Mapping[str, Any], kinds: List[str], wishes: Mapping[str, Any]
) -> List[Bilingual]:
    """Why the plan is as it is."""
    families, flavour = _list(plan["families"]), plan["flavour"]
    lines = [
        bilingual(
            f"分支 {plan['branch']}（CUDA {branch['cuda']}，支持至 {branch['until']}）：支持 {families}",
            f"branch {plan['branch']} (CUDA {branch['cuda']}, supported until {branch['until']}): drives {families}",
        )
    ]
    if wishes["flavour"] != "auto":
        lines.append(
            bilingual(
                f"{flavour} 模块：由 nvidia_driver_flavour 指定", f"{flavour} module: set in nvidia_driver_flavour"
            )
        )
    elif len(kinds) == 1:
        lines.append(
            bilingual(f"{flavour} 模块：{families} 只能用它", f"{flavour} module: the only one for {families}")
        )
    else:
        lines.append(bilingual(f"{flavour} 模块：该分支首选", f"{flavour} module: the first choice in this branch"))
    if plan["fabric_manager"]:
        lines.append(bilingual("有 NVSwitch：安装 Fabric Manager", "NVSwitch is there: fabric manager"))
    if plan["nvlsm"]:
        lines.append(bilingual("NVLink 5：安装子网管理器 nvlsm", "NVLink 5: subnet manager nvlsm"))
    if not plan["dkms"]:
        lines.append(bilingual("使用发行版编译并签名的模块", "modules compiled and signed by the distribution"))
    return lines
