# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One way to ask for an engine's arguments, whichever engine it is."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils import _engine_lmdeploy as lmdeploy
from ansible_collections.yitiji.deepseek.plugins.module_utils import _engine_sglang as sglang
from ansible_collections.yitiji.deepseek.plugins.module_utils import _engine_vllm as vllm


def engine_args(engine: Mapping[str, Any], name: str, version: str, settings: vllm.Settings) -> List[str]:
    if name == "sglang":
        return sglang.command(settings)
    if name == "lmdeploy":
        return lmdeploy.command(settings)
    return vllm.command(engine, version, settings)


def engine_env(name: str, version: str, settings: vllm.Settings) -> Dict[str, str]:
    env = vllm.environment(settings)
    if name != "vllm":
        env = {key: value for key, value in env.items() if not key.startswith("VLLM_")}
    elif vllm.version_key(version) < (0, 9):
        env["VLLM_USE_V1"] = "0"  # the runner that still knows Volta
    return env
