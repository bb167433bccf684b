# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All probes by rule id."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._probes_docker import PROBES as DOCKER
from ansible_collections.yitiji.deepseek.plugins.module_utils._probes_gpu import PROBES as GPU
from ansible_collections.yitiji.deepseek.plugins.module_utils._probes_host import PROBES as HOST
from ansible_collections.yitiji.deepseek.plugins.module_utils._probes_sources import PROBES as SOURCES
from ansible_collections.yitiji.deepseek.plugins.module_utils._rules import Probe

PROBES: Dict[str, Probe] = {**HOST, **SOURCES, **GPU, **DOCKER}
