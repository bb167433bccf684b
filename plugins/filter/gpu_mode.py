# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter for the role nvidia_container_toolkit."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gpu_mode
short_description: How containers get NVIDIA's cards with this Docker
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description: CDI where Docker reads it, else the NVIDIA runtime; a wish that cannot be is refused (LLM315).
positional: wish, host
options:
  _input:
    description: What M(yitiji.deepseek.docker_engine_info) read.
    type: dict
    required: true
  wish:
    description: C(auto), C(cdi) or C(runtime).
    type: str
    required: true
  host:
    description: Name of the node, for a refusal.
    type: str
    default: ""
"""

EXAMPLES = r"""
how: "{{ engine | yitiji.deepseek.gpu_mode('auto') }}"
"""

RETURN = r"""
_value:
  description: C(mode), the C(options) of daemon.json for it, and what the running engine must then be (C(wanted)).
  type: dict
"""

from typing import Any, Callable, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import gpus as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def gpu_mode(engine: Dict[str, Any], wish: str, host: str = "") -> Dict[str, Any]:
    try:
        mode = core.mode(engine.get("version"), wish)
    except Refusal as refusal:
        filter_fail(refusal, host)
    return {"mode": mode, "options": core.daemon_options(mode), "wanted": core.wanted(mode)}


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing({"gpu_mode": gpu_mode})
