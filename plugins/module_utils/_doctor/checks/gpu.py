# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the cards against the plan, and of the tool that reports them (LLM212, LLM213)."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import node_row
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.driver import secure_boot
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import device, gpus_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    FAIL,
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
)

VENDOR = {"cuda": "nvidia", "npu": "huawei", "rocm": "amd", "dcu": "hygon"}


def cards(context: Context) -> Finding:
    wanted = node_row(context).get("gpus") or []
    there = gpus_of(context, VENDOR[device(context)])
    if not wanted:
        return unknown("the plan does not say which cards this node gives", "方案未说明该节点使用哪些加速卡")
    have = len(there)
    if have < len(wanted):
        return failed(
            f"the plan uses {len(wanted)} cards of this node, it has {have}",
            f"方案在该节点使用 {len(wanted)} 张卡，实际只有 {have} 张",
        )
    return passed(f"{have} cards, {len(wanted)} used", f"共有 {have} 张卡，使用 {len(wanted)} 张")


def driver_answers(context: Context) -> Finding:
    driver = context.node.get("nvidia")
    if not driver:
        if context.settings.get("installs_driver"):
            return skipped("the driver will be installed", "驱动将会被安装")
        return failed("no NVIDIA driver is installed", "未安装 NVIDIA 驱动")
    if "version mismatch" in str(driver.get("smi_error")).lower():
        return skipped("driver and library differ (see LLM203)", "驱动与库的版本不一致（见 LLM203）")
    if (context.node.get("boot") or {}).get("secure_boot") and secure_boot(context).status == FAIL:
        return skipped("the kernel does not take the module (see LLM202)", "内核不接受驱动模块（见 LLM202）")
    if driver.get("smi_error"):
        return failed(f"nvidia-smi says: {driver['smi_error']}", f"nvidia-smi 报错：{driver['smi_error']}")
    silent = [str(gpu.get("bus")) for gpu in gpus_of(context, "nvidia") if gpu.get("memory_bytes") is None]
    if silent:
        return failed(
            f"the driver {driver.get('driver_version')} does not report the cards {', '.join(silent)}",
            f"驱动 {driver.get('driver_version')} 未报告加速卡 {', '.join(silent)}",
        )
    version = driver.get("driver_version")
    if not version:
        return unknown("the driver's version is not known", "无法得知驱动版本")
    return passed(f"driver {version} reports all cards", f"驱动 {version} 报告了全部加速卡")


PROBES: Dict[str, Probe] = {"LLM212": cards, "LLM213": driver_answers}
