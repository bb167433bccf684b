# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd knows about a unit, and which files its running instance was started from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Tuple

Runner = Callable[[List[str]], Tuple[int, str]]
UNIT_DIR = "/etc/systemd/system"
PROPERTIES = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "ConditionResult",
    "NRestarts",
    "UnitFileState",
    "InvocationID",
)


class State(NamedTuple):
    loaded: bool
    active: str
    sub: str
    result: str
    condition: bool
    restarts: int
    enabled: bool
    invocation: str = ""


def parse_state(text: str) -> State:
    """The state from what `systemctl show -p …` prints."""
    rows = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return State(
        loaded=rows.get("LoadState") == "loaded",
        active=rows.get("ActiveState", "unknown"),
        sub=rows.get("SubState", "unknown"),
        result=rows.get("Result", ""),
        condition=rows.get("ConditionResult") != "no",
        restarts=int(rows.get("NRestarts") or 0),
        enabled=rows.get("UnitFileState", "").startswith("enabled"),
        invocation=rows.get("InvocationID", ""),
    )


def read_state(run: Runner, unit: str) -> State:
    """The state of a unit."""
    return parse_state(run(["systemctl", "show", unit, "-p", ",".join(PROPERTIES)])[1])


def read_log(run: Runner, unit: str, lines: int, invocation: str = "") -> List[str]:
    """The newest lines of a unit's log, or of one of its runs."""
    which = ["_SYSTEMD_INVOCATION_ID=" + invocation] if invocation else ["--unit", unit]
    text = run(["journalctl", *which, "--lines", str(lines), "--output", "cat", "--no-pager", "--quiet"])[1]
    return [line.rstrip() for line in text.replace("\r", "\n").splitlines() if line.strip()]


def runs(run: Runner, unit: str, lines: int, since: int) -> List[str]:
    """The unit's newest runs in its journal, the newest first, none from before a time (seconds since 1970)."""
    words = ["journalctl", "--unit", unit, f"--since=@{since}", "--lines", str(lines), "--no-pager", "--quiet"]
    text = run([*words, "--output", "json", "--output-fields=_SYSTEMD_INVOCATION_ID"])[1]
    found: List[str] = []
    for line in reversed(text.splitlines()):
        try:
            name = json.loads(line).get("_SYSTEMD_INVOCATION_ID")
        except (ValueError, AttributeError):
            continue
        if isinstance(name, str) and name not in found:
            found.append(name)
    return found


def digest(paths: List[str]) -> str:
    """The same as `cat PATHS 2>/dev/null | sha256sum`: missing files count as empty."""
    total = hashlib.sha256()
    for path in paths:
        try:
            total.update(Path(path).read_bytes())
        except OSError:
            continue
    return total.hexdigest()


def started_from(unit: str, run_dir: str = "/run") -> str:
    """The digest that the running instance noted at its start; empty where none runs."""
    try:
        return Path(run_dir, unit, "inputs").read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError):
        return ""


def unit_path(unit: str) -> str:
    """The path of a unit's file."""
    return f"{UNIT_DIR}/{unit}.service"


def note(unit: str, inputs: List[str]) -> str:
    """Lines for [Service]: at its start an instance notes a digest of its files, in a folder that ends with it."""
    quoted = " ".join(f'"{path}"' for path in [unit_path(unit), *inputs])
    command = "/bin/sh -c 'cat \"$$@\" 2>/dev/null | sha256sum >/run/%N/inputs' sh " + quoted
    return "RuntimeDirectory=%N\nRuntimeDirectoryMode=0700\nExecStartPre=" + command


def reasons(state: State, enabled: bool, started: str, wanted: str, written: bool) -> Dict[str, List[str]]:
    """What has to be done to a unit: reload, enable, start, restart, each with its reasons."""
    todo: Dict[str, List[str]] = {}
    if written:
        todo["reload"] = ["the unit changed"]
    if enabled and (written or not state.enabled) and not state.enabled:
        todo["enable"] = ["it does not start at boot"]
    running = state.active in ("active", "activating", "reloading")
    if not running:
        todo["start"] = [f"it is {state.active}"]
    elif written:
        todo["restart"] = ["the unit changed"]
    elif started != wanted:
        todo["restart"] = ["its files changed since it started"]
    return todo


def reload_actions(state: State, loaded: str, wanted: str) -> List[str]:
    """Verbs for a service that takes new configuration by reloading.

    Without a note of what it loaded, it is reloaded.
    """
    verbs = [] if state.enabled else ["enable"]
    if state.active != "active":
        return [*verbs, "start"]
    return [*verbs, "reload"] if loaded != wanted else verbs
