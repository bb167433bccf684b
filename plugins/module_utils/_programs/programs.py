# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed on nodes as programs: each is a core with `main(data, argv=None)`, packed with all its imports."""

from __future__ import annotations

from typing import Dict, NamedTuple


class Program(NamedTuple):
    start: str  # the core, below module_utils
    path: str  # where it lies on the node
    wants_rules: bool = False  # `data` is the doctor's rules, else an empty list


PROGRAMS: Dict[str, Program] = {
    "doctor": Program("_doctor.cli", "/usr/local/bin/yitiji-doctor", wants_rules=True),
    "watch": Program("_watch.run", "/usr/local/lib/yitiji/watch"),
    "backup": Program("_backup.cli", "/usr/local/bin/yitiji-backup"),
    "console": Program("_console.run", "/usr/local/lib/yitiji/console"),
    "audit": Program("_audit.cli", "/usr/local/bin/yitiji-audit"),
    "metrics": Program("_monitoring.figures", "/usr/local/bin/yitiji-metrics"),
    "weights-check": Program("_weights.recheck", "/usr/local/lib/yitiji/weights-check"),
    "engine-group": Program("_engines.group", "/usr/local/lib/yitiji/engine-group"),
    "guard": Program("_system.guard_watch", "/usr/local/lib/yitiji/guard"),
}
