# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules say of themselves. A module states its own support and details; the words stand here."""

from __future__ import annotations


class ModuleDocFragment:
    # Of every module that changes something.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode, and says what it would change without changing it.
  diff_mode:
    description: Shows what changed, or in check mode would change, when run with C(--diff).
  platform:
    description: Operating systems on which the module works.
    support: full
    platforms: linux
"""

    # Of modules that change nothing.
    READS = r"""
attributes:
  check_mode:
    description: Can run in check mode, and says what it would change without changing it.
    support: full
    details: Changes nothing, so it does the same in check mode.
  diff_mode:
    description: Shows what changed, or in check mode would change, when run with C(--diff).
    support: none
    details: Nothing is changed.
  platform:
    description: Operating systems on which the module works.
    support: full
    platforms: linux
"""

    # Besides: there is nothing to show.
    NO_DIFF = r"""
attributes:
  diff_mode:
    support: none
    details: There is nothing to show.
"""

    # Besides: an action plugin does all the work.
    CONTROLLER = r"""
attributes:
  action:
    description: Has an action plugin of the same name, which runs on the controller.
    support: full
    details: All of the work is done on the controller; no connection to the host is opened.
"""

    # Besides: an action plugin does a part, which the module names in its details.
    ACTION = r"""
attributes:
  action:
    description: Has an action plugin of the same name, which runs on the controller.
    support: full
"""

    # Besides: an action plugin watches the module.
    WATCHED = r"""
options:
  progress:
    description: File in which the module keeps how far it is. The action plugin sets it.
    type: path
attributes:
  action:
    description: Has an action plugin of the same name, which runs on the controller.
    support: full
    details: Runs the module in the background and shows how far it is.
"""
