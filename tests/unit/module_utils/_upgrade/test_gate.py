# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaking changes between two states, and that each is accepted by its id."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.action.appliance_upgrade import load_breaking
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import gate

TABLE = load_breaking()


def state(engine="vllm 0.11.2", page="0.8.3", docker="5:28.5.1-1~debian.12~bookworm", **more):
    return {
        "collection": "1.0.0", "engine": engine, "images": {"open-webui": {"ref": f"ghcr.io/o/open-webui:v{page}"}},
        "nodes": {"n1": {"packages": {"docker-ce": docker}}}, **more,
    }  # fmt: skip


def crossed(before, after):
    return [row["id"] for row in gate.crossed(TABLE, before, after)]


def test_the_table_has_all_that_a_reader_needs():
    assert len({row["id"] for row in TABLE}) == len(TABLE) > 2
    for row in TABLE:
        assert row["of"] and row["since"] and row["what"]["en"] and row["what"]["zh"]
        assert row["source"].startswith("https://")


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        ({}, []),
        ({"engine": "vllm 0.12.0"}, ["vllm-0.12"]),
        ({"engine": "vllm 0.11.9"}, []),
        ({"engine": "sglang 0.9.0"}, []),
        ({"page": "0.8.12-slim"}, ["open-webui-0.8.11"]),
        ({"docker": "5:29.0.0-1~debian.12~bookworm"}, ["docker-29"]),
        ({"docker": "29.10.1"}, ["docker-29", "docker-29.10"]),
        ({"engine": "vllm 0.32.0", "page": "0.12.4"}, ["vllm-0.12", "open-webui-0.8.11"]),
    ],
)
def test_what_lies_between(change, ids):
    assert crossed(state(), state(**change)) == ids


def test_what_was_crossed_before_is_not_crossed_again_nor_on_the_way_down():
    assert crossed(state(engine="vllm 0.12.0"), state(engine="vllm 0.32.0")) == []
    assert crossed(state(engine="vllm 0.32.0"), state()) == []


def test_an_image_without_a_name_in_both_is_nothing_known():
    assert crossed(state(images={}), state(page="0.12.4")) == []


def test_each_is_accepted_by_its_id():
    rows = gate.crossed(TABLE, state(), state(docker="29.10.1"))
    gate.judge(rows, ["docker-29", "docker-29.10"])
    with pytest.raises(Refusal) as caught:
        gate.judge(rows, ["docker-29"])
    told = caught.value.message("n1")
    assert "LLM586" in told and "docker-29.10" in told and "docker-v29.10.0" in told and "docker-29:" not in told
