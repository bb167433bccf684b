# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs this collection and what it depends on, and puts the archive on the node; see the module's documentation."""

from __future__ import annotations

import importlib
import os
from typing import Any, Dict

from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.collection import pack
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._placed import Placed

OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPENDENCIES = ("community.crypto",)  # as in galaxy.yml


def folder_of(name: str) -> str:
    return str(importlib.import_module(f"ansible_collections.{name}").__path__[0])


class ActionModule(Placed):
    NAME = "collection_archive"

    def content(self, _args: Dict[str, Any]) -> bytes:
        return pack({"yitiji.deepseek": OWN, **{name: folder_of(name) for name in DEPENDENCIES}})
