# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a report are true: against an engine of known timing, and beside a second generator."""

from __future__ import annotations

import pytest

from tests.acceptance import generators

EXACT, AGREE = 0.03, 0.05  # shares


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    found = generators.measured(tmp_path_factory.mktemp("truth"))
    print(found)
    return found


@pytest.mark.parametrize("key", ["first_token_ms", "between_ms", "latency_ms"])
def test_times_are_what_the_engine_takes(figures, key):
    assert figures["aiperf"][key] == pytest.approx(figures["known"][key], rel=EXACT)


def test_every_failure_is_counted(figures):
    assert figures["aiperf"]["failed"] == figures["known"]["failed"] == 8


@pytest.mark.parametrize(
    "key", ["failed", "first_token_ms", "between_ms", "latency_ms", "tokens_per_second", "requests_per_second"]
)
def test_a_second_generator_agrees(figures, key):
    assert figures["aiperf"][key] == pytest.approx(figures["evalscope"][key], rel=AGREE)
