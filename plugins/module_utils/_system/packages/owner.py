# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of one owner (a role): installed and remembered; only what was not there before is removed again."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as records
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    NOTHING,
    Manager,
    Options,
    Steps,
    bare,
    missing,
    pinned,
    stand_aside,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.masks import Masks


class Wanted(NamedTuple):
    """What an owner asks for."""

    names: List[str]
    latest: bool = False
    options: Options = Options()
    refresh: bool = True
    hold: Optional[bool] = None
    mask_units: Sequence[str] = ()
    keep_masked: bool = False
    purge: bool = False
    conflicts: Sequence[str] = ()
    locked: Mapping[str, str] = NOTHING


class Result(NamedTuple):
    """What was done, in names of packages; `before` and `after` for --diff."""

    changed: bool
    installed: Sequence[str] = ()
    upgraded: Sequence[str] = ()
    removed: Sequence[str] = ()
    restored: Sequence[str] = ()
    kept: Sequence[str] = ()
    held: Sequence[str] = ()
    unheld: Sequence[str] = ()
    unmasked: Sequence[str] = ()
    before: str = ""
    after: str = ""
    versions: Mapping[str, str] = NOTHING  # of what is wanted, as far as it is installed


class Owner:
    """Installs and removes for one owner; with `check`, only says what it would do."""

    def __init__(self, manager: Manager, masks: Masks, state_dir: str, owner: str, check: bool) -> None:
        self.manager, self.masks, self.check = manager, masks, check
        self.record = records.Record(state_dir, owner)
        self.others = records.others(state_dir, owner)

    def present(self, wanted: Wanted) -> Result:
        """Installs what is wanted."""
        repaired = self._repair(wanted)
        wanted = wanted._replace(names=pinned(wanted.names, wanted.locked, self.manager.fits))
        there = self.manager.installed()
        record, names = self.record, [bare(name) for name in wanted.names]
        todo = missing(there, wanted.names, self.manager.fits)
        stand_aside(self.manager, there, todo, wanted.conflicts)
        record.wanted = names
        record.ours += [bare(name) for name in todo if bare(name) not in there]
        # Another owner brought it, so it was not there before us either: whoever goes last takes it away.
        elsewhere = {name for other in self.others for name in other.brought()}
        record.ours += [name for name in names if name in there and name in elsewhere]
        upgraded: Dict[str, str] = {}
        if todo and not self.check:
            if wanted.refresh:
                self.manager.refresh()
            upgraded.update(self._install(todo, wanted, wanted.options).upgraded)
        if wanted.latest:
            newer = [name for name in wanted.names if not (self.check and name in todo)]
            upgraded.update(self._upgrade(wanted._replace(names=newer), fresh=bool(todo)) if newer else {})
        holds, lifts = self._holds(wanted, names)
        changed = bool(todo or upgraded or holds or lifts or repaired or record.differs())
        if not self.check:
            record.save()
        now = (
            self.manager.installed()
            if (todo or upgraded) and not self.check
            else {**there, **self._other(todo, there, wanted), **upgraded}
        )
        return Result(
            changed, versions={name: now[name] for name in names if name in now},
            installed=todo, upgraded=sorted(upgraded), held=holds, unheld=lifts, unmasked=repaired,
            before=lines({name: there[name] for name in [*map(bare, todo), *upgraded] if name in there}),
            after=lines({**{bare(name): name.partition("=")[2] for name in todo}, **upgraded}),
        )  # fmt: skip

    def absent(self, wanted: Wanted) -> Result:
        """Removes what the owner brought, except what others want too."""
        repaired = self._repair(wanted, must=False)  # what can't be completed can still be removed
        if not self.record.exists():
            return Result(bool(repaired), unmasked=repaired)
        record, present = self.record, self.manager.present()
        claimed = {name for other in self.others for name in [*other.wanted, *other.ours]}
        names = [name for name in dict.fromkeys(record.ours) if name in present and name not in claimed]
        gone = self._removable(names, claimed)
        kept = [name for name in names if name not in gone]
        lifts = [name for name in record.held if name in present and name not in gone and name in self.manager.held()]
        restored = [name for name in record.displaced if name not in present]
        unmasked = self.masks.kept(record.masked)
        if not self.check:
            if gone:
                self.manager.remove(gone, wanted.purge)
            if lifts:
                self.manager.unhold(lifts)
            self.masks.lift(unmasked)
            if restored:
                self.manager.refresh()
                self.manager.install(restored, Options())
            self._hand_over(gone)
            record.delete()
        return Result(
            True, removed=gone, restored=restored, kept=kept, unheld=lifts, unmasked=[*repaired, *unmasked],
            before=lines({name: "" for name in gone}), after=lines({name: "" for name in restored}),
        )  # fmt: skip

    def _repair(self, wanted: Wanted, must: bool = True) -> List[str]:
        """Repairs what a killed run of any owner left: masked units, half installed packages, an old record."""
        record = self.record
        if record.along is None and record.ours and wanted.keep_masked:  # an earlier version masked without a note
            record.masked = sorted({*record.masked, *self.masks.kept(wanted.mask_units)})
        units = self.masks.leftovers()
        broken = [other for other in [record, *self.others] if other.unfinished]
        if self.check or not (units or broken):
            return units
        # Whoever was killed may have left an installation that still runs.
        self.manager.wait_until_free()
        if broken:
            try:
                self.manager.finish()
            except Refusal:
                if must:
                    raise
        for other in broken:
            other.unfinished = False
            other.save()
        return self.masks.lift_for_now()

    def _install(self, todo: List[str], wanted: Wanted, options: Options) -> Steps:
        record = self.record
        steps = self.manager.would_install(todo, options)
        came = [name for name in steps.new if name not in record.ours]
        record.along = None if record.along is None else [*record.along, *came]
        brought = {name for other in [record, *self.others] for name in other.brought()}
        record.displaced += [name for name in steps.removed if name not in brought]
        units = self.masks.free(wanted.mask_units)
        record.masked += units if wanted.keep_masked else []
        record.unfinished = True
        # Written first: a run that dies in between still knows what it may remove.
        record.save()
        try:
            if wanted.keep_masked:
                self.masks.put(units)
            else:
                self.masks.put_for_now(units)
            self.manager.install(todo, options)
        except Refusal:
            self._forget_what_never_came()
            raise
        finally:
            self.masks.lift_for_now()
        record.unfinished = False
        record.save()
        return steps

    def _upgrade(self, wanted: Wanted, fresh: bool) -> Dict[str, str]:
        options = wanted.options._replace(only_upgrade=True)
        if wanted.refresh and not (self.check or fresh):
            self.manager.refresh()
        steps = (self.manager.offers if self.check else self.manager.would_install)(wanted.names, options)
        if (steps.upgraded or steps.new) and not self.check:
            self._install(wanted.names, wanted._replace(mask_units=[]), options)
        return {**steps.upgraded, **steps.new}

    def _other(self, todo: List[str], there: Mapping[str, str], wanted: Wanted) -> Dict[str, str]:
        """In check mode, the versions of what is there that would come instead, where they can be found out."""
        with contextlib.suppress(Refusal):
            if any(bare(name) in there for name in todo):
                return self.manager.offers(todo, wanted.options).upgraded
        return {}

    def _forget_what_never_came(self) -> None:
        """After a failed installation: what somebody else installs later is not ours."""
        present, record = self.manager.present(), self.record
        record.ours = [name for name in record.ours if name in present]
        record.along = None if record.along is None else [name for name in record.along if name in present]
        record.displaced = [name for name in record.displaced if name not in present]
        record.save()

    def _holds(self, wanted: Wanted, names: List[str]) -> Tuple[List[str], List[str]]:
        if wanted.hold is None:
            return [], []
        held = self.manager.held()
        holds = [name for name in names if name not in held] if wanted.hold else []
        lifts = [name for name in self.record.held if name in held] if not wanted.hold else []
        if not self.check:
            # Written first, as above; a hold that somebody else set is not ours to lift.
            self.record.held = [*self.record.held, *holds] if wanted.hold else []
            if holds:
                self.record.save()
                self.manager.hold(holds)
            if lifts:
                self.manager.unhold(lifts)
        return holds, lifts

    def _removable(self, names: List[str], claimed: Set[str]) -> List[str]:
        """Those of our packages on which nobody else's depend, and their dependencies that nothing else needs."""
        along = self.record.along
        allowed = {*names, *(self.manager.automatic() if along is None else along)} - claimed
        names = [name for name in names if set(self.manager.would_remove([name])) <= allowed]
        if not names:
            return []
        removed = self.manager.would_remove(names)
        # What was unneeded already is not ours to tidy up.
        unneeded = set(self.manager.unneeded(names)) - set(self.manager.unneeded([])) - claimed - set(removed)
        came = sorted(name for name in unneeded if along is None or name in along)
        if came and not set(self.manager.would_remove([*removed, *came])) <= {*removed, *came}:
            came = []
        return [*removed, *came]

    def _hand_over(self, gone: List[str]) -> None:
        """Dependencies that stay are still needed by other owners: the last of these removes them."""
        present = self.manager.present()
        left = [name for name in self.record.brought() if name in present and name not in gone]
        for other in self.others:
            other.ours += [name for name in left if name in other.wanted and name not in other.ours]
            if other.along is not None:
                other.along += [name for name in left if name not in other.brought()]
            other.save()


def lines(packages: Dict[str, Any]) -> str:
    return "".join(f"{name} {version}".rstrip() + "\n" for name, version in sorted(packages.items()))
