# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with one card, and the time."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import state

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFv1nqmVh0pP3Yh5eWq5i2Ykq0mGJ0q2b1uEo3bq7wYl admin"


CARD = {"bus": "0000:17:00.0", "pci_id": "10de:2684", "uuid": "GPU-1", "name": "RTX 4090"}


NODE = {
    "cpu": {"model": "X", "threads": 8},
    "memory": {"total_bytes": 64 * 2**30},
    "gpus": [dict(CARD)],
}


def now(**more):
    return {"hardware": state.hardware(NODE), "settings": {}, "address": "10.0.0.5", **more}
