# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of role nvidia_driver beside the plan itself (LLM222)."""

from __future__ import annotations

from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """A repository of the site's own: its address, and what makes its packages trustworthy."""
    url = settings["nvidia_driver_repository_url"]
    if not url:
        return []
    found: List[Refusal] = []
    if not (forms.is_url(url) or str(url).startswith(("file:/", "copy:/"))):
        found.append(Refusal("LLM222", why=say("a repository without an address", url=url)))
    key = str(settings["nvidia_driver_repository_key"])
    if "-----BEGIN PGP PUBLIC KEY BLOCK-----" not in key and not settings["nvidia_driver_repository_trusted"]:
        found.append(Refusal("LLM222", why=say("a repository without a key", url=url)))
    return found
