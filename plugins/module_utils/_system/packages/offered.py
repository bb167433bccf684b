# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several owners want to install, asked of the package manager at once instead of by each."""

from __future__ import annotations

from functools import partial
from typing import Dict, List, NamedTuple, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as records
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    Manager,
    Options,
    missing,
    stand_aside,
)


class Ask(NamedTuple):
    """The packages of one owner, and how they would be installed."""

    owner: str
    names: List[str]
    options: Options = Options()
    conflicts: Sequence[str] = ()


class Answer(NamedTuple):
    """What is missing, of all owners, and what can't be installed."""

    missing: List[str]
    refusals: List[Refusal]


def offered(manager: Manager, state_dir: str, asks: List[Ask]) -> Answer:
    """Nothing is changed. Where all together are refused each owner is asked alone: its refusal names its packages."""
    there = manager.installed()
    lacking = [ask._replace(names=missing(there, ask.names, manager.fits)) for ask in asks]
    todo = list(dict.fromkeys(name for ask in lacking for name in ask.names))
    refusals: List[Refusal] = []
    for ask in lacking:
        refusals += gathered(partial(stand_aside, manager, there, ask.names, ask.conflicts))
    # What a killed run left half installed would be refused here, and is completed before anything is installed.
    if not any(record.unfinished for record in records.others(state_dir, "")):
        groups: Dict[Options, List[Ask]] = {}
        for ask in lacking:
            if ask.names:
                groups.setdefault(ask.options, []).append(ask)
        for options, group in groups.items():
            refusals += _refused(manager, options, group)
    return Answer(todo, refusals)


def _refused(manager: Manager, options: Options, group: List[Ask]) -> List[Refusal]:
    names = list(dict.fromkeys(name for ask in group for name in ask.names))
    together = gathered(lambda: manager.offers(names, options))
    if not together or len(group) == 1:
        return together
    alone = gathered(*((lambda wanted=ask.names: manager.offers(wanted, options)) for ask in group))
    return alone or together  # none alone: they exclude each other
