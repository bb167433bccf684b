# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of whatever reads the catalogue."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  catalog_dirs:
    description: Folders with further catalogue entries; later ones win. Read by the action plugin.
    type: list
    elements: path
    default: []
"""
