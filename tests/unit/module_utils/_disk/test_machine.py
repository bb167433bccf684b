# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container a bake runs in cannot reach the machine around it."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.machine import command


def test_the_container_is_kept_from_the_machine():
    words = command("/t", "n", "br0", own_systemd=True)
    assert "--keep-unit" not in words and "--network-bridge=br0" in words
    assert any(w.startswith("--drop-capability=") and "CAP_SYS_MODULE" in w for w in words)
