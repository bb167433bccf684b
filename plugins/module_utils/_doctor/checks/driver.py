# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the NVIDIA driver: modules, keys, versions, fabric (LLM2xx)."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import service
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import gpus_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.system import version_key

OPEN_ONLY = ("Blackwell",)
CLOSED_ONLY = ("Maxwell", "Pascal", "Volta")
LAST_CLOSED_BRANCH = 580  # newest branch that still drives Maxwell, Pascal and Volta
# insmod says the first two, the kernel's own log the others; none of them names the module
REJECTED = re.compile(r"Key was rejected|Required key|Loading of .* is rejected|module loading is restricted")
NVLINK5_MODULES = ("ib_umad", "mlx5_ib")


def driver_of(context: Context) -> Dict[str, Any]:
    return context.node.get("nvidia") or {}


def upstream(version: Optional[str]) -> str:
    """`535.129.03` from a package's version such as `2:535.129.03-1~deb12u1`."""
    match = re.search(r"(?:^|:)(\d+\.\d+[\d.]*)", version or "")
    return match.group(1).rstrip(".") if match else ""


def nouveau(context: Context) -> Finding:
    found = context.node.get("nouveau")
    if not found:
        return unknown("the loaded modules are not known", "无法得知已加载的内核模块")
    if context.settings.get("installs_driver"):
        return skipped(
            "the driver's role keeps nouveau away and reboots where it may", "驱动角色会禁用 nouveau，并在允许时重启"
        )
    if found.get("loaded"):
        return failed("the module nouveau is loaded and holds the cards", "nouveau 模块已加载并占用显卡")
    image = found.get("initramfs") or {}
    line = str((context.node.get("boot") or {}).get("cmdline") or "")
    if context.node.get("nvidia") and image and not re.search(r"blacklist=\S*nouveau|nouveau\.modeset=0", line):
        where = image["file"]
        if image["nouveau"] is None:
            return unknown(f"can't look into {where}", f"无法查看 {where} 的内容")
        if image["nouveau"] and not image["guarded"]:
            return failed(
                f"{where} holds nouveau and not its blacklist: it takes the cards at the next boot",
                f"{where} 中有 nouveau 却没有禁用项：下次启动会抢占显卡",
            )
    if found.get("available") is False and not found.get("blacklisted"):
        return passed("the running kernel has no nouveau", "运行中的内核没有 nouveau 模块")
    if not found.get("blacklisted") and context.node.get("nvidia"):
        return warned("nouveau is not loaded, but nothing keeps it from it", "nouveau 未加载，但没有被禁用")
    return passed("nouveau is not loaded", "nouveau 未加载")


def secure_boot(context: Context) -> Finding:
    driver = driver_of(context)
    if driver.get("module_version"):
        return passed("Secure Boot is on and the driver is loaded", "安全启动已开启，驱动已加载")
    if any(REJECTED.search(line) for line in context.node.get("kernel_log") or []):
        return failed("the kernel refused a module for its signature", "内核因签名拒绝了模块")
    if not driver.get("installed_version"):
        return warned("Secure Boot is on: only a signed driver will load", "已开启安全启动：只有签名的驱动才能加载")
    signer = driver.get("signer")
    if not signer:
        return failed("Secure Boot is on and the driver's module is not signed", "安全启动已开启，而驱动模块没有签名")
    keys = (context.node.get("boot") or {}).get("enrolled_keys")
    if keys is None:
        return unknown(f"can't tell whether the key of {signer} is enrolled", f"无法判断 {signer} 的密钥是否已登记")
    if not any(signer in key or key in signer for key in keys):
        return failed(
            f"the module is signed by {signer}, whose key is not enrolled", f"模块由 {signer} 签名，其密钥未登记"
        )
    return warned("the key is enrolled, but the module is not loaded", "密钥已登记，但模块未加载")


def versions(context: Context) -> Finding:
    driver = driver_of(context)
    parts = {
        "loaded module": driver.get("module_version"),
        "installed module": driver.get("installed_version"),
        "library": driver.get("library_version"),
    }
    known = {key: str(value) for key, value in parts.items() if value}
    text = ", ".join(f"{key} {value}" for key, value in known.items())
    if "version mismatch" in str(driver.get("smi_error") or "").lower() or len(set(known.values())) > 1:
        return failed(
            f"versions differ: {text or driver.get('smi_error')}", f"版本不一致：{text or driver.get('smi_error')}"
        )
    if len(known) < 2:
        return unknown(f"too little is known of the driver ({text or 'nothing'})", f"驱动信息不足（{text or '无'}）")
    loose = _not_held(context)
    if loose and _updates_itself(context):
        names = ", ".join(loose[:4])
        return warned(f"automatic updates may change {names}: not held", f"自动更新可能改变 {names}：未锁定版本")
    return passed(text, text)


def _not_held(context: Context) -> List[str]:
    wanted = re.compile(r"^(lib)?nvidia|^cuda-drivers|^linux-modules-nvidia")
    packages = context.node.get("packages") or []
    return [str(item["name"]) for item in packages if wanted.match(item["name"]) and not item.get("held")]


def _updates_itself(context: Context) -> bool:
    services = context.node.get("services") or {}
    names = ("unattended-upgrades", "apt-daily-upgrade.timer", "dnf-automatic.timer", "packagekit")
    return any((services.get(name) or {}).get("active") == "active" for name in names)


def dkms(context: Context) -> Finding:
    rows = [row for row in context.node.get("dkms") or [] if "nvidia" in row["module"]]
    if not rows:
        return skipped("no NVIDIA module is built by dkms", "没有由 dkms 构建的 NVIDIA 模块")
    kernels = context.node.get("kernels") or []
    wanted = {str(context.node.get("kernel"))}
    bootable = [kernel["version"] for kernel in kernels if kernel.get("image")]
    if bootable:
        wanted.add(sorted(bootable, key=version_key)[-1])
    built = {row["kernel"] for row in rows if row["state"] == "installed"}
    missing = sorted(kernel for kernel in wanted if kernel not in built)
    if missing:
        bare = [k["version"] for k in kernels if k["version"] in missing and not k.get("headers")]
        why_en = f"; no headers for {', '.join(bare)}" if bare else ""
        why_zh = f"；缺少 {', '.join(bare)} 的内核头文件" if bare else ""
        names = ", ".join(missing)
        return failed(
            f"the module is not built for kernel {names}{why_en}", f"未为内核 {names} 构建模块{why_zh}", kernel=names
        )
    names = ", ".join(sorted(wanted))
    return passed(f"built for {names}", f"已为 {names} 构建")


def flavour(context: Context) -> Finding:
    driver = driver_of(context)
    families = sorted({str(gpu["architecture"]) for gpu in gpus_of(context, "nvidia") if gpu.get("architecture")})
    if not families:
        return unknown("the cards' chips are not known", "无法识别显卡芯片")
    text = ", ".join(families)
    kind = driver.get("flavour")
    if not kind:
        return unknown(f"{text}: the kind of the kernel module is not known", f"{text}：无法得知内核模块类型")
    if kind == "open" and any(family in CLOSED_ONLY for family in families):
        return failed(f"{text} can't run on the open kernel module", f"{text} 不支持开源内核模块", need="proprietary")
    if kind == "proprietary" and any(family in OPEN_ONLY for family in families):
        return failed(f"{text} needs the open kernel module", f"{text} 必须使用开源内核模块", need="open")
    branch = upstream(driver.get("driver_version")).split(".")[0]
    if branch.isdigit() and int(branch) > LAST_CLOSED_BRANCH and any(family in CLOSED_ONLY for family in families):
        return failed(
            f"{text} is not driven by branch {branch}; {LAST_CLOSED_BRANCH} is the last",
            f"驱动分支 {branch} 不再支持 {text}",
            need=f"{LAST_CLOSED_BRANCH}",
        )
    return passed(f"{text} with the {kind} module", f"{text}，{kind} 模块")


def fabric(context: Context) -> Finding:
    states = [gpu.get("fabric") for gpu in gpus_of(context, "nvidia")]
    known = [state for state in states if state]
    manager = service(context, "nvidia-fabricmanager")
    if known and all(s.get("state") == "Completed" and s.get("status") in (None, "Success") for s in known):
        return passed("the fabric of all cards is complete", "全部显卡的 Fabric 状态正常")
    if manager is None and not driver_of(context).get("fabric_manager"):
        return failed(
            "NVSwitch is there, the fabric manager is not installed", "存在 NVSwitch，但未安装 Fabric Manager"
        )
    if manager is not None and manager.get("active") != "active":
        return failed(
            f"nvidia-fabricmanager is {manager.get('active')}", f"nvidia-fabricmanager 的状态为 {manager.get('active')}"
        )
    if known:
        bad = sorted({f"{s.get('state')}/{s.get('status')}" for s in known})
        return failed(f"fabric state {', '.join(bad)}", f"Fabric 状态 {', '.join(bad)}")
    if manager is not None:
        return passed(
            "the fabric manager runs; this driver reports no fabric state",
            "Fabric Manager 正在运行；该驱动不报告 Fabric 状态",
        )
    return unknown("the state of the fabric is not known", "无法得知 Fabric 状态")


def fabric_version(context: Context) -> Finding:
    driver = driver_of(context)
    manager = driver.get("fabric_manager")
    if not manager:
        rows = [p for p in context.node.get("packages") or [] if "fabricmanager" in str(p["name"]).replace("-", "")]
        manager = upstream(rows[0]["version"]) if rows else None
    if not manager:
        return skipped("no fabric manager is installed (see LLM206)", "未安装 Fabric Manager（见 LLM206）")
    version = driver.get("driver_version") or driver.get("module_version")
    if not version:
        return unknown("the driver's version is not known", "无法得知驱动版本")
    if upstream(manager) != upstream(version):
        return failed(
            f"fabric manager {manager}, driver {version}", f"Fabric Manager {manager}，驱动 {version}", version=version
        )
    return passed(f"both {version}", f"均为 {version}")


def nvlink5(context: Context) -> Finding:
    modules = context.node.get("modules") or []
    if not modules:
        return unknown("the loaded modules are not known", "无法得知已加载的内核模块")
    missing = [name for name in NVLINK5_MODULES if name not in modules]
    if missing:
        return failed(f"not loaded: {', '.join(missing)}", f"未加载：{', '.join(missing)}")
    packages = context.node.get("packages")
    if packages is not None and not any(item["name"] == "nvlsm" for item in packages):
        return failed("the NVLink subnet manager (nvlsm) is not installed", "未安装 NVLink 子网管理器（nvlsm）")
    return passed("modules and subnet manager are there", "内核模块与子网管理器均已就绪")


def image_cuda(context: Context) -> Finding:
    image = (context.plan or {}).get("image") or {}
    driver = driver_of(context)
    have, cuda = upstream(driver.get("driver_version")), driver.get("cuda_version")
    need, wants = upstream(str(image.get("min_driver") or "")), str(image.get("cuda") or "")
    if not need and not wants:
        return skipped("the catalogue names no CUDA for this image", "型号库中没有该镜像的 CUDA 版本")
    if need and have:
        if version_key(have) < version_key(need):
            return failed(
                f"the image needs driver {need}, the node has {have}", f"镜像需要驱动 {need}，节点为 {have}", need=need
            )
        return passed(f"driver {have}, the image needs {need}", f"驱动 {have}，镜像需要 {need}")
    if wants and cuda:
        if int(wants.split(".", maxsplit=1)[0]) > int(str(cuda).split(".", maxsplit=1)[0]):
            return failed(
                f"the image holds CUDA {wants}, the driver knows {cuda}",
                f"镜像使用 CUDA {wants}，驱动最高支持 {cuda}",
                need=wants,
            )
        return passed(f"CUDA {wants} in the image, {cuda} in the driver", f"镜像 CUDA {wants}，驱动 {cuda}")
    return unknown("the driver's version is not known", "无法得知驱动版本")


def uvm(context: Context) -> Finding:
    driver = driver_of(context)
    if not driver.get("module_version"):
        return skipped("the driver is not loaded (see LLM213)", "驱动未加载（见 LLM213）")
    devices = driver.get("devices")
    if devices is None:
        return unknown("/dev was not read", "未读取 /dev")
    if "nvidia-uvm" not in devices:
        return failed(
            "/dev/nvidia-uvm is missing: programs fall back to the CPU silently",
            "缺少 /dev/nvidia-uvm：程序会静默退回 CPU",
        )
    return passed("/dev/nvidia-uvm is there", "/dev/nvidia-uvm 存在")


def iommu(context: Context) -> Finding:
    cards = gpus_of(context, "nvidia")
    if len(cards) < 2:
        return skipped("a single card talks to no other", "只有一张卡")
    boot = context.node.get("boot")
    if boot is None:
        return unknown("the boot options are not known", "无法得知启动参数")
    kinds = boot.get("iommu") or []
    if any(kind.startswith("DMA") for kind in kinds):
        return warned(
            "the IOMMU translates between the cards (no iommu=pt): transfers may hang",
            "IOMMU 正在转换显卡间的访问（没有 iommu=pt），传输可能挂起",
        )
    line = str(boot.get("cmdline") or "")
    if not kinds and re.search(r"(intel|amd)_iommu=on", line) and "iommu=pt" not in line:
        return warned("the IOMMU is switched on without iommu=pt", "开启了 IOMMU 却没有 iommu=pt")
    if boot.get("acs"):
        text = ", ".join(boot["acs"])
        return warned(
            f"ACS sends traffic between the cards through the processor at {text}: slow, or it hangs",
            f"{text} 的 ACS 使显卡间的访问绕行处理器：变慢或挂起",
        )
    return passed("the IOMMU is off or passes the cards through", "IOMMU 关闭或直通")


def bar_memory(context: Context) -> Finding:
    log = context.node.get("kernel_log")
    if log is None:
        return unknown("the kernel's log can't be read", "无法读取内核日志")
    bad = [line for line in log if re.search(r"BAR \d+.*(no space|failed to assign|can't assign)", line)]
    if bad:
        return failed(f"the kernel found no room for a card: {bad[-1]}", f"内核无法为显卡分配地址空间：{bad[-1]}")
    return passed("the kernel found room for every card", "内核为每张卡都分配了地址空间")


def mig(context: Context) -> Finding:
    cards = gpus_of(context, "nvidia")
    if any(gpu.get("memory_bytes") is None for gpu in cards):
        return unknown("the driver does not report every card", "驱动未报告全部显卡")
    if all(gpu.get("mig") is None for gpu in cards):
        return skipped("the cards can't be split", "显卡不支持切分")
    split = [str(gpu.get("index")) for gpu in cards if gpu.get("mig")]
    if split:
        return failed(
            f"cards {', '.join(split)} are split by MIG",
            f"显卡 {', '.join(split)} 已被 MIG 切分",
            cards=",".join(split),
        )
    return passed("no card is split", "没有被切分的显卡")


def xid(context: Context) -> Finding:
    log = context.node.get("kernel_log")
    if log is None:
        return unknown("the kernel's log can't be read", "无法读取内核日志")
    bad = [
        line
        for line in log
        if re.search(r"NVRM: Xid .*: (48|64|74|79|94|95|119|120|140|143)\b|fallen off the bus", line)
    ]
    broken = [str(gpu.get("index")) for gpu in gpus_of(context, "nvidia") if (gpu.get("ecc_errors") or 0) > 0]
    if bad:
        return failed(f"the driver reports a hardware fault: {bad[-1]}", f"驱动报告硬件故障：{bad[-1]}")
    if broken:
        return failed(
            f"uncorrectable memory errors on card {', '.join(broken)}",
            f"显卡 {', '.join(broken)} 出现不可纠正的显存错误",
        )
    return passed("no hardware fault in the kernel's log", "内核日志中没有硬件故障")


PROBES: Dict[str, Probe] = {
    "LLM201": nouveau,
    "LLM202": secure_boot,
    "LLM203": versions,
    "LLM204": dkms,
    "LLM205": flavour,
    "LLM206": fabric,
    "LLM207": fabric_version,
    "LLM208": nvlink5,
    "LLM209": image_cuda,
    "LLM210": uvm,
    "LLM211": iommu,
    "LLM214": bar_memory,
    "LLM215": mig,
    "LLM216": xid,
}
