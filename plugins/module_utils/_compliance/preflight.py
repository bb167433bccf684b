# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of role compliance, and what would lock out who deploys."""

from __future__ import annotations

import os
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

NUMBERS = {
    "compliance_idle_seconds": (60, 900),
    "compliance_ssh_tries": (1, 6),
    "compliance_journal_gib": (1, 4096),
    "compliance_syslog_port": (1, 65535),
}


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    found = [
        _wrong(name, settings[name], f"{low} … {high}")
        for name, (low, high) in NUMBERS.items()
        if not low <= int(settings[name]) <= high
    ]
    host, authority = str(settings["compliance_syslog_host"]), str(settings["compliance_syslog_ca_file"])
    if host and not forms.is_host(host):
        found.append(_wrong("compliance_syslog_host", host, "log.example.com"))
    if host and not os.path.isfile(os.path.expanduser(authority)):
        found.append(_wrong("compliance_syslog_ca_file", authority or "-", "ca.crt"))
    if settings["compliance_tlcp"]:
        found.append(Refusal("LLM892"))
    if settings["by_password"]:
        found.append(Refusal("LLM893"))
    return [*found, *forms.path_problems({"compliance_state_dir": settings["compliance_state_dir"]})]


def _wrong(name: str, value: Any, wanted: str) -> Refusal:
    return Refusal("LLM891", name=name, value=value, wanted=wanted)
