# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of role nvidia_driver beside the plan itself (LLM222)."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """A repository of one's own: its address, and why its packages are believed."""
    url = settings["nvidia_driver_repository_url"]
    if not url:
        return []
    found: List[Refusal] = []
    if not (forms.is_url(url) or str(url).startswith(("file:/", "copy:/"))):
        found.append(
            _wrong(
                Text(
                    f"nvidia_driver_repository_url: {url!r} is not an address.",
                    f"nvidia_driver_repository_url：{url!r} 不是有效的地址。",
                ),
                Text("write http://, https:// or file:///.", "请以 http://、https:// 或 file:/// 开头。"),
            )
        )
    key = str(settings["nvidia_driver_repository_key"])
    if "-----BEGIN PGP PUBLIC KEY BLOCK-----" not in key and not settings["nvidia_driver_repository_trusted"]:
        found.append(
            _wrong(
                Text(
                    f"nothing says why packages of {url} may be believed: nvidia_driver_repository_key holds no key.",
                    f"未说明为何信任 {url} 的软件包：nvidia_driver_repository_key 中没有密钥。",
                ),
                Text(
                    "give the repository's public key (armored text) in nvidia_driver_repository_key, "
                    "or set nvidia_driver_repository_trusted: true.",
                    "请在 nvidia_driver_repository_key 中给出该软件源的公钥（文本形式），"
                    "或设置 nvidia_driver_repository_trusted: true。",
                ),
            )
        )
    return found


def _wrong(reason: Text, fix: Text) -> Refusal:
    return Refusal("LLM222", reason, fix)
