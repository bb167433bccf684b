# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - one case a line
# fmt: off
"""What spoils the rules of the backups; the form is that of cases.py."""

from __future__ import annotations

from typing import Any

BACKUP: list[tuple[str, str, dict[str, Any], str]] = [
    ("LLM743", "skip", {"measures/backup": None}, "backup"),
    ("LLM743", "unknown", {"measures/backup/damaged": True}, "can't be read"),
    ("LLM744", "unknown", {"measures/backup/damaged": True}, "can't be read"),
    ("LLM745", "unknown", {"measures/backup/damaged": True}, "can't be read"),
    ("LLM743", "fail", {"measures/backup/made": 9.2}, "9 days"),
    ("LLM743", "fail", {"measures/backup/made": 9.2, "measures/backup/failed": {"made": "disk full"}}, "disk full"),
    ("LLM743", "fail", {"measures/backup/made": None}, "no backup"),
    ("LLM743", "pass", {"measures/backup/made": None, "measures/backup/since": 1.0}, "to come"),
    ("LLM743", "fail", {"measures/backup/made": None, "measures/backup/since": 1.0, "measures/backup/failed": {"made": "x"}}, "x"),
    ("LLM743", "warn", {"measures/backup/failed": {"made": "disk full"}}, "disk full"),
    ("LLM744", "skip", {"measures/backup/remote": False}, "backup elsewhere"),
    ("LLM744", "fail", {"measures/backup/sent": 9.2}, "9.2 days"),
    ("LLM744", "fail", {"measures/backup/failed": {"sent": "no route"}}, "no route"),
    ("LLM744", "fail", {"measures/backup/sent": None}, "no copy"),
    ("LLM744", "pass", {"measures/backup/sent": None, "measures/backup/made": None}, "to come"),
    ("LLM745", "skip", {"measures/backup": None}, "backup"),
    ("LLM745", "fail", {"measures/backup/failed": {"rehearsed": "other bytes"}}, "other bytes"),
    ("LLM745", "pass", {"measures/backup/rehearsed": None}, "read back"),
]
