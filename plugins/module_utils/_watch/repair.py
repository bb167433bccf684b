# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out what was decided, as an administrator would; none of it waits for a service to load."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import run as run_command
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.decide import PUBLISH, RULES, Repair

SECONDS = 40.0
Runner = Callable[[List[str], float], Tuple[int, str]]


def run(words: List[str], seconds: float) -> Tuple[int, str]:
    """Status and output; 127 where the command is not there."""
    try:
        done = run_command(words, seconds)
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr or done.stdout


def feed(words: List[str], text: str) -> Tuple[int, str]:
    try:
        done = run_command(words, SECONDS, text)
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stderr


def carry_out(
    repair: Repair,
    kept_rules: Mapping[str, Any],
    containers: Optional[Mapping[str, Any]],
    ask: Runner = run,
    give: Callable[[List[str], str], Tuple[int, str]] = feed,
) -> Dict[str, Any]:
    """What was done: {did, ok, said}."""
    if repair.words[0] == PUBLISH:
        return _publish(repair.words[1], repair.words[2], ask)
    if repair.words[0] == RULES:
        return _rules(kept_rules, containers, ask, give)
    verb, unit = repair.words
    ask(["systemctl", "reset-failed", unit], SECONDS)
    # A service that loads for minutes is not waited for; the next look shows whether it helped.
    rc, said = ask(["systemctl", "--no-block", verb, unit], SECONDS)
    return {"did": f"systemctl {verb} {unit}", "ok": rc == 0, "said": said.strip()[:200]}


def _publish(container: str, network: str, ask: Runner) -> Dict[str, Any]:
    """Reconnects it to its network: Docker publishes its ports again, and what was loaded stays loaded."""
    ask(["docker", "network", "disconnect", "--force", network, container], SECONDS)
    rc, said = ask(["docker", "network", "connect", network, container], SECONDS)
    return {"did": f"docker network connect {network} {container}", "ok": rc == 0, "said": said.strip()[:200]}


def _rules(
    kept: Mapping[str, Any],
    containers: Optional[Mapping[str, Any]],
    ask: Runner,
    give: Callable[[List[str], str], Tuple[int, str]],
) -> Dict[str, Any]:
    did = "iptables-restore"
    if not kept or kept.get("for") != rules.containers_key(containers):
        return {"did": did, "ok": False, "said": "the copy is of other containers"}
    text = rules.missing(rules.today(kept["tables"], ask), rules.copy(ask))
    rc, said = give(["iptables-restore", "--noflush", "-w", "5"], text) if text else (0, "")
    return {"did": did, "ok": rc == 0, "said": said.strip()[:200]}
