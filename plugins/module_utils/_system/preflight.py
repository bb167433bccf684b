# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of roles host_tuning and doctor, and with those that several roles share."""

from __future__ import annotations

import re
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

SYSCTL = re.compile(r"^([a-z0-9_-]+([./][A-Za-z0-9_*:-]+)+|/sys/[^\s]+)$")
SHORTEST_WATCH = 10  # seconds: a look at a service that hangs takes about as long
USER = re.compile(r"^([a-z_][a-z0-9_.-]*[$]?|[0-9]+)$")
PATTERN = re.compile(r"^[A-Za-z0-9.+*^$\\_-]+$")


def host_tuning(settings: Mapping[str, Any]) -> List[Refusal]:
    """Names of kernel settings, time servers and packages (LLM131)."""
    found = [
        _wrong("host_tuning_sysctls", name, "kernel.numa_balancing")
        for name, value in settings["host_tuning_sysctls"].items()
        if not SYSCTL.match(str(name)) or "\n" in str(value)
    ]
    found += [
        _wrong("host_tuning_ntp_servers", name, "ntp.example.com")
        for name in settings["host_tuning_ntp_servers"]
        if not forms.is_host(str(name))
    ]
    found += [
        _wrong("host_tuning_no_unattended", name, "docker")
        for name in settings["host_tuning_no_unattended"]
        if not PATTERN.match(str(name))
    ]
    return [*found, *forms.path_problems({"host_tuning_state_dir": settings["host_tuning_state_dir"]})]


def _wrong(variable: str, value: Any, example: str) -> Refusal:
    return Refusal("LLM131", name=variable, value=value, example=example)


def isolation(settings: Mapping[str, Any]) -> List[Refusal]:
    """Names of users (LLM340), and the role's folder."""
    wrong = [name for name in settings["isolation_users"] if not USER.match(str(name))]
    found = [Refusal("LLM340", name=str(name)) for name in wrong]
    return [*found, *forms.path_problems({"isolation_state_dir": settings["isolation_state_dir"]})]


def virtual_address(settings: Mapping[str, Any]) -> List[Refusal]:
    """How long the head must be well before it takes the address back, and the role's folder."""
    seconds = settings["virtual_address_return_seconds"]
    soon = [] if 0 <= int(seconds) <= 1000 else [_wrong("virtual_address_return_seconds", seconds, "30")]
    return [*soon, *forms.path_problems({"virtual_address_state_dir": settings["virtual_address_state_dir"]})]


def doctor(settings: Mapping[str, Any]) -> List[Refusal]:
    """Paths of the doctor's command and configuration, and how often the watch runs."""
    paths = {name: value for name, value in settings.items() if name != "doctor_watch_seconds"}
    seconds = settings.get("doctor_watch_seconds", SHORTEST_WATCH)
    often = [] if int(seconds) >= SHORTEST_WATCH else [_wrong("doctor_watch_seconds", seconds, "30")]
    return [*often, *forms.path_problems(paths)]


def shared(settings: Mapping[str, Any]) -> List[Refusal]:
    """Settings of several roles: ports (of the engine, the page, the gateway) and the folder of the weights."""
    return [*forms.port_problems(settings["ports"]), *forms.path_problems(settings["paths"], empty=True)]
