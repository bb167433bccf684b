# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that must not start by themselves: while their package is installed, or as long as it is ours."""

from __future__ import annotations

import json
import os
from typing import Callable, Iterable, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._system.files import read_text, write_atomic

# A unit of these folders is somebody's: it was there before us and is not ours to mask.
UNIT_DIRS = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
FOR_NOW = "run/systemd/system"  # gone after a power cut
KEPT = "etc/systemd/system"


class Masks:
    """Masks units.

    A mask for the time of an installation is noted before it is set, and forgotten after it is lifted.
    """

    def __init__(self, record: str, reload: Callable[[], None], root: str = "/") -> None:
        self.record, self.reload, self.root = record, reload, root

    def free(self, units: Iterable[str]) -> List[str]:
        """Those of the units that no package and nobody else has on this node."""
        return [unit for unit in units if not any(os.path.lexists(self._path(d, unit)) for d in UNIT_DIRS)]

    def kept(self, units: Iterable[str]) -> List[str]:
        """Those that are masked permanently."""
        return [unit for unit in units if is_mask(self._path(KEPT, unit))]

    def leftovers(self) -> List[str]:
        """Those that a killed run masked for the time of an installation."""
        found: List[str] = json.loads(read_text(self.record) or "[]")
        return found

    def put_for_now(self, units: List[str]) -> None:
        if units:
            write_atomic(self.record, json.dumps(sorted({*self.leftovers(), *units})) + "\n", 0o644)
            for unit in units:
                self._mask(self._path(FOR_NOW, unit))

    def lift_for_now(self) -> List[str]:
        """Lifts all masks for the time of an installation, of this run or of one that was killed."""
        units = self.leftovers()
        if units:
            self._lift(FOR_NOW, units)
            os.unlink(self.record)
        return units

    def put(self, units: List[str]) -> None:
        for unit in units:
            self._mask(self._path(KEPT, unit))

    def lift(self, units: List[str]) -> None:
        self._lift(KEPT, units)

    def _path(self, folder: str, unit: str) -> str:
        return os.path.join(self.root, folder, unit)

    @staticmethod
    def _mask(path: str) -> None:
        if not os.path.lexists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.symlink("/dev/null", path)

    def _lift(self, folder: str, units: List[str]) -> None:
        masked = [unit for unit in units if is_mask(self._path(folder, unit))]
        for unit in masked:
            os.unlink(self._path(folder, unit))
        if masked:
            self.reload()


def is_mask(path: str) -> bool:
    """Whether a unit file is a mask."""
    return os.path.islink(path) and os.readlink(path) == "/dev/null"
