# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that asks nobody for a login."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._containers.registry import Access


def anyone(_host: str) -> Access:
    return Access()
