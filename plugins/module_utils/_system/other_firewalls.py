# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld and ufw: what comes in must pass theirs and ours, so theirs is opened for us, or stands aside."""

from __future__ import annotations

import json
import os
import re
from subprocess import CompletedProcess
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

Run = Callable[[List[str], float], "CompletedProcess[str]"]
RECORD = "other-firewalls.json"
# Zones that others manage for their own bridges, and one that lets everything in anyway.
NOT_OURS = {"docker", "trusted", "libvirt", "libvirt-routed", "nm-shared", "drop", "block"}
CONTAINERS = "172.16.0.0/12"  # Docker's own networks, by default
SECONDS = 60


class Wanted(NamedTuple):
    """What has to come in: ports (`443`, `1024-2048`) by protocol, all of some addresses, and ports for containers."""

    ports: Tuple[Tuple[str, str], ...] = ()
    peers: Tuple[str, ...] = ()
    inside: Tuple[str, ...] = ()


class Others:
    def __init__(self, state_dir: str, dry: bool, run: Run = run) -> None:
        self.path, self.dry, self._run = os.path.join(state_dir, RECORD), dry, run
        self.record: Dict[str, Any] = json.loads(read_text(self.path) or "{}")
        self.done: List[str] = []

    def active(self) -> List[str]:
        """Those that filter now. ufw's unit is active even where ufw lets everything pass."""
        found = []
        if self._said(["firewall-cmd", "--state"]).strip() == "running":
            found.append("firewalld")
        if re.search(r"^Status: active$", self._said(["ufw", "status"]), re.MULTILINE):
            found.append("ufw")
        return found

    def beside(self, wanted: Wanted) -> List[str]:
        """Each lets in what has to come in; what is let in already is left alone, and not taken back later."""
        self._start_again()
        there = self.active()
        rows = {"firewalld": self._firewalld(wanted) if "firewalld" in there else [],
                "ufw": self._ufw(wanted) if "ufw" in there else []}  # fmt: skip
        for name in there:
            kept = [row for row in self.record.get(name, []) if row in rows[name]]
            self._take_back(name, [row for row in self.record.get(name, []) if row not in rows[name]])
            for row in rows[name]:
                if not self._lets_in(name, row):
                    self._do(self._words(name, row, True))
                    kept.append(row)
            self.record[name] = kept
        self._save()
        return self.done

    def instead(self) -> List[str]:
        """Each is switched off, and remembered."""
        for name in self.active():
            self._take_back(name, self.record.pop(name, []))
            self._do([["ufw", "disable"]] if name == "ufw" else [["systemctl", "disable", "--now", "firewalld"]])
            self.record["off"] = sorted({*self.record.get("off", []), name})
        self._save()
        return self.done

    def absent(self) -> List[str]:
        """As they were before."""
        for name in ("firewalld", "ufw"):
            if name in self.active():
                self._take_back(name, self.record.pop(name, []))
        self._start_again()
        if os.path.exists(self.path) and not self.dry:
            os.unlink(self.path)
        return self.done

    def _start_again(self) -> None:
        for name in self.record.pop("off", []):
            on = [["ufw", "--force", "enable"]] if name == "ufw" else [["systemctl", "enable", "--now", "firewalld"]]
            self._do(on)

    def _zones(self) -> List[str]:
        lines = self._said(["firewall-cmd", "--get-active-zones"]).splitlines()
        active = [line.split()[0] for line in lines if line and not line[0].isspace()]
        default = self._said(["firewall-cmd", "--get-default-zone"]).split()
        return [zone for zone in dict.fromkeys([*default, *active]) if zone not in NOT_OURS]

    def _firewalld(self, wanted: Wanted) -> List[List[str]]:
        """[zone, what, value]; containers are in a zone of Docker's own, which lets them in."""
        rows = []
        for zone in self._zones():
            rows += [[zone, "port", f"{port}/{protocol}"] for port, protocol in wanted.ports]
            for peer in wanted.peers:
                family = "ipv6" if ":" in peer else "ipv4"
                rows.append([zone, "rich-rule", f'rule family="{family}" source address="{peer}" accept'])
        return rows

    @staticmethod
    def _ufw(wanted: Wanted) -> List[List[str]]:
        rows = [["allow", f"{port.replace('-', ':')}/{protocol}"] for port, protocol in wanted.ports]
        rows += [["allow", "from", peer] for peer in wanted.peers]
        inner = ["allow", "from", CONTAINERS, "to", "any", "port"]
        return rows + [[*inner, port, "proto", "tcp"] for port in wanted.inside]

    def _lets_in(self, name: str, row: Sequence[str]) -> bool:
        if name == "ufw":
            return f"ufw {' '.join(row)}" in self._said(["ufw", "show", "added"]).splitlines()
        zone, what, value = row
        asked = [["firewall-cmd", f"--zone={zone}", f"--query-{what}={value}"],
                 ["firewall-cmd", "--permanent", f"--zone={zone}", f"--query-{what}={value}"]]  # fmt: skip
        return all(self._run(words, SECONDS).returncode == 0 for words in asked)

    @staticmethod
    def _words(name: str, row: Sequence[str], put: bool) -> List[List[str]]:
        if name == "ufw":
            return [["ufw", *([] if put else ["--force", "delete"]), *row]]
        zone, what, value = row
        act = f"--{'add' if put else 'remove'}-{what}={value}"
        return [["firewall-cmd", f"--zone={zone}", act], ["firewall-cmd", "--permanent", f"--zone={zone}", act]]

    def _take_back(self, name: str, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            self._do(self._words(name, row, False))

    def _do(self, commands: List[List[str]]) -> None:
        for words in commands:
            self.done.append(" ".join(words))
            if self.dry:
                continue
            done = self._run(words, SECONDS)
            if done.returncode != 0:
                raise Refusal("LLM141", command=" ".join(words), said=done.stderr.strip() or done.stdout.strip())

    def _said(self, words: List[str]) -> str:
        try:
            return self._run(words, SECONDS).stdout
        except FileNotFoundError:
            return ""

    def _save(self) -> None:
        record = {name: rows for name, rows in self.record.items() if rows}
        if not self.dry and (record or os.path.exists(self.path)):
            write_atomic(self.path, json.dumps(record, indent=2) + "\n", 0o600)
