# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console's collector on the head: writes what the page shows as files; readers cost the node no query."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import current, models_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._console import collect, queries
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import figures
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import SAFE_PATH, run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import units as watched

CONFIG, SECRETS = "/etc/yitiji/doctor.json", "/etc/yitiji/secrets"
CERTIFICATE, API_LOG = "/etc/yitiji/tls/live.crt", "/var/log/nginx/yitiji-api.log"
LINES = 100  # of each unit's log
DOCTOR_EVERY, USE_EVERY, LOG_EVERY = 600, 60, 30  # seconds
Output = Callable[..., str]


def read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return ""


def data(text: str) -> Dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def output(*words: str, seconds: float = 15) -> str:
    try:
        return run(list(words), seconds).stdout
    except OSError:
        return ""


def complain(error: Exception) -> None:
    sys.stderr.write(f"yitiji-console: {error!r}\n")
    sys.stderr.flush()


class Console:
    """What was collected when; each part has its own pace."""

    def __init__(self, folder: str, ask: Optional[collect.Ask], output: Output) -> None:
        self.folder, self.output = folder, output
        self.ask: collect.Ask = ask or (lambda _path, _values: None)
        self.watched = bool(ask)
        self.done: Dict[str, float] = {}
        self.asked = threading.Thread(target=self.ask_doctor)  # the doctor, who may wait for what hangs
        self.report: Dict[str, Any] = {}

    def write(self, name: str, text: str) -> None:
        write_atomic(os.path.join(self.folder, name), text, 0o644)

    def save(self, name: str, found: Any) -> None:
        self.write(f"data/{name}.json", json.dumps(found, ensure_ascii=False, separators=(",", ":")))

    def due(self, name: str, seconds: float, now: float) -> bool:
        if 0 <= now - self.done.get(name, -1e9) < seconds:  # a clock may be set back
            return False
        self.done[name] = now
        return True

    def look(self, now: float) -> None:
        """One pass: the state always, the rest when it is due."""
        config = data(read(CONFIG))
        plan = current(config.get("plan"))
        names = watched.names(sorted(os.listdir(watched.FOLDER)) if os.path.isdir(watched.FOLDER) else [])
        if not self.asked.is_alive() and self.due("doctor", DOCTOR_EVERY if self.report else 60, now):
            self.asked = threading.Thread(target=self.ask_doctor, daemon=True)
            self.asked.start()
        self.save("state", self.state(config, plan, names, now))
        for window, (_seconds, _step, often) in queries.WINDOWS.items():
            if self.watched and self.due(window, often, now):
                for part, asked in queries.SERIES.items():
                    self.save(f"{part}-{window}", collect.series(self.ask, asked, window, now))
        if self.due("log", LOG_EVERY, now):
            self.logs([name for name in [*names, *watched.BASE] if name.endswith(".service")])
        if self.due("use", USE_EVERY, now):
            self.use(now)

    def state(self, config: Dict[str, Any], plan: Dict[str, Any], names: List[str], now: float) -> Dict[str, Any]:
        units = watched.parse(self.output(*watched.command([*names, *watched.BASE])))
        backup = data(read(figures.BACKUP))
        containers = [unit["name"] for node in plan["nodes"].values() for unit in node["units"]] if plan else []
        running = self.output("docker", "inspect", "--format", "{{.Name}} {{.Image}}", *containers, "yitiji-open-webui")
        head = [unit for node in plan["nodes"].values() for unit in node["units"] if unit["serves"]] if plan else []
        return {
            "at": now,
            "host": config.get("host") or "",
            "watched": self.watched,
            "wrong": collect.wrong(
                collect.stopped(units), collect.watch_says(read(watch_state.STATE), now),
                collect.alerts(self.ask), collect.failed(self.report),
            ),
            "doctor": self.report.get("time"),
            "figures": collect.now_figures(self.ask, queries.NOW) if self.watched else {},
            "certificate": figures.certificate_end(CERTIFICATE),
            "backup": {kind: backup[kind]["at"] for kind in figures.KINDS if kind in backup},
            "versions": collect.versions(plan, running) if plan else [],
            "models": [model["served_name"] for model in models_of(plan)] if plan else [],
            "engines": {unit["url"].split("//", 1)[1]: unit["name"] for unit in head},
            "speed": (plan.get("speed") or {}) if plan else {},
        }  # fmt: skip

    def ask_doctor(self) -> None:
        try:
            self.doctor()
        except (OSError, ValueError) as error:
            complain(error)

    def doctor(self) -> None:
        """Its page and its findings; the files are for root alone, ours are for the gateway."""
        page = os.path.join(self.folder, ".doctor.html")
        words = [*figures.APART, "yitiji-doctor", "--fast", "--json", "-", "--html", page]
        text = self.output(*words, seconds=figures.DOCTOR_SECONDS)
        self.report = data(text) or self.report
        if self.report:
            self.write("reports/doctor.json", json.dumps(self.report, ensure_ascii=False))
        if read(page):
            self.write("reports/doctor.html", read(page))
            os.unlink(page)
        folder = os.path.join(self.folder, "reports")
        found = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        self.save("reports", [[name, os.stat(os.path.join(folder, name)).st_mtime] for name in found])

    def logs(self, units: List[str]) -> None:
        secrets = collect.secrets_in(SECRETS)
        words = ["journalctl", "--no-pager", "-q", "-o", "short-iso", "-n", str(LINES), "-u"]
        self.save("log", {unit: collect.harmless(self.output(*words, unit), secrets)[-60000:] for unit in units})

    def use(self, now: float) -> None:
        kept = os.path.join(self.folder, "data", "use.json")
        end = int(now) // 86400 * 86400
        asked = {"query": queries.DAILY, "start": end - collect.DAYS * 86400, "end": end, "step": 86400}
        rows = ((self.ask("query_range", asked) or {}).get("result") or [])[: collect.MOST_SERIES]
        tokens = {row["metric"].get("model_name", ""): row["values"] for row in rows}
        found = collect.used(API_LOG, data(read(kept)), tokens, now)
        self.save("use", found)
        self.write("data/use.csv", collect.as_csv(found["rows"]))


def main(_data: Any = None, argv: Optional[Sequence[str]] = None) -> int:
    about = "Collects what the console shows."
    found = argparse.ArgumentParser(prog="yitiji-console", description=about)
    found.add_argument("--folder", metavar="DIR", required=True)
    found.add_argument("--prometheus", metavar="URL", default="", help="empty: there is none")
    found.add_argument("--every", metavar="SECONDS", type=float, default=0, help="go on for ever; 0: once")
    options = found.parse_args(argv)
    os.environ["PATH"] = SAFE_PATH
    os.umask(0o022)
    ask = collect.asker(options.prometheus.rstrip("/")) if options.prometheus else None
    console = Console(options.folder, ask, output)
    while True:
        try:
            console.look(time.time())
        except (OSError, ValueError, KeyError, TypeError) as error:  # a full disk is not for ever
            complain(error)
            if not options.every:
                return 1
        if not options.every:
            console.asked.join(figures.DOCTOR_SECONDS)
            return 0
        time.sleep(options.every)
