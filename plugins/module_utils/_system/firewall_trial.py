# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on trial: loaded with a timer that takes them back, kept once a new connection has got through them."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Callable, List, NamedTuple, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import firewall as rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.sandbox import sandbox

UNIT = "yitiji-firewall"
TIMER = "yitiji-firewall-rollback"
SERVICE = """\
# Kept by yitiji.deepseek.firewall_rules.
[Unit]
Description=What may reach this node
Before=network-pre.target
Wants=network-pre.target
# Whoever starts the distribution's service empties all tables; ours comes back behind it.
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f {path}
ExecReload=/usr/sbin/nft -f {path}
ExecStop=/usr/sbin/nft delete table inet yitiji
{sandbox}

[Install]
WantedBy=multi-user.target
"""


class Places(NamedTuple):
    rules: str = "/etc/yitiji/firewall.nft"
    unit: str = f"/etc/systemd/system/{UNIT}.service"
    state: str = "/run/yitiji-firewall"
    processes: str = "/proc"


class Trial:
    """The node's table, the file and the unit that bring it back at the next start."""

    def __init__(self, places: Places, run: Callable[[List[str], float], CompletedProcess[str]] = run) -> None:
        self.places, self._run = places, run

    def kept(self, text: str) -> bool:
        """Whether the kernel, the file and the unit are as wanted. After a boot the table is new and unnoted."""
        if text != read_text(self.places.rules) or read_text(self.places.unit) != self._service():
            return False
        for asked in ("is-active", "is-enabled"):
            if self._run(["systemctl", asked, "--quiet", UNIT], 30).returncode != 0:
                return False
        noted, now = read_text(f"{self.places.state}/kept"), self._table()
        return bool(now) and (not noted or noted == now)

    def begin(self, text: str, seconds: int) -> None:
        """Load rules that go by themselves."""
        state = self.places.state
        os.makedirs(state, mode=0o700, exist_ok=True)
        write_atomic(f"{state}/new.nft", text, 0o600)
        write_atomic(f"{state}/old.nft", rules.undo(read_text(self.places.rules)), 0o600)
        self._end_timer()
        self._must(
            ["systemd-run", "--quiet", f"--unit={TIMER}", f"--on-active={seconds}s", "--timer-property=AccuracySec=1s",
             "/usr/sbin/nft", "-f", f"{state}/old.nft"]
        )  # fmt: skip
        self._must(["nft", "-f", f"{state}/new.nft"])
        write_atomic(f"{state}/trial", self._table(), 0o600)

    def confirm(self, text: str) -> None:
        """The controller is back over a new connection: keep the rules. LLM816 where they were withdrawn before."""
        in_time = self._end_timer()
        if not in_time or self._table() != read_text(f"{self.places.state}/trial"):
            raise Refusal("LLM816")
        write_atomic(self.places.rules, text, 0o600)
        write_atomic(self.places.unit, self._service(), 0o644)
        self._must(["systemctl", "daemon-reload"])
        self._must(["systemctl", "--quiet", "enable", UNIT])
        self._must(["systemctl", "restart", UNIT])
        write_atomic(f"{self.places.state}/kept", self._table(), 0o600)

    def remove(self, dry: bool) -> bool:
        """Take table, file and unit away; whether there was anything."""
        there = [name for name in (self.places.rules, self.places.unit) if os.path.exists(name)]
        loaded = bool(self._table())
        if not dry and (there or loaded):
            self._end_timer()
            self._run(["systemctl", "--quiet", "disable", "--now", UNIT], 60)
            if loaded:
                self._run(["nft", "delete", "table", *rules.TABLE.split()], 30)
            for name in there:
                os.unlink(name)
            self._must(["systemctl", "daemon-reload"])
        return loaded or bool(there)

    def sessions(self) -> List[Tuple[str, int]]:
        """The SSH session that this process runs in; sudo hides it from our environment, not from our parents'."""
        process = os.getpid()
        while process > 1:
            place = Path(self.places.processes, str(process))
            try:
                found = rules.session_of((place / "environ").read_text(encoding="utf-8", errors="replace"))
                if found:
                    return found
                state = (place / "stat").read_text(encoding="utf-8", errors="replace")
                process = int(state.rpartition(")")[2].split()[1])  # a name may hold blanks and brackets
            except (OSError, ValueError):
                return []
        return []

    def _service(self) -> str:
        return SERVICE.format(path=self.places.rules, sandbox=sandbox(["network"], capabilities=["CAP_NET_ADMIN"]))

    def _table(self) -> str:
        """A digest of our table as the kernel has it, without counters; empty when it is not there."""
        if not shutil.which("nft"):  # the role's removal takes the package, too: a second one meets a node without it
            return ""
        done = self._run(["nft", "--stateless", "list", "table", *rules.TABLE.split()], 30)
        return hashlib.sha256(done.stdout.encode()).hexdigest() if done.returncode == 0 else ""

    def _end_timer(self) -> bool:
        """Stop the way back; whether it was still to come."""
        waiting = self._run(["systemctl", "is-active", "--quiet", f"{TIMER}.timer"], 30).returncode == 0
        self._run(["systemctl", "stop", f"{TIMER}.timer"], 30)
        self._run(["systemctl", "reset-failed", f"{TIMER}.timer", f"{TIMER}.service"], 30)
        return waiting

    def _must(self, words: List[str]) -> None:
        done = self._run(words, 60)
        if done.returncode != 0:
            raise Refusal("LLM141", command=" ".join(words), said=done.stderr.strip() or done.returncode)


def shut_out(seconds: int, back: bool) -> Refusal:
    """Of rules through which no new connection came; whether the node answers with the old ones."""
    now = ("the old rules are back", "旧规则已恢复") if back else ("the node does not answer yet", "节点尚未响应")
    return Refusal("LLM808", seconds=seconds, now=Text(*now))
