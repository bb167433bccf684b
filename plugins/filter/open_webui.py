# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of role open_webui: its settings as environment and secrets, and what is wrong with them."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data, reach
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import environment as env
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def open_webui_env(base: Dict[str, str], settings: Dict[str, Any]) -> Dict[str, str]:
    try:
        return env.environment(base, settings)
    except (KeyError, TypeError) as error:
        filter_fail(Refusal("LLM149", why=say("a setting is missing", name=error)))


def open_webui_secrets(base: Dict[str, str], settings: Dict[str, Any], outside: bool = False) -> Any:
    try:
        return env.outside_secrets(base, settings) if outside else env.secrets(base, settings)
    except (KeyError, TypeError) as error:
        filter_fail(Refusal("LLM149", why=say("a setting is missing", name=error)))


def open_webui_guard(settings: Dict[str, Any], role: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return reach.guard(settings, role)
    except (KeyError, TypeError) as error:
        filter_fail(Refusal("LLM149", why=say("a setting is missing", name=error)))


def open_webui_data_problems(
    found: Dict[str, Any], record: Dict[str, Any], image: Dict[str, Any], database: str, saved_for: str, host: str
) -> List[Dict[str, Any]]:
    return [refusal.as_dict(host) for refusal in data.judge(found, record, image, database, saved_for)]


def open_webui_image_changes(record: Dict[str, Any], image: Dict[str, Any]) -> bool:
    return data.changes_image(record, image)


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing(
            {
                "open_webui_env": open_webui_env,
                "open_webui_secrets": open_webui_secrets,
                "open_webui_guard": open_webui_guard,
                "open_webui_mounts": env.mounts,
                "open_webui_style": env.style,
                "open_webui_data_problems": open_webui_data_problems,
                "open_webui_image_changes": open_webui_image_changes,
            }
        )
