# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers leave the node enough to be reached and repaired; an engine is never given less than its plan needs."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import container_limits as core

GIB = core.GIB


def node(gib, threads=64):
    return {"memory": {"total_bytes": int(gib * GIB)}, "cpu": {"threads": threads}}


@pytest.mark.parametrize(
    ("gib", "memory"),
    [(4, "3g"), (23.4, "22g"), (64, "61g"), (512, "496g"), (2048, "2032g")],
)
def test_an_engine_leaves_a_twentieth_at_most_16_gib(gib, memory):
    assert core.limits("engine", node(gib))["memory"] == memory


def test_an_engine_gets_what_the_plan_needs_whatever_is_left():
    assert core.limits("engine", node(64), 60 * GIB)["memory"] == "64g"
    assert core.limits("engine", node(64), 40 * GIB)["memory"] == "61g"
    assert core.limits("engine", node(64), 49 * GIB)["memory"] == "62g"


def test_a_few_mb_less_are_the_same():
    assert core.limits("engine", node(63.2)) == core.limits("engine", node(63.9))


@pytest.mark.parametrize(("threads", "engine", "page"), [(1, 1, 1), (2, 2, 1), (8, 7, 4), (128, 127, 64)])
def test_cpus(threads, engine, page):
    assert core.limits("engine", node(64, threads))["cpus"] == engine
    assert core.limits("page", node(64, threads))["cpus"] == page


def test_a_page_gets_a_quarter_2_to_16_gib():
    assert [core.limits("page", node(gib))["memory"] for gib in (4, 24, 512)] == ["2g", "6g", "16g"]


def test_what_is_not_known_is_not_limited():
    assert core.limits("engine", {}) == {"pids": core.PIDS["engine"]}
    assert core.limits("exporter", {}) == {"pids": core.PIDS["exporter"], "memory": "1g"}


def test_as_options_of_docker():
    given = {"memory": "6g", "pids": 1024, "cpus": 2}
    words = ["--memory", "6g", "--memory-swap", "6g", "--pids-limit", "1024"]
    assert core.options(given) == [*words, "--cpus", "2"]
    assert core.options({**given, "cpus_can": False}) == words
    assert core.options({}) == []


def test_small_machines_keep_a_gib_for_themselves():
    assert [core.limits("engine", node(gib))["memory"] for gib in (1, 2, 20, 21)] == ["1g", "1g", "19g", "20g"]
    assert "memory" not in core.limits("engine", node(0.5)) and "memory" not in core.limits("page", node(0.5))


def test_limits_are_written_in_the_gib_that_docker_reads():
    assert core.limits("engine", {"memory": {"total_bytes": 64 * 1024**3}})["memory"] == "61g"
