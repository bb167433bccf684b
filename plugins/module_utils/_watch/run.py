# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch as a program on a node, run by a timer: looks, repairs what it can, and records both.

The state lies in memory (/run): a full disk must not make it blind. It holds no secret.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.watch_state import (
    KEPT_SECONDS,
    MOST_EVENTS,
    STATE,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import repair as repairing
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.decide import (
    Memory,
    decide,
    fresh,
    restarted,
    steady,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.look import (
    Runner,
    Seen,
    look,
    names_in,
    read_file,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import (
    CHAT,
    Served,
    Settings,
    of_node,
    restored,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.units import FOLDER
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.words import down

VERSION = 2  # of the state; one of another format is started afresh
CONFIG = "/etc/yitiji/doctor.json"


def read_json(path: str) -> Dict[str, Any]:
    try:
        found = json.loads(read_file(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def settings_of(config: Mapping[str, Any], before: Mapping[str, Any]) -> Optional[Settings]:
    """From the configuration, else what an earlier look knew."""
    try:
        return of_node(config, CHAT + ".service" in names_in(FOLDER))
    except (ValueError, KeyError, TypeError):
        try:
            return restored(before["settings"])
        except (KeyError, TypeError):
            return None


def one_look(
    settings: Settings,
    before: Mapping[str, Any],
    see: Callable[[Settings, Runner], Seen] = look,
    run: Runner = repairing.run,
    carry_out: Callable[..., Dict[str, Any]] = repairing.carry_out,
) -> Dict[str, Any]:
    """The state after one look and the repairs that it called for."""
    now = time.time()
    seen = see(settings, run)
    # What another release remembered can't be read, and need not be.
    memory: Memory = {**fresh(), **((before.get("memory") or {}) if before.get("version") == VERSION else {})}
    again = restarted(seen, memory) if before else {}
    memory["restarts"] = {name: unit["restarts"] for name, unit in seen["units"].items()}
    # While a container comes or goes, Docker itself changes its rules.
    if seen["docker rules"] and steady(seen, settings):
        key, tables, kept = rules.containers_key(seen["containers"]), rules.copy(run), memory["rules"]
        if tables and kept and kept["for"] == key and rules.lost(rules.today(kept["tables"], run), tables):
            seen["docker rules"] = False
        else:
            memory["rules"] = {"for": key, "tables": tables} if tables else {}
    chosen, memory = decide(seen, settings, memory, now)
    events = [event for event in before.get("events") or [] if now - float(event["time"]) < KEPT_SECONDS]
    for name, count in again.items():
        events.append({"time": now, "by": "systemd", "target": name, "did": "restart", "count": count, "ok": True})
    for repair in chosen:
        done = carry_out(repair, memory["rules"], seen["containers"])
        events.append(
            {"time": now, "by": "watch", "target": repair.key.partition(" ")[2], "count": 1,
             "what": repair.what.as_dict(), "number": repair.number, **done}
        )  # fmt: skip
        print(f"{repair.what.en}: {done['did']} ({'done' if done['ok'] else done['said'] or 'failed'})", flush=True)
    return {
        "version": VERSION,
        "written": now,
        "settings": settings.as_dict(),
        "memory": memory,
        "events": events[-MOST_EVENTS:],
        "down": [
            {"what": message.reason.as_dict(), "fix": message.remedy.as_dict()}
            for message in down(seen, _engine(settings))
        ],
        "starting": any(is_starting(service, seen, memory) for service in settings.services),
        "answer": seen["answer"],
        "page": seen["page"],
    }


def is_starting(service: Served, seen: Seen, memory: Memory) -> bool:
    """It runs, was not well since it was started, and may still be loading."""
    unit = seen["units"].get(service.unit)
    if not unit or unit["active"] != "active" or memory["well"].get(service.unit) == unit["invocation"]:
        return False
    return bool(seen["clock"] - unit["since"] < service.loading)


def _engine(settings: Settings) -> str:
    return next((service.unit for service in settings.services if service.container != CHAT), "yitiji-vllm.service")


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    about = "检查一体机的服务并修复可修复的故障 / looks at the appliance's service and repairs what it can"
    found = argparse.ArgumentParser(prog="yitiji-watch", description=about)
    found.add_argument("--config", metavar="FILE", default=CONFIG, help=f"default: {CONFIG}")
    found.add_argument("--state", metavar="FILE", default=STATE, help=f"default: {STATE}")
    options = found.parse_args(argv)
    before = read_json(options.state)
    settings = settings_of(read_json(options.config), before)
    if settings is None:
        print(f"{options.config} holds no plan for this node: run site.yml again", flush=True)
        return 1
    after = one_look(settings, before)
    write_atomic(options.state, json.dumps(after, ensure_ascii=False) + "\n", 0o644)
    if not before or any(before.get(part) != after[part] for part in ("down", "starting")):
        write_atomic(options.state + ".changed", f"{after['written']}\n", 0o644)  # the first-boot page waits for it
    return 0
