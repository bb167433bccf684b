# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs several checks, so that a person learns of every mistake in one run."""

from __future__ import annotations

from typing import Any, Callable, List

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal


def gathered(*checks: Callable[[], Any]) -> List[Refusal]:
    """Everything that these checks refuse. A check raises a refusal or returns a list of them."""
    found: List[Refusal] = []
    for check in checks:
        try:
            answer = check()
        except Refusal as refusal:
            found.append(refusal)
        else:
            found += answer if isinstance(answer, list) and all(isinstance(row, Refusal) for row in answer) else []
    return found
