# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service of the appliance is ready: its unit, its health, the model that it lists."""

from __future__ import annotations

from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._http import openai as api
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import secrets, systemd
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import wait as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run
from ansible_collections.yitiji.deepseek.plugins.module_utils._verify import chat


def ask(words: List[str]) -> Tuple[int, str]:
    done = run(words, 30)
    return done.returncode, done.stdout


class Wanted(NamedTuple):
    """What is asked of a service; paths and names may be empty."""

    unit: str
    url: str
    health: str = "/health"
    models: str = ""
    model: str = ""
    key_file: Optional[str] = None
    email: str = ""
    password_file: Optional[str] = None


class Service:
    """Asks the service; it signs in once only, as sign-ins are counted there."""

    def __init__(self, wanted: Wanted, ask: systemd.Runner = ask) -> None:
        self.wanted, self._ask = wanted, ask
        self.restarts = systemd.read_state(ask, wanted.unit).restarts  # before the wait
        self.client = api.Client(wanted.url, timeout=10)
        if wanted.key_file:
            self.client.key = secrets.read(Path(wanted.key_file)) or ""

    def missing(self) -> Optional[str]:
        """Why the service is not ready; None where it is."""
        wanted = self.wanted
        try:
            status, _body = self.client.call(wanted.health)
            if status != 200:
                return f"{wanted.health} answers {status}"
            if not wanted.models:
                return None
            if wanted.email and not self.client.key:
                self.client.sign_in(wanted.email, secrets.read(Path(wanted.password_file or "")) or "")
            listed = self.client.models(wanted.models)
        except api.Unanswered as error:
            if api.wrong_password(error):
                raise
            return str(error) if error.status else f"it does not answer on {wanted.url} yet"
        if wanted.model and not api.listed_as(wanted.model, listed):
            return f"model {wanted.model} is not listed yet (listed: {', '.join(listed) or 'none'})"
        return None

    def look(self) -> core.Seen:
        state = systemd.read_state(self._ask, self.wanted.unit)
        # After a crash the reason is in the run before; else earlier runs only confuse.
        invocation = state.invocation if state.restarts == self.restarts else ""
        log = systemd.read_log(self._ask, self.wanted.unit, core.LOG_LINES, invocation)
        if state.active != "active":
            return core.Seen(state, log, "the unit is " + state.active)
        try:
            return core.Seen(state, log, self.missing())
        except api.Unanswered as error:
            return core.Seen(state, log, str(error), chat.unanswered(self.wanted.url, error))
