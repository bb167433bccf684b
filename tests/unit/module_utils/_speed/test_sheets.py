# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards and engines as the catalogue describes them."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._speed.sheets import card_of, habits_of


def test_every_sheet_belongs_to_a_card_and_a_family(catalog):
    sheets = {name: row["speed"] for name, row in catalog["gpus"].items() if "speed" in row}
    assert len(sheets) >= 24
    for name, sheet in sheets.items():
        assert "memory_gib" in catalog["gpus"][name], name  # not a row that only this file has
        assert f"family-{sheet['family']}" in catalog["speeds"], name
        assert sheet["source"] and sheet["gbs"] > 100 and sheet["tflops"]["fp16"] > 10, name
        assert ("link_gbs" in sheet) is bool(catalog["gpus"][name].get("nvlink")), name
        assert card_of(catalog["gpus"][name], catalog["speeds"], nvlink=True) is not None
    used = {f"family-{sheet['family']}" for sheet in sheets.values()}
    assert {name for name in catalog["speeds"] if name.startswith("family-")} == used


def test_a_card_without_figures_has_no_speed(catalog):
    assert card_of({}, catalog["speeds"], nvlink=True) is None
    assert card_of({"speed": {"family": "abacus"}}, catalog["speeds"], nvlink=True) is None
    assert card_of(catalog["gpus"]["ascend-910b-64g"], catalog["speeds"], nvlink=True) is None


def test_links_go_by_what_the_node_has(catalog):
    h100, constants = catalog["gpus"]["h100-80g"], catalog["speeds"]
    fast, slow = card_of(h100, constants, True), card_of(h100, constants, False)
    assert fast.link == 450e9 and slow.link == 64e9 and slow.latency > fast.latency
    assert card_of(h100, constants, True, 400.0).node_link == pytest.approx(
        16 * card_of(h100, constants, True, 25.0).node_link
    )
    assert (
        card_of(catalog["gpus"]["rtx-4090-24g"], constants, True).link == 32e9
    )  # a driver's word does not make a bridge


def test_engines_go_by_their_version(catalog):
    constants = catalog["speeds"]
    assert habits_of(constants, "vllm", "0.7.3") != habits_of(constants, "vllm", "0.33.0")
    assert habits_of(constants, "vllm", "0.33.0") == habits_of(constants, "vllm", "0.8.0")
    assert habits_of(constants, "ollama", "0.9") == habits_of(constants, "llamacpp", "b5000")
    assert habits_of(constants, "ktransformers", "0.3") is None
    eager = habits_of(constants, "vllm", "0.33.0", eager=True)
    assert eager.layer == eager.launch == habits_of(constants, "vllm", "0.33.0").launch
