# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages about a scan for known vulnerabilities."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {
    "LLM933": Message(
        Text(
            "no scanner of vulnerabilities is installed on the controller (looked for: {names})",
            "控制机没有漏洞扫描器（查找过：{names}）",
        ),
        Text(
            "install one: Grype, which also looks into images, or `pip install owasp-depscan==6.3.0` beside Ansible",
            "请安装其一：Grype（还会检查镜像内部），或在 Ansible 所在环境执行 `pip install owasp-depscan==6.3.0`",
        ),
    ),
    "LLM934": Message(
        Text("{scanner} did not scan the bundle: {detail}", "{scanner} 未能扫描离线包：{detail}"),
        Text(
            "set bundle_scan_database to a folder that {place} may name, or to a tar of it; offline it is needed",
            "请将 bundle_scan_database 设为 {place} 可用的目录或其 tar 包；没有互联网时必须提供",
        ),
    ),
    "LLM935": Message(
        Text(
            "known vulnerabilities that are {limit} or worse: {count} ({report})",
            "达到或超过 {limit} 级的已知漏洞：{count} 个（{report}）",
        ),
        Text(
            "update what has them and make the bundle again, or name each that does not matter here, with a reason: "
            "bundle_scan_accepted: [{{id: CVE-..., reason: ...}}]",
            "请更新相关内容并重新制作离线包；在此无影响的漏洞请逐一写明理由："
            "bundle_scan_accepted: [{{id: CVE-..., reason: ...}}]",
        ),
    ),
}
PHRASES: Dict[str, Text] = {
    "scan_unseen": Text(
        "{scanner} does not look into images (Grype does): {images}", "{scanner} 不检查镜像内部（Grype 可以）：{images}"
    ),
    "scanned": Text("{scanner} knows of: {counts}", "{scanner} 已知：{counts}"),
}
