# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how many requests a copy still works on, while the module waits on the node."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.plugin_utils._watched import Watched


class ActionModule(Watched):
    NAME = "yitiji.deepseek.gateway_server"
