# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - one case a line
# fmt: off
"""What spoils the rules of what a node's units and the watch look after; the form is that of cases.py."""

from __future__ import annotations

from typing import Any

UPKEEP: list[tuple[str, str, dict[str, Any], str]] = [
    ("LLM843", "fail", {"measures/packet_rules/tables": {"yitiji-firewall.service": False}}, "yitiji-firewall.service"),
    ("LLM843", "fail", {"measures/packet_rules/docker": False}, "rules of docker.service"),
    ("LLM843", "fail", {"measures/packet_rules/docker": False, "measures/packet_rules/missing": ["nat: DOCKER"]},
     "docker.service (nat: DOCKER)"),
    ("LLM843", "skip", {"measures/packet_rules": {"tables": {}, "docker": None}}, "no unit"),
    ("LLM843", "unknown", {"measures/packet_rules": None}, "could not be asked"),
    ("LLM845", "fail", {"measures/addresses": {"yitiji-door.service": False}}, "address of yitiji-door.service is not"),
    ("LLM845", "skip", {"measures/addresses": {}}, "no unit"),
    ("LLM845", "unknown", {"measures/addresses": None}, "could not be asked"),
    ("LLM844", "fail", {"measures/database/problem": "it is no SQLite database"}, "webui.db: it is no SQLite"),
    ("LLM844", "pass", {"measures/database/whole": False}, "too large"),
    ("LLM844", "skip", {"measures/database/kind": "other"}, "database server"),
    ("LLM844", "unknown", {"measures/database": None}, "not looked at"),
    ("LLM152", "warn", {"measures/watch/repairs": {"nginx.service (watch: restart)": 2, "x": 1}, "measures/watch/failed": 1},
     "repaired 3 times in the last 24 hours: nginx.service (watch: restart) 2x, x 1x; 1 of them failed"),
    ("LLM152", "skip", {"measures/watch/installed": False, "measures/watch/repairs": None}, "no watch"),
    ("LLM152", "unknown", {"measures/watch": None}, "not looked at"),
    ("LLM152", "unknown", {"measures/watch/repairs": None}, "not known"),
    ("LLM153", "fail", {"measures/watch/fresh": False, "measures/watch/age": 900.0}, "900 s ago"),
    ("LLM153", "fail", {"measures/watch/fresh": False, "measures/watch/age": None}, "no state"),
    ("LLM153", "unknown", {"measures/watch/fresh": False, "measures/watch/booting": True}, "just started"),
    ("LLM153", "unknown", {"measures/watch": None}, "not looked at"),
    ("LLM153", "skip", {"measures/watch/installed": False}, "no watch"),
    ("LLM596", "warn", {"measures/drift/files": ["/etc/systemd/system/yitiji-vllm.service"]}, "/etc/systemd/system/yitiji-vllm.service"),
    ("LLM596", "unknown", {"measures/drift": None}, "could not"),
    ("LLM596", "skip", {"measures/drift": {}}, "no run was recorded"),
    ("LLM597", "warn", {"measures/drift/images": ["vllm:1 sha256:a -> sha256:b"]}, "vllm:1 sha256:a -> sha256:b"),
    ("LLM597", "unknown", {"measures/drift": None}, "could not"),
    ("LLM597", "skip", {"measures/drift": {}}, "no run was recorded"),
    ("LLM598", "warn", {"measures/drift/packages": ["nginx 1.22 -> 1.24"]}, "nginx 1.22 -> 1.24"),
    ("LLM598", "unknown", {"measures/drift": None}, "could not"),
    ("LLM598", "skip", {"measures/drift": {}}, "no run was recorded"),
    ("LLM597", "unknown", {"measures/drift/images": None}, "could not"),
    ("LLM596", "warn", {"measures/drift/files": [f"/{number}" for number in range(8)]}, "/5 (+2)"),
]
