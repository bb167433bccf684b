# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the weights on the disk (LLM6xx)."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    REMOTE,
    chinese,
    mount_of,
    weights_dir,
)
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


def state(context: Context) -> Optional[Dict[str, Any]]:
    found = context.measures.get("weights")
    return found if isinstance(found, dict) else None


def verified(context: Context) -> Finding:
    found = state(context)
    if found is None or "stamp" not in found:
        return unknown("the weights were not looked at", "未检查权重")
    if not found["stamp"] and found.get("problems"):
        rules = ", ".join(sorted({item["rule"] for item in found["problems"]}))
        return skipped(f"the files are not whole (see {rules})", f"文件不完整（见 {rules}）")
    if not found["stamp"]:
        reason = found.get("reason") or "there is no stamp"
        return failed(
            f"the weights are not verified: {reason}", f"权重未通过校验：{chinese(reason)}", folder=weights_dir(context)
        )
    return passed("verified, and unchanged since", "已校验且之后未改变")


def _problems(context: Context, rule: str) -> Optional[List[Dict[str, str]]]:
    found = state(context)
    if found is None or found.get("problems") is None:
        return None
    return [item for item in found["problems"] if item["rule"] == rule]


def formats(context: Context) -> Finding:
    return _from(context, "LLM602", "every file begins as its format asks", "各文件格式正确")


def index(context: Context) -> Finding:
    return _from(context, "LLM603", "every shard of the index is there", "索引中的分片齐全")


def _from(context: Context, rule: str, en: str, zh: str) -> Finding:
    problems = _problems(context, rule)
    if problems is None:
        return unknown("the files were not looked at", "未检查文件")
    if problems:
        more = f" (+{len(problems) - 1})" if len(problems) > 1 else ""
        return failed(problems[0]["en"] + more, problems[0]["zh"] + more, folder=weights_dir(context))
    return passed(en, zh)


def place(context: Context) -> Finding:
    folder = weights_dir(context)
    mount = mount_of(context, folder)
    if mount is None:
        return unknown(f"the file system behind {folder} is not known", f"无法得知 {folder} 所在的文件系统")
    kind, path = str(mount.get("fstype")), mount["path"]
    if kind.startswith(REMOTE):
        return warned(
            f"{path} is {kind}: loading takes the network's time", f"{path} 是 {kind}：加载速度受网络限制", path=path
        )
    device = str(mount.get("device") or "").rsplit("/", 1)[-1]
    for disk in context.node.get("disks") or []:
        if device.startswith(disk["name"]) and disk.get("rotational") and not disk["name"].startswith(("vd", "xvd")):
            return warned(
                f"{path} is on the spinning disk {disk['name']}", f"{path} 位于机械盘 {disk['name']}", path=path
            )
    return passed(f"{path} is a local {kind}", f"{path} 是本地 {kind}")


def hashed_again(context: Context) -> Finding:
    found = state(context)
    if found is None or found.get("checks") is None:
        return unknown("the weights were not looked at", "未检查权重")
    rows = found["checks"]
    if not rows:
        return skipped("not hashed again yet", "尚未重新计算摘要")
    changed = [path for row in rows for path in row["changed"]]
    if changed:
        names = ", ".join(changed[:3]) + (f" (+{len(changed) - 3})" if len(changed) > 3 else "")
        return failed(f"changed since they were verified: {names}", f"校验之后内容被改动：{names}", files=names)
    day = time.strftime("%Y-%m-%d", time.gmtime(min(row["end"] for row in rows)))
    return passed(f"hashed again on {day}, all as verified", f"已于 {day} 重新计算摘要，全部一致")


PROBES: Dict[str, Probe] = {
    "LLM601": verified,
    "LLM602": formats,
    "LLM603": index,
    "LLM604": place,
    "LLM642": hashed_again,
}
