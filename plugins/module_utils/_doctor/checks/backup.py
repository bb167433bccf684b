# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of the backups (LLM743 to LLM745)."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    unknown,
    warned,
)


def _told(context: Context) -> Dict[str, Any]:
    return dict(context.measures.get("backup") or {})


NOT_READ = ("the note of the backups can't be read", "无法读取备份记录")


def _why(told: Dict[str, Any], kind: str) -> str:
    why = (told.get("failed") or {}).get(kind)
    return f": {why}" if why else ""


def made(context: Context) -> Finding:
    told = _told(context)
    if told.get("damaged"):
        return unknown(*NOT_READ)
    age, limit, why = told.get("made"), told.get("limit") or 3, _why(told, "made")
    if age is None:
        if (told.get("since") or 0) <= limit and not why:
            return passed("set up lately; the first backup is to come", "刚设置完成，尚待第一次备份")
        return failed(f"there is no backup{why}", f"没有备份{why}")
    if age > limit:
        return failed(f"the last one is {age:.0f} days old{why}", f"最近一次备份在 {age:.0f} 天前{why}")
    if why:
        return warned(f"the last run failed{why}", f"最近一次运行失败{why}")
    return passed(f"the last one is {age:.1f} days old", f"最近一次备份在 {age:.1f} 天前")


def sent(context: Context) -> Finding:
    told = _told(context)
    if told.get("damaged"):
        return unknown(*NOT_READ)
    age, limit, why = told.get("sent"), told.get("limit") or 3, _why(told, "sent")
    if age is None:
        if told.get("made") is None and not why:
            return passed("the first one is to come", "尚待第一次备份")
        return failed(f"no copy is elsewhere{why}", f"别处没有副本{why}")
    if age > limit or why:
        return failed(f"the last copy elsewhere is {age:.1f} days old{why}", f"别处的最近副本在 {age:.1f} 天前{why}")
    return passed(f"the last copy elsewhere is {age:.1f} days old", f"别处的最近副本在 {age:.1f} 天前")


def rehearsed(context: Context) -> Finding:
    told = _told(context)
    if told.get("damaged"):
        return unknown(*NOT_READ)
    why = _why(told, "rehearsed")
    if why:
        return failed(f"the last rehearsal failed{why}", f"最近一次恢复演练失败{why}")
    age = told.get("rehearsed")
    if age is None:
        return passed("each backup was read back when it was made", "每次备份在制作时均已读回校验")
    return passed(f"rehearsed {age:.0f} days ago", f"{age:.0f} 天前演练过恢复")


PROBES: Dict[str, Probe] = {"LLM743": made, "LLM744": sent, "LLM745": rehearsed}
