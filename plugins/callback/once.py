# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does once what the process of every task would do again."""

from __future__ import annotations

DOCUMENTATION = r"""
name: once
type: notification
short_description: Does once what the process of every task would do again
version_added: 1.0.0
author: The yitiji.deepseek engineers (@yitiji)
description:
  - Ansible runs each task in a process of its own. Each of them looks for the filters that it uses among all files of
    the collection, and in each run every module is packed anew for the nodes. Both come out the same every time. For
    each template, all variables are copied with all that they hold.
  - This loads the collection's filters before the first task, copies no more than the list of variables, spares what
    was read for a play from the garbage collection of the processes, and keeps packed modules in
    C(~/.cache/yitiji/modules) for the next run. They are used only while no source file of Ansible's modules, or of a
    collection's, has changed.
  - Enabled in the ansible.cfg of the collection's checkout. From an installed collection, set
    C(callbacks_enabled = yitiji.deepseek.explained, yitiji.deepseek.once).
requirements:
  - enabled in C(callbacks_enabled)
"""

import contextlib
import gc
import os
import pkgutil
import sys
from copy import copy
from importlib import import_module
from typing import Any, List

import ansible.modules
from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import filter_loader, lookup_loader, test_loader
from ansible.release import __version__
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _kept as kept

OWN = "ansible_collections.yitiji.deepseek"
COLLECTIONS = (OWN, "ansible_collections.community.crypto")  # whose modules the roles use


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "yitiji.deepseek.once"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook: Any) -> None:
        load_filters()
        copy_shallow()
        self.store = os.path.expanduser("~/.cache/yitiji/modules")
        self.key = kept.key(sources(), __version__, sys.version)
        with contextlib.suppress(OSError):
            kept.bring(self.store, self.key, C.DEFAULT_LOCAL_TMP)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        gc.freeze()  # what was read for it is looked through, and thereby copied, by no task's process

    def v2_playbook_on_stats(self, stats: Any) -> None:
        with contextlib.suppress(OSError):
            kept.keep(self.store, self.key, C.DEFAULT_LOCAL_TMP, ("ansible.", *COLLECTIONS))


def load_filters() -> None:
    """Into the loader's own memory, which the processes of tasks inherit."""
    filters = f"{OWN}.plugins.filter"
    for found in pkgutil.iter_modules(import_module(filters).__path__):
        module = import_module(f"{filters}.{found.name}")
        for name in module.FilterModule().filters():
            filter_loader.get(f"yitiji.deepseek.{name}")
    list(test_loader.all())


def copy_shallow() -> None:
    """A template lookup adds names to its copy of the variables, and changes nothing within them."""
    lookup = sys.modules[lookup_loader.get("ansible.builtin.template", class_only=True).__module__]
    whole = getattr(lookup, "deepcopy", None)
    if whole:
        lookup.deepcopy = lambda variables: copy(variables) if isinstance(variables, dict) else whole(variables)


def sources() -> List[str]:
    """Every folder from which a module, or what it imports, may come."""
    core = os.path.dirname(os.path.dirname(os.path.abspath(ansible.modules.__file__)))
    parts = [os.path.join(core, name) for name in ("modules", "module_utils", "executor", "_internal")]
    for collection in COLLECTIONS:
        with contextlib.suppress(ImportError):
            for place in import_module(collection).__path__:
                parts += [os.path.join(place, "plugins", name) for name in ("modules", "module_utils")]
    more = [path for paths in (C.DEFAULT_MODULE_UTILS_PATH, C.DEFAULT_MODULE_PATH) for path in paths or []]
    return [*parts, *more]
