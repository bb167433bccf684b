# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards found by id, name and size."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.hardware import match_gpu


def test_cards_are_found_by_id_name_and_size(catalog):
    assert match_gpu({"pci_id": "10DE:2684", "memory_bytes": int(23.5 * 2**30)}, catalog)[0] == "rtx-4090-24g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-80GB", "memory_bytes": 79 * 2**30}, catalog)[0] == "a100-80g"
    assert match_gpu({"name": "NVIDIA A100-SXM4-40GB", "memory_bytes": 39 * 2**30}, catalog)[0] == "a100-40g"
    assert match_gpu({"name": "NVIDIA H20", "memory_bytes": 140 * 2**30}, catalog)[0] == "h20-141g"
    assert match_gpu({"name": "NVIDIA H200", "memory_bytes": 140 * 2**30}, catalog)[0] == "h200-141g"
    assert match_gpu({"name": "Riva 128"}, catalog) == ("Riva 128", {})
