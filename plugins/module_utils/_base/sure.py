# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says to a reader and to the type checker what can't be missing here."""

from __future__ import annotations

from typing import Optional, TypeVar

T = TypeVar("T")


def sure(value: Optional[T]) -> T:
    """The value itself. A missing one is an error of ours, also where Python runs without assertions."""
    if value is None:
        raise RuntimeError("a value is missing that must be there")
    return value
