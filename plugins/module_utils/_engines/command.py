# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One way to ask for an engine's arguments, whichever engine it is."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.versions import version_key
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.lmdeploy import command as lmdeploy_command
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.sglang import command as sglang_command
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines.vllm import Settings, command, environment


def engine_args(engine: Mapping[str, Any], name: str, version: str, settings: Settings) -> List[str]:
    if name == "sglang":
        return sglang_command(settings)
    if name == "lmdeploy":
        return lmdeploy_command(settings)
    return command(engine, version, settings)


def engine_env(name: str, version: str, settings: Settings) -> Dict[str, str]:
    env = environment(settings)
    if name != "vllm":
        env = {key: value for key, value in env.items() if not key.startswith("VLLM_")}
    elif version_key(version) < (0, 9):
        env["VLLM_USE_V1"] = "0"  # the runner that still knows Volta
    return env
