# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of role backup: the way to the other machine."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import remote
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


def backup_remote_settings(settings: Mapping[str, Any], folder: str, s3_secret_key: str) -> str:
    return remote.settings_file(settings, folder, {"s3_secret_key": s3_secret_key})


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"backup_remote_settings": backup_remote_settings, "backup_known_hosts": remote.known_hosts})
