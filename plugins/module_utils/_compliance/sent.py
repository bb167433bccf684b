# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files with records go to the site's log server."""

from __future__ import annotations

from typing import Any, List, Mapping

KERNEL = "/var/log/audit/audit.log"


def files(audit: Mapping[str, Any]) -> List[str]:
    """The kernel's records, and where the appliance's audit keeps its own and no other way sends them.

    `audit`: on, host, head, folder, and whether its records go to syslog anyway or hold what people asked.
    """
    here = audit["on"] and audit["host"] == audit["head"] and not (audit["syslog"] or audit["content"])
    return [KERNEL, *([f"{audit['folder']}/log/audit-*.jsonl"] if here else [])]
