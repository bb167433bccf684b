# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Ray joins the nodes: all are there, and who lacks the token is refused although it stands on a peer."""

from __future__ import annotations

import labctl
import pytest
from conftest import HEAD, UNIT, WORKER

STATUS = "timeout 90 ray status 2>&1; echo status $?"


def status(shell: str, *options: str, node: str = WORKER) -> str:
    """What `ray status` says inside the engine's container; it asks the head."""
    return labctl.node(f"docker exec {' '.join(options)} {UNIT} sh -c '{shell} {STATUS}'", node, check=False)


@pytest.fixture(scope="module", autouse=True)
def _joined_by_ray(pair):
    if not labctl.node(f"docker exec {UNIT} printenv RAY_ADDRESS", HEAD, check=False).strip():
        pytest.skip("this pair is not joined by Ray")


def test_both_nodes_are_in_ray():
    said = status(". /run/yitiji/secret.env; export RAY_AUTH_TOKEN;")
    assert "status 0" in said, said
    assert said.count("node_") == 2, said


@pytest.mark.parametrize("options", [("-e", "RAY_AUTH_TOKEN=" + "0" * 64), ("-e", "RAY_AUTH_MODE=disabled")],
                         ids=["wrong", "none"])  # fmt: skip
def test_a_peer_without_the_token_is_refused(options):
    said = status("", *options)
    assert "status 0" not in said and "node_" not in said, said


def test_no_dashboard():
    assert labctl.node("ss -ltnH | grep -c ':8265 '", HEAD, check=False).strip() == "0"
