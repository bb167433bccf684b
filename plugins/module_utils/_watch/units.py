# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that the appliance runs on: its own, timers included, and those of nginx and Docker."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

FOLDER = "/etc/systemd/system"
PREFIX = "yitiji-"
KINDS = (".service", ".timer", ".path", ".socket")
BASE = ("nginx.service", "docker.service", "containerd.service")
PROPERTIES = (
    "Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "ConditionResult", "NRestarts", "Type",
    "Restart", "RemainAfterExit", "ActiveEnterTimestampMonotonic", "InvocationID", "ConditionTimestampMonotonic",
    "WantedBy", "RequiredBy",
)  # fmt: skip
RUNS = ("active", "reloading", "activating")
STARTS_AT_BOOT = ("enabled", "enabled-runtime", "static", "generated", "indirect", "")
PULLED = "indirect"  # by another one that starts at boot: where packages enable nothing, Docker pulls containerd
Unit = Dict[str, Any]


def names(listing: Sequence[str]) -> List[str]:
    """Of the files in systemd's folder, those of our units."""
    return [name for name in listing if name.startswith(PREFIX) and name.endswith(KINDS) and "@" not in name]


def command(units: Sequence[str]) -> List[str]:
    return ["systemctl", "show", "--property=" + ",".join(PROPERTIES), "--", *units]


def parse(text: str) -> Dict[str, Unit]:
    """By name; units that do not exist are left out."""
    found: Dict[str, Unit] = {}
    pulled_by: Dict[str, List[str]] = {}
    for block in text.strip().split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if values.get("Id") and values.get("LoadState") != "not-found":
            pulled_by[values["Id"]] = f"{values.get('WantedBy', '')} {values.get('RequiredBy', '')}".split()
            found[values["Id"]] = {
                "load": values.get("LoadState"),
                "active": values.get("ActiveState"),
                "sub": values.get("SubState"),
                "enabled": values.get("UnitFileState") or "",
                "result": values.get("Result") or "",
                # A unit that was not started since the boot, or was unloaded since, has not checked its conditions.
                "condition": values.get("ConditionResult") != "no" or not _seconds(values, "Condition"),
                "restarts": int(values.get("NRestarts") or 0),
                "type": values.get("Type") or "",
                "restart": values.get("Restart") or "",
                "remains": values.get("RemainAfterExit") == "yes",
                "since": _seconds(values, "ActiveEnter"),
                "invocation": values.get("InvocationID") or "",
            }
    for name, unit in found.items():
        others = [found[other]["enabled"] for other in pulled_by[name] if other in found]
        if unit["enabled"] == "disabled" and "enabled" in others:
            unit["enabled"] = PULLED
    return found


def _seconds(values: Dict[str, str], what: str) -> float:
    return int(values.get(f"{what}TimestampMonotonic") or 0) / 1e6


def lasting(name: str, unit: Unit) -> bool:
    """Whether it is meant to be active all the time; others run, end and are looked at by their result alone."""
    if name in BASE or not name.endswith(".service"):
        return True
    return bool(unit["restart"] == "always" or (unit["type"] == "oneshot" and unit["remains"]))


def trouble(name: str, unit: Unit) -> str:
    """masked, failed, condition, restarting, stopped, off or disabled; empty when it is as it should be."""
    if unit["load"] == "masked":
        return "masked"
    if unit["active"] == "failed":
        return "failed"
    if unit["sub"] == "auto-restart" or (unit["active"] == "activating" and unit["restarts"]):
        return "restarting"
    if not lasting(name, unit):
        return ""
    if unit["active"] not in RUNS:
        if not unit["condition"]:
            return "condition"
        return "stopped" if unit["enabled"] in STARTS_AT_BOOT else "off"
    return "" if unit["enabled"] in STARTS_AT_BOOT else "disabled"
