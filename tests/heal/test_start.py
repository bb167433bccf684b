# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory comes out otherwise than planned: the real vLLM ends in its own words, and site.yml starts it with less."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import labctl
import pytest
import sitectl

KEPT = labctl.CACHE / "run"
BLOCK = 128  # tokens of a page of vLLM's cache on CPUs
TOKEN = 512  # bytes that a token of the lab's model takes there


def learned() -> list[dict[str, Any]]:
    return [row for path in calibrations() for row in json.loads(path.read_text()) if row.get("kind") == "ended"]


def calibrations() -> list[Path]:
    path = KEPT / os.environ["YITIJI_LAB"] / "plans/calibration.json"
    return [path] if path.exists() else []


def site(name: str, more: str) -> sitectl.Run:
    """A run in which the engine gets further arguments after those of the plan, which it then follows."""
    images = json.loads((labctl.CACHE / "images/images.json").read_text())["images"]
    images["vllm-cpu"]["entrypoint"] = ["/bin/sh", "-c", f'exec vllm serve "$@" {more}', "sh"]
    labctl.OUTPUT.mkdir(parents=True, exist_ok=True)
    path = labctl.OUTPUT / f"{name}.json"
    path.write_text(json.dumps({"appliance_images": images, "appliance_concurrency": 1}))
    return sitectl.site(name, "-e", f"@{path}")


def small(tokens: int) -> str:
    """Room for so many tokens."""
    return f"--kv-cache-memory-bytes {tokens * TOKEN}"


def running() -> str:
    return labctl.node("systemctl cat yitiji-vllm.service")


@pytest.fixture(scope="module", autouse=True)
def node():
    """A bare node; what is learned here is not for the tests that follow."""
    labctl.hub_reset()
    labctl.clean_node()
    yield
    for path in calibrations():
        path.write_text(json.dumps([row for row in json.loads(path.read_text()) if row.get("kind") != "ended"]))


def test_it_starts_again_with_a_shorter_context():
    run = site("healed", small(8 * BLOCK))
    assert run.ok, run.story()
    assert labctl.ANSWER in run.output, "the answer of the model is not shown"
    (row,) = learned()
    assert row["said"]["kind"] == "context" and row["said"]["max_len"] == 2048 and row["was"]["context"] == 2048
    assert row["said"]["longest"] == 7 * BLOCK, row  # vLLM keeps a block for itself
    assert "--max-model-len 768 " in running(), "the most of whole 256 tokens"
    assert run.output.count("LLM580") >= 2 and "上下文" in run.output, "told in both languages"


def test_the_next_run_changes_nothing_and_says_why():
    run = site("healed-again", small(8 * BLOCK))
    assert run.ok, run.story()
    assert run.changes() == [] and "LLM580" in run.output


def test_below_the_floor_it_refuses_with_the_numbers():
    """Of two blocks vLLM keeps one for itself; the other holds less than the 256 tokens that profile lab asks for."""
    before = learned()
    run = site("too-small", small(2 * BLOCK))
    assert not run.ok
    message = "\n".join(run.failures())
    assert "LLM581" in message and "128" in message and "256" in message, run.story()
    assert learned() == before, "a refusal is not learned: the next run may find the memory free"


def test_an_end_of_another_kind_is_told_as_ever():
    before = learned()
    run = site("wrong-flag", "--no-such-flag")
    assert not run.ok
    message = "\n".join(run.failures())
    assert "LLM312" in message and "unrecognized arguments" in message, run.story()
    assert learned() == before
