# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks by rule id."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.audit import PROBES as AUDIT
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.backup import PROBES as BACKUP
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.chat import PROBES as CHAT
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.cluster import PROBES as CLUSTER
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.containers import PROBES as DOCKER
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.driver import PROBES as DRIVER
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.gpu import PROBES as GPU
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.host import PROBES as HOST
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.model import PROBES as MODEL
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.reach import PROBES as REACH
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.service import PROBES as SERVICE
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.sources import PROBES as SOURCES
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.upkeep import PROBES as UPKEEP
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.weights import PROBES as WEIGHTS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Probe

PROBES: Dict[str, Probe] = {
    **AUDIT,
    **BACKUP,
    **CHAT,
    **CLUSTER,
    **DOCKER,
    **DRIVER,
    **GPU,
    **HOST,
    **MODEL,
    **REACH,
    **SERVICE,
    **SOURCES,
    **UPKEEP,
    **WEIGHTS,
}
