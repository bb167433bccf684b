# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of where things come from: hub, image archives, registries; and of the plan itself."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import (
    chinese,
    images_of,
    loaded,
    model_of,
    weights_done,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import (
    Context,
    Finding,
    Probe,
    failed,
    passed,
    skipped,
    unknown,
)

UNRESOLVED = "the name does not resolve"


def answer_of(context: Context, key: str) -> Optional[Dict[str, Any]]:
    found = (context.measures.get("net") or {}).get(key)
    return found if isinstance(found, dict) else None


def hub_name(context: Context) -> Finding:
    reason = _no_hub(context)
    if reason:
        return reason
    answer = answer_of(context, "hub name")
    if answer is None or answer.get("addresses") is None:
        return unknown("the node was not asked to resolve the hub's name", "未在节点上解析模型站点的域名")
    name = str(answer.get("name"))
    knock = answer_of(context, "hub") or {}
    if not answer["addresses"]:
        if knock.get("proxy"):
            return skipped(
                f"{name} is reached through the proxy {knock['proxy']}", f"{name} 经代理 {knock['proxy']} 访问"
            )
        return failed(f"{name} does not resolve on the node", f"节点上无法解析 {name}", name=name)
    return passed(f"{name} is {answer['addresses'][0]}", f"{name} 解析为 {answer['addresses'][0]}")


def _no_hub(context: Context) -> Optional[Finding]:
    if context.settings.get("source", "modelscope") not in ("modelscope", "bundle"):
        return skipped("the weights come from a directory", "权重来自本地目录")
    if weights_done(context):
        return skipped("the weights are in place and verified", "权重已就位并通过校验")
    if not context.settings.get("endpoint"):
        return skipped("no hub is set", "未设置模型站点")
    return None


def hub(context: Context) -> Finding:
    reason = _no_hub(context)
    if reason:
        return reason
    endpoint = str(context.settings["endpoint"])
    answer = answer_of(context, "hub")
    if answer is None or answer.get("ok") is None:
        why = (answer or {}).get("reason") or "not asked"
        return unknown(f"{endpoint}: {why}", f"{endpoint}：{chinese(why)}")
    if answer.get("reason") == UNRESOLVED:
        return skipped("its name does not resolve (see LLM113)", "域名无法解析（见 LLM113）")
    via_en = f" through the proxy {answer['proxy']}" if answer.get("proxy") else ""
    via_zh = f"（经代理 {answer['proxy']}）" if answer.get("proxy") else ""
    if not answer["ok"]:
        return failed(
            f"{endpoint} does not answer from the node{via_en}: {answer['reason']}",
            f"节点无法访问 {endpoint}{via_zh}：{chinese(answer['reason'])}",
            endpoint=endpoint,
        )
    return passed(f"{endpoint} answers{via_en}", f"{endpoint} 可访问{via_zh}")


def source_directory(context: Context) -> Finding:
    if context.settings.get("source") != "directory":
        return skipped("the weights come from a hub", "权重来自模型站点")
    folder = str(context.settings.get("source_dir") or "")
    if weights_done(context):
        return skipped("the weights are in place and verified", "权重已就位并通过校验")
    if not folder:
        return failed("appliance_source_dir is empty", "appliance_source_dir 为空", folder="")
    found = (context.measures.get("source") or {}).get("exists")
    if found is None:
        return unknown(f"{folder} was not looked for", f"未检查 {folder}")
    if not found:
        return failed(f"{folder} does not exist on the node", f"节点上没有 {folder}", folder=folder)
    return passed(f"{folder} is there", f"{folder} 存在")


def images(context: Context) -> Finding:
    wanted = images_of(context.plan)
    if not wanted:
        return skipped("the plan needs no image", "方案不需要镜像")
    missing = [image for image in wanted if loaded(context, image) is not True]
    if not missing:
        return passed("all images are loaded", "全部镜像均已加载")
    net = context.measures.get("net") or {}
    archives = [key for key in net if key.startswith("archive ")]
    keys = archives or [f"image {image['ref']}" for image in missing]
    bad: List[str] = []
    dark: List[str] = []
    for key in keys:
        answer = net.get(key) or {"ok": None, "reason": "not asked"}
        if answer.get("ok") is None:
            dark.append(f"{key}: {answer.get('reason')}")
        elif not answer["ok"]:
            bad.append(f"{key}: {answer.get('reason')}")
    if bad:
        return failed("; ".join(bad), chinese("；".join(bad)))
    if dark:
        return unknown("; ".join(dark), chinese("；".join(dark)))
    return passed(f"can be fetched: {', '.join(keys)}", f"可获取：{', '.join(keys)}")


def refused(context: Context) -> Finding:
    plan = context.plan or {}
    if plan.get("verdict") != "refused":
        model = model_of(context).get("id")
        return passed(f"{model} fits", f"{model} 可部署")
    refusal = plan.get("refusal") or {}
    reason, remedy = refusal.get("reason") or {}, refusal.get("remedy") or {}
    return failed(
        f"{refusal.get('rule')}: {reason.get('en')}",
        f"{refusal.get('rule')}：{reason.get('zh')}",
        fixes_en=str(remedy.get("en")),
        fixes_zh=str(remedy.get("zh")),
    )


PROBES: Dict[str, Probe] = {
    "LLM113": hub_name,
    "LLM114": hub,
    "LLM115": source_directory,
    "LLM302": images,
    "LLM590": refused,
}
