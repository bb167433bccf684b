# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what the service stands on, and of what looks after it: certificate, rules, database, files, watch."""

from __future__ import annotations

from typing import Dict

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

DAY = 86400.0
SOON = 14 * DAY  # the appliance's own is renewed 30 days before its end


def certificate(context: Context) -> Finding:
    found = context.measures.get("certificate")
    if found is None:
        return unknown("the certificate was not looked at", "未检查证书")
    path = found["path"]
    if found.get("problem"):
        return failed(f"{path}: {found['problem']}", f"{path}：{found['problem']}")
    if found.get("left") is None:
        return unknown(f"can't tell when {path} ends", f"无法得知 {path} 的到期时间")
    days = found["left"] / DAY
    if days <= 0:
        return failed(f"{path} ended {-days:.1f} days ago", f"{path} 已过期 {-days:.1f} 天")
    if found["left"] < SOON:
        return warned(f"{path} ends in {days:.1f} days", f"{path} 将在 {days:.1f} 天后到期")
    return passed(f"{path} is good for {days:.0f} days", f"{path} 还有 {days:.0f} 天有效期")


def packet_rules(context: Context) -> Finding:
    found = context.measures.get("packet_rules")
    if found is None:
        return unknown("the packet filter could not be asked", "无法询问包过滤规则")
    gone = [name for name, there in sorted(found["tables"].items()) if not there]
    listed = list(gone)
    if found.get("docker") is False:
        gone.append("docker.service")
        missing = ", ".join(found.get("missing") or [])
        listed.append(f"docker.service ({missing})" if missing else "docker.service")
    if gone:
        names = ", ".join(listed)
        return failed(f"the rules of {names} are not in the kernel", f"内核中没有 {names} 的规则", units=" ".join(gone))
    if not found["tables"] and found.get("docker") is None:
        return skipped("no unit of this node loads rules", "该节点没有加载规则的服务单元")
    return passed("all rules are loaded", "规则已全部加载")


def addresses(context: Context) -> Finding:
    found = context.measures.get("addresses")
    if found is None:
        return unknown("the addresses could not be asked", "无法查询地址")
    gone = sorted(name for name, there in found.items() if not there)
    if gone:
        names = ", ".join(gone)
        return failed(f"the address of {names} is not on this node", f"该节点没有 {names} 的地址", units=" ".join(gone))
    if not found:
        return skipped("no unit of this node gives it an address", "该节点没有设置地址的服务单元")
    return passed("all addresses are there", "地址均已设置")


def database(context: Context) -> Finding:
    found = context.measures.get("database")
    if found is None:
        return unknown("the page's database was not looked at", "未检查页面数据库")
    path = found["path"]
    if found.get("kind") == "other":
        return skipped("the page's data are in a database server", "页面数据存放在数据库服务器中")
    if found.get("problem"):
        return failed(f"{path}: {found['problem']}", f"{path}：{found['problem']}", path=path)
    if not found.get("whole"):
        return passed(
            f"{path}: its beginning is whole (it is too large to read it all)",
            f"{path}：开头部分完好（文件较大，未读完）",
        )
    return passed(f"{path} is whole", f"{path} 完好")


def emptied(context: Context) -> Finding:
    found = context.measures.get("emptied")
    if found is None:
        return unknown("the files were not looked at", "未检查文件")
    if found:
        names = ", ".join(found)
        return failed(f"empty files: {names}", f"空文件：{names}", files=" ".join(found))
    return passed("no file of the appliance is empty", "一体机的文件均不为空")


def repairs(context: Context) -> Finding:
    found = context.measures.get("watch")
    if found is None:
        return unknown("the watch was not looked at", "未检查守望程序")
    if not found.get("installed"):
        return skipped("there is no watch on this node", "该节点没有守望程序")
    if found.get("repairs") is None:
        return unknown("what was repaired is not known", "无法得知修复记录")
    done = found["repairs"]
    if not done:
        return passed("nothing had to be repaired in the last 24 hours", "最近 24 小时没有进行过修复")
    times = sum(done.values())
    listed = ", ".join(f"{name} {count}x" for name, count in sorted(done.items(), key=lambda row: -row[1])[:6])
    more = f"; {found['failed']} of them failed" if found.get("failed") else ""
    more_zh = f"；其中 {found['failed']} 次未成功" if found.get("failed") else ""
    return warned(
        f"repaired {times} times in the last 24 hours: {listed}{more}",
        f"最近 24 小时修复了 {times} 次：{listed}{more_zh}",
    )


def watching(context: Context) -> Finding:
    found = context.measures.get("watch")
    if found is None:
        return unknown("the watch was not looked at", "未检查守望程序")
    if not found.get("installed"):
        return skipped("there is no watch on this node", "该节点没有守望程序")
    if found.get("fresh"):
        return passed(f"it looked {found['age']:.0f} s ago", f"{found['age']:.0f} 秒前检查过")
    if found.get("booting"):
        return unknown("the node has just started; it has not looked yet", "节点刚启动，尚未检查")
    if found.get("age") is None:
        return failed("it has left no state since the boot", "启动以来没有留下状态")
    return failed(f"it looked {found['age']:.0f} s ago", f"上次检查在 {found['age']:.0f} 秒前")


def as_left(part: str) -> Probe:
    """Whether a part of the node is still what the last run left (docs/upgrade.md)."""

    def probe(context: Context) -> Finding:
        found = context.measures.get("drift")
        if found == {}:
            return skipped("no run was recorded on this node", "该节点没有运行记录")
        if found is None or found[part] is None:
            return unknown("it could not be compared", "无法比较")
        if not found[part]:
            return passed("as the last run left it", "与上次运行后一致")
        names = ", ".join(found[part][:6]) + (f" (+{len(found[part]) - 6})" if len(found[part]) > 6 else "")
        return warned(f"other than the last run left it: {names}", f"与上次运行后不同：{names}")

    return probe


PROBES: Dict[str, Probe] = {
    "LLM152": repairs,
    "LLM153": watching,
    "LLM154": emptied,
    "LLM596": as_left("files"),
    "LLM597": as_left("images"),
    "LLM598": as_left("packages"),
    "LLM842": certificate,
    "LLM843": packet_rules,
    "LLM844": database,
    "LLM845": addresses,
}
