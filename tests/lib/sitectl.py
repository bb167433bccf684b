# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml driven through ansible-runner, and what its events say. Artefacts: tests/output/runs/<name>/."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner  # type: ignore[import-untyped]
import labctl
from labctl import OUTPUT, ROOT

Event = dict[str, Any]


@dataclass
class Run:
    """One run of a playbook. `events` are ansible-runner's, each with its time and the task's result."""

    name: str
    rc: int
    seconds: float
    folder: Path
    events: list[Event] = field(repr=False)

    @property
    def ok(self) -> bool:
        return self.rc == 0

    @property
    def output(self) -> str:
        return (self.folder / "stdout").read_text(encoding="utf-8", errors="replace")

    def of(self, *kinds: str) -> list[Event]:
        return [e["event_data"] for e in self.events if e["event"] in kinds]

    def changes(self) -> list[str]:
        """`host: task` of everything that says it changed something."""
        done = self.of("runner_on_ok", "runner_on_failed")
        return [f"{e['host']}: {e['task']}" for e in done if (e.get("res") or {}).get("changed")]

    def recap(self) -> dict[str, dict[str, int]]:
        """Host -> {ok, changed, failures, dark, ...}, as the end of the run tells it."""
        stats = self.of("playbook_on_stats")
        kinds = ("ok", "changed", "failures", "dark", "skipped", "ignored")
        hosts = {h for k in kinds for h in (stats[-1].get(k, {}) if stats else {})}
        return {h: {k: stats[-1].get(k, {}).get(h, 0) for k in kinds} for h in sorted(hosts)}

    def failures(self) -> list[str]:
        """`host: message` of every failure that counts, whole, also of the items of a loop."""
        found = []
        for e in self.of("runner_on_failed", "runner_on_unreachable", "runner_item_on_failed"):
            if not e.get("ignore_errors"):
                res = e.get("res") or {}
                found.append(f"{e['host']}: {e['task']}: {res.get('msg') or json.dumps(res, ensure_ascii=False)}")
        return found

    def slowest(self, count: int = 8) -> list[str]:
        done = self.of("runner_on_ok", "runner_on_failed")
        top = sorted(done, key=lambda e: -float(e.get("duration") or 0))[:count]
        return [f"{float(e.get('duration') or 0):6.1f} s  {e['host']}: {e['task']}" for e in top]

    def story(self) -> str:
        """What a failing test shows."""
        parts = [f"{self.name}: rc {self.rc} after {self.seconds:.0f} s", *self.failures(), self.output[-3000:]]
        return "\n".join([*parts, labctl.journal()])

    def summary(self) -> str:
        told = ", ".join(f"{h} ok={r['ok']} changed={r['changed']}" for h, r in self.recap().items())
        return f"{self.name}: rc {self.rc}, {self.seconds:.0f} s; {told}"


def site(
    name: str,
    *options: str,
    playbook: str = "site.yml",
    inventory: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    watch: Callable[[Event, Callable[[], None]], None] | None = None,
    tree: Path = ROOT,
) -> Run:
    """Run it, of this tree or another.

    `watch(event, kill)` sees every event at once; `kill()` ends the controller as a power cut would.
    """
    folder = OUTPUT / "runs" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "env").mkdir()
    (folder / "env/settings").write_text(json.dumps({"pexpect_timeout": 1}))
    sources = [str(tree / s) for s in ("inventories/lab", *inventory)]
    events: list[Event] = []

    def seen(event: Event) -> bool:
        events.append(event)
        if watch:
            watch(event, kill_controller)
        return True

    t0 = time.monotonic()
    result = ansible_runner.run(
        private_data_dir=str(folder),
        project_dir=str(tree),
        playbook=playbook,
        inventory=sources,
        cmdline=" ".join(options) or None,
        envvars={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOST_KEY_CHECKING": "True",  # the runner's own default is not to check
            **(env or {}),
        },
        event_handler=seen,
        ident="run",
        quiet=True,
    )
    run = Run(name, result.rc, time.monotonic() - t0, folder / "artifacts/run", events)
    told = {"rc": run.rc, "seconds": round(run.seconds, 1), "recap": run.recap(), "changes": run.changes(),
            "failures": run.failures(), "slowest": run.slowest()}  # fmt: skip
    (folder / "summary.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))
    print(f"    {run.summary()}", flush=True)
    return run


def kill_controller() -> None:
    """SIGKILL to ansible-playbook and all that it started: its workers lead sessions of their own."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    doomed = {p for p, parent in parents.items() if parent == os.getpid() and b"ansible-playbook" in _cmdline(p)}
    assert doomed, "ansible-playbook is not running"
    while more := {p for p, parent in parents.items() if parent in doomed} - doomed:
        doomed |= more
    for pid in doomed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def when(
    action: str, then: Callable[[Callable[[], None]], None], task: str = ""
) -> Callable[[Event, Callable[[], None]], None]:
    """A watcher: once, when a task of this action (and of this name, if given) starts, run `then(kill)` beside it."""
    started = threading.Event()

    def watch(event: Event, kill: Callable[[], None]) -> None:
        data = event["event_data"]
        hit = event["event"] == "runner_on_start" and data.get("task_action", "").endswith(action)
        hit = hit and task in ("", data.get("task"))
        if hit and not started.is_set():
            started.set()
            threading.Thread(target=then, args=(kill,), daemon=True).start()

    return watch
