# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that work on the chat page's data."""

from __future__ import annotations


class ModuleDocFragment:
    # Of those that read the data where it lies.
    DATA = r"""
options:
  data_dir:
    description: Folder with the users' data.
    type: path
    required: true
"""

    # Of those that make or take an archive of it.
    ARCHIVE = r"""
options:
  data_dir:
    description: Folder with the users' data.
    type: path
    required: true
  secrets_dir:
    description: Folder of the secrets.
    type: path
    default: /etc/yitiji/secrets
"""
