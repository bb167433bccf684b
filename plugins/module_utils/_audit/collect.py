# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector: takes what the gateway writes into the chain, and tells the gateway who may ask no more."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import syslog
import time
from typing import Any, Dict, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._audit import chain, lines
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit.store import (
    Store,
    free,
    segments,
    spool_places,
    stamp,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._audit.store import lines as lines_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import one, sentence
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

STATE = "/run/yitiji-audit/state.json"
EVERY, SEAL_EVERY, KEEP_EVERY, TOUCH_EVERY = 0.5, 600, 60, 5  # seconds
MOST_BYTES = 8 << 20  # of one step
SPOOL_BYTES, QUIET = 32 << 20, 60
LOW = 32 << 20  # room that is left when the reserve is given up


class Spool:
    """The file that nginx adds to, and the one before it: `spool.N`, which stays empty when it is read."""

    def __init__(self, folder: str, pid_file: str, places: Mapping[int, int]) -> None:
        self.folder, self.pid_file = folder, pid_file
        self.places: Dict[int, int] = dict(places)

    def old(self) -> List[int]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(int(name[6:]) for name in names if name.startswith("spool.") and name[6:].isdigit())

    def path(self, number: int) -> str:
        old = os.path.join(self.folder, f"spool.{number}")
        return old if os.path.exists(old) else os.path.join(self.folder, "spool.log")

    def numbers(self) -> List[int]:
        old = self.old()
        return [*old, (old[-1] if old else 0) + 1]

    def read(self, number: int) -> Tuple[List[Dict[str, Any]], int]:
        offset = self.places.get(number, 0)
        try:
            with open(self.path(number), "rb") as stream:
                stream.seek(offset)
                data = stream.read(MOST_BYTES)
                while data and b"\n" not in data:  # one line that is longer
                    more = stream.read(MOST_BYTES)
                    if not more:
                        break
                    data += more
        except FileNotFoundError:
            return [], offset
        return lines.converted(data, number, offset)

    def was_cut(self, number: int) -> bool:
        """Whether the file that nginx adds to is shorter than what was read of it."""
        path = self.path(number)
        try:
            return path.endswith(".log") and os.stat(path).st_size < self.places.get(number, 0)
        except FileNotFoundError:
            return False

    def turn(self, now: float) -> None:
        """A new file where this one is large; what nginx' workers still add to the other one is read."""
        old = self.old()
        for number in old[:-1]:
            os.unlink(self.path(number))
        if old:
            path = self.path(old[-1])
            seen = os.stat(path)
            if not seen.st_size:
                pass
            elif self.places.get(old[-1], 0) >= seen.st_size and seen.st_mtime < now - QUIET:
                write_atomic(path, "", 0o600)
            else:
                return
        current = os.path.join(self.folder, "spool.log")
        with contextlib.suppress(FileNotFoundError, ValueError):
            if os.stat(current).st_size > SPOOL_BYTES:
                os.rename(current, os.path.join(self.folder, f"spool.{self.numbers()[-1]}"))
                os.kill(int(read_text(self.pid_file)), signal.SIGUSR1)


class Collector:
    def __init__(self, config: Mapping[str, Any], now: float, state: str = STATE) -> None:
        self.config, self.state = config, state
        self.store = Store(config, os.path.join(os.path.dirname(str(config["folder"])), "key"))
        paths = segments(self.store.folder)
        self.spool = Spool(str(config["spool"]), str(config["nginx_pid"]), spool_places(paths))
        self.use = lines.Use(config.get("quotas") or [])
        self.use.turn(now)
        midnight = lines.day_end(now) - 86400
        for _where, text in lines_of([path for path in paths if os.stat(path).st_mtime >= midnight]):
            record = chain.parse(text) or {}
            if str(record.get("time")) >= stamp(midnight):
                self.use.add(record)
        self.full = self.short = False
        self.sealed = now
        self.kept = self.touched = 0.0
        self.told = ""

    def look(self, now: float) -> int:
        """One step; how many requests were recorded."""
        self.room(now)
        taken = 0
        self.use.turn(now)
        try:
            for number in self.spool.numbers():
                taken += self.take(number, now)
            if abs(now - self.sealed) >= SEAL_EVERY:  # a clock may be set back
                self.sealed = now
                if self.store.seal(now):
                    complain(5, "head {} {}".format(*self.store.place))
            if abs(now - self.kept) >= KEEP_EVERY:
                self.kept = now
                self.keep(now)
            self.spool.turn(now)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self.give_up(now)
        self.tell(now)
        return taken

    def take(self, number: int, now: float) -> int:
        if self.spool.was_cut(number):
            self.note("cut", now)
            self.spool.places[number] = 0
        records, offset = self.spool.read(number)
        if not records:
            return 0
        written = self.store.append(records, now)
        self.spool.places[number] = offset
        for record in records:
            self.use.add(record)
        if self.config.get("syslog"):
            for record, line in zip(lines.without_content(records), written):
                digest = line[-67:-3]
                syslog.syslog(syslog.LOG_INFO, json.dumps({**record, "hash": digest}, ensure_ascii=False))
        return len(records)

    def room(self, now: float) -> None:
        """Whether records can go on for a while: what the gateway does of it is its own rule."""
        if not self.full:
            if not self.store.hold() or self.low():
                self.give_up(now)
        elif not self.low() and self.store.hold():
            self.full = False
            self.note("room", now)

    def low(self) -> bool:
        return min(free(self.store.folder), free(self.spool.folder)) < LOW

    def give_up(self, now: float) -> None:
        self.store.give_up()
        if not self.full:
            self.full = True
            complain(2, one(sentence("LLM882", path=self.store.folder)))
            self.note("full", now)

    def keep(self, now: float) -> None:
        self.store.forget(now)
        short = self.store.used() > int(self.config["share_mb"]) << 20
        if short and not self.short:
            complain(2, one(sentence("LLM883", most=self.config["share_mb"])))
            self.note("share", now)
        self.short = short

    def note(self, kind: str, now: float) -> None:
        """An event of the audit itself, in the chain too."""
        with contextlib.suppress(OSError):
            self.store.append([{"kind": kind, "time": stamp(now)}], now)

    def tell(self, now: float) -> None:
        said: Dict[str, Any] = {"over": self.use.over(now)}
        if self.full or self.short:
            said["stop"] = sentence("LLM882", path=self.store.folder)
        text = json.dumps(said, ensure_ascii=False)
        if text != self.told:
            write_atomic(self.state, text, 0o644)
            self.told, self.touched = text, now
        elif abs(now - self.touched) >= TOUCH_EVERY:  # the gateway believes no old one
            os.utime(self.state)
            self.touched = now


def complain(level: int, text: str) -> None:
    """To the journal, by its own mark of urgency."""
    sys.stderr.write(f"<{level}>{text}\n")
    sys.stderr.flush()


def run(config: Mapping[str, Any]) -> None:
    """For ever, until systemd says that it is enough."""
    going = [True]

    def end(_number: int, _frame: Any) -> None:
        going[0] = False

    signal.signal(signal.SIGTERM, end)
    os.umask(0o027)
    if config.get("syslog"):
        syslog.openlog("yitiji-audit", 0, syslog.LOG_LOCAL6)
    collector = Collector(config, time.time())
    while going[0]:
        if not collector.look(time.time()):
            time.sleep(EVERY)
    with contextlib.suppress(OSError):
        collector.store.seal(time.time())
