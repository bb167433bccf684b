# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares paths by whole parts: /srv/models-old is not in /srv/models."""

from __future__ import annotations

import os


def within(place: str, path: str) -> bool:
    """Whether a path as it is written is `place` or lies below it; `..` is worked out, links are not."""
    outer, inner = os.path.normpath(place).rstrip("/"), os.path.normpath(path)
    return inner == outer or inner.startswith(outer + "/")
