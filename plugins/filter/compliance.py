# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the settings of role compliance."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance import sent
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import refusing


def compliance_files(audit):
    """What the audit is set to -> files that are sent."""
    return sent.files(audit)


class FilterModule:
    def filters(self):
        return refusing({"compliance_files": compliance_files})
