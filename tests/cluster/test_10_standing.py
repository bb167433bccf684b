# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands: one engine over two nodes, closed to others, with no secret where one can read it."""

from __future__ import annotations

import labctl
import pytest
from conftest import HEAD, UNIT, WORKER, ask, gateway


def test_the_model_answers(pair):
    assert ask() == "200 1"
    assert gateway() == "200"


def test_both_ranks_run_and_start_at_boot(pair):
    state = pair.both(f"systemctl is-active {UNIT}; systemctl is-enabled {UNIT}")
    assert state == {HEAD: "active\nenabled", WORKER: "active\nenabled"}


def test_users_meet_the_head_alone(pair):
    assert "yitiji-open-webui" in labctl.node("systemctl list-units --plain --no-legend 'yitiji-*'", HEAD)
    assert "yitiji-open-webui" not in labctl.node("systemctl list-units --plain --no-legend 'yitiji-*'", WORKER)


def test_the_engine_is_closed_to_the_lan(pair):
    for name in (HEAD, WORKER):
        address = labctl.node("hostname -I", name).split()[0]
        for port in (8000, 8080):
            assert "000" in labctl.curl("-m", "3", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}:{port}/",
                                        check=False)  # fmt: skip


@pytest.mark.parametrize("name", ["engine-key", "cluster-key"])
def test_no_secret_is_shown(pair, name):
    """Not to ps, in units, in docker inspect, in the journal. The search itself keeps it off its command line."""
    looks = (
        "ps -eww -o args=",
        "systemctl cat 'yitiji-*'; systemctl show 'yitiji-*'",
        "docker inspect $(docker ps -aq)",
        "journalctl --no-pager -o cat",
    )
    for node in (HEAD, WORKER):
        if labctl.node(f"test -s /etc/yitiji/secrets/{name} && echo there", node, check=False).strip() != "there":
            assert node == WORKER and name == "engine-key"
            continue
        for look in looks:
            found = labctl.node(f"({look}) 2>/dev/null | grep -cFf /etc/yitiji/secrets/{name}", node, check=False)
            assert found.strip() == "0", f"{name} on {node}: {look}"


def test_the_search_finds_what_is_there(pair):
    """The check above can fail."""
    key = "/etc/yitiji/secrets/cluster-key"
    assert labctl.node(f"cat {key} | grep -cFf {key}", HEAD).strip() == "1"
