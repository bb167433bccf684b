# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine made of a few files and commands."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture


def capture(files=None, commands=None, links=None, spaces=None, directories=None):
    return Capture(
        {"files": files or {}, "commands": commands or {}, "links": links or {}, "spaces": spaces or {},
         "directories": directories or []}
    )  # fmt: skip
