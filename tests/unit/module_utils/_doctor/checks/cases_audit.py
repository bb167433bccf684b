# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# fmt: off
"""What spoils the rules of the audit and of the content filter; the form is that of cases.py."""

from __future__ import annotations

from typing import Any

from tests.unit.module_utils._doctor.healthy import GONE, UNIT

A = "measures/audit/"
U = "measures/units/yitiji-audit.service"
BROKEN = [{"where": "audit-000000000001.jsonl:7", "en": "record 7 was changed", "zh": "记录 7 被修改"}]

AUDIT: list[tuple[str, str, dict[str, Any], str]] = [
    ("LLM886", "skip", {"measures/audit": None}, "audit"),
    ("LLM886", "fail", {A + "problems": BROKEN}, "record 7 was changed"),
    ("LLM886", "unknown", {"measures/audit": {"why": "no answer"}}, "no answer"),
    ("LLM887", "skip", {"measures/audit": None}, "audit"),
    ("LLM887", "fail", {U: {**UNIT, "active": "failed"}}, "yitiji-audit"),
    ("LLM887", "fail", {U: {**UNIT, "active": "inactive"}}, "yitiji-audit"),
    ("LLM887", "fail", {U: GONE}, "not there"),
    ("LLM887", "unknown", {"measures/units": None}, "systemd"),
    ("LLM151", "pass", {U: {**UNIT, "active": "failed"}}, "as they should be"),
    ("LLM888", "skip", {"measures/audit": None}, "audit"),
    ("LLM888", "fail", {A + "used_mb": 20481}, "20481 of 20480 MB"),
    ("LLM888", "warn", {A + "used_mb": 18433}, "18433 of 20480 MB"),
    ("LLM888", "pass", {A + "used_mb": 18432}, "18432 of 20480 MB"),
    ("LLM888", "fail", {A + "free_mb": 31}, "31 MB of the disk"),
    ("LLM888", "warn", {A + "free_mb": 255}, "255 MB of the disk"),
    ("LLM888", "fail", {A + "reserved": False}, "given up"),
    ("LLM888", "unknown", {"measures/audit": {"why": "no answer"}}, "no answer"),
    ("LLM889", "skip", {"measures/audit": None}, "audit"),
    ("LLM889", "fail", {A + "early": "2026-06-01"}, "records of 2026-06-01 were removed"),
    ("LLM889", "pass", {A + "age": None}, "none yet"),
    ("LLM894", "skip", {"measures/filter": None}, "content filter"),
    ("LLM894", "fail", {"measures/filter": "http://127.0.0.1:9010/"}, "nobody listens at http://127.0.0.1:9010"),
    ("LLM894", "pass", {"measures/filter": "http://127.0.0.1:8000/"}, "is there"),
    ("LLM894", "unknown", {"node/listeners": None}, "listeners"),
    ("LLM889", "unknown", {"measures/audit": {"why": "no answer"}}, "no answer"),
]
