# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All probes by rule id."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils import (
    _probes_docker,
    _probes_gpu,
    _probes_host,
    _probes_sources,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import Probe

PROBES: Dict[str, Probe] = {
    **_probes_host.PROBES,
    **_probes_sources.PROBES,
    **_probes_gpu.PROBES,
    **_probes_docker.PROBES,
}
