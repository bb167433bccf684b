# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All messages by rule id, and the phrases that messages are put together from, by name."""

from __future__ import annotations

from typing import Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages import (
    acceptance,
    access,
    backup,
    bundle,
    checkpoints,
    compliance,
    containers,
    driver,
    ends,
    files,
    gateways,
    host,
    lock,
    new_site,
    notices,
    planner,
    reach,
    scan,
    services,
    systems,
    upgrade,
    weights,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Message, Text

MESSAGES: Dict[str, Message] = {}
PHRASES: Dict[str, Text] = {}
for _hundred in (
    files,
    host,
    new_site,
    systems,
    reach,
    driver,
    containers,
    planner,
    notices,
    gateways,
    checkpoints,
    ends,
    lock,
    upgrade,
    weights,
    services,
    backup,
    access,
    acceptance,
    bundle,
    scan,
    compliance,
):
    MESSAGES.update(_hundred.MESSAGES)
    PHRASES.update(_hundred.PHRASES)
