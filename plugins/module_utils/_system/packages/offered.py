# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several owners want to install, asked of the package manager at once instead of by each."""

from __future__ import annotations

from functools import partial
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as records
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    NOTHING,
    Manager,
    Options,
    bare,
    missing,
    pinned,
    refuse_others,
    stand_aside,
)


class Ask(NamedTuple):
    """The packages of one owner, and how they would be installed."""

    owner: str
    names: List[str]
    options: Options = Options()
    conflicts: Sequence[str] = ()
    latest: bool = False


class Answer(NamedTuple):
    """What is missing, of all owners, and what can't be installed."""

    missing: List[str]
    refusals: List[Refusal]
    versions: Dict[str, str]  # of all that owners want: what would be, else what is installed


def offered(manager: Manager, state_dir: str, asks: List[Ask], locked: Optional[Mapping[str, str]] = None) -> Answer:
    """Nothing is changed. Where all together are refused each owner is asked alone: its refusal names its packages."""
    there, locked = manager.installed(), locked or NOTHING
    refuse_others(manager, there, [name for ask in asks for name in ask.names], locked)
    asks = [ask._replace(names=pinned(ask.names, locked, manager.fits)) for ask in asks]
    lacking = [ask._replace(names=missing(there, ask.names, manager.fits)) for ask in asks]
    todo = list(dict.fromkeys(name for ask in lacking for name in ask.names))
    refusals: List[Refusal] = []
    kept = records.others(state_dir, "")
    names = [bare(name) for name in (*(n for ask in asks for n in ask.names), *(n for one in kept for n in one.wanted))]
    versions = {name: there[name] for name in names if name in there}
    for ask in lacking:
        refusals += gathered(partial(stand_aside, manager, there, ask.names, ask.conflicts))
    # What a killed run left half installed would be refused here, and is completed before anything is installed.
    if not any(record.unfinished for record in kept):
        groups: Dict[Options, List[Ask]] = {}
        for ask in lacking:
            if ask.names:
                groups.setdefault(ask.options, []).append(ask)
        for options, group in groups.items():
            refusals += _refused(manager, options, group, versions)
        for ask in asks:
            here = [name for name in ask.names if ask.latest and bare(name) in there]
            if here:
                newer = partial(_offers, manager, ask.options._replace(only_upgrade=True), here, versions)
                refusals += gathered(newer)
    return Answer(todo, refusals, {name: version for name, version in versions.items() if name in names})


def _offers(manager: Manager, options: Options, names: List[str], versions: Dict[str, str]) -> None:
    steps = manager.offers(names, options)
    versions.update({**steps.upgraded, **steps.new})


def _refused(manager: Manager, options: Options, group: List[Ask], versions: Dict[str, str]) -> List[Refusal]:
    names = list(dict.fromkeys(name for ask in group for name in ask.names))

    together = gathered(partial(_offers, manager, options, names, versions))
    if not together or len(group) == 1:
        return together
    alone = gathered(*((lambda wanted=ask.names: manager.offers(wanted, options)) for ask in group))
    return alone or together  # none alone: they exclude each other
