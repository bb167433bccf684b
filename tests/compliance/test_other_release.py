# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same level on Debian 12, from a bare node at once: nothing of ours open, nothing changed twice, nothing left.

With YITIJI_DOCKER_BENCH=FOLDER, a checkout of docker/docker-bench-security, its figures are kept in
`tests/output/docker-bench.json`, and what it warns of must not be called met by us.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import labctl
import pytest
import sitectl

from tests.compliance.test_lab import LEVEL, MADE, report

AUDITED = ("-e", "appliance_audit=true")  # whose readers are the level's auditors
BENCH = os.environ.get("YITIJI_DOCKER_BENCH", "")
benched = pytest.mark.skipif(not BENCH, reason="no docker-bench-security: set YITIJI_DOCKER_BENCH to its folder")
FIGURES: dict[str, object] = {}
MET: set[str] = set()  # rules of the CIS Docker Benchmark, by number


def docker_bench(when: str) -> set[str]:
    """Its score, kept; the numbers of what it warns of."""
    files = {
        f"bench/{path.relative_to(BENCH)}": path
        for path in Path(BENCH).rglob("*")
        if path.is_file() and path.suffix in (".sh", ".md")
    }
    labctl.put(labctl.NODE, "root", files)
    said = labctl.node(
        "cd /root/bench && bash docker-bench-security.sh -b -l /dev/null; rm -rf /root/bench", timeout=600
    )
    score, checks = re.search(r"Score: (-?\d+)", said), re.search(r"Checks: (\d+)", said)
    assert score and checks, said[-2000:]
    warned = set(re.findall(r"^\[WARN\] (\d+(?:\.\d+)+) ", said, re.MULTILINE))
    FIGURES[when] = {"score": int(score[1]), "checks": int(checks[1]), "warned": sorted(warned), "said": said}
    (labctl.OUTPUT / "docker-bench.json").write_text(json.dumps(FIGURES, indent=1))
    print(f"    docker-bench, {when}: score {score[1]} of {checks[1]} checks, warnings {sorted(warned)}")
    return warned


@pytest.fixture(scope="module", autouse=True)
def appliance():
    labctl.clean_node(base="bookworm")
    run = sitectl.site("compliance-12", *LEVEL, *AUDITED)
    assert run.ok, run.story()


def test_no_control_is_open():
    run, found = report("compliance-12-report", *AUDITED)
    rows = [*found["controls"], *found["docker"]]
    assert run.ok and [row["number"] for row in rows if row["state"] == "open"] == [], run.story()
    MET.update(row["number"] for row in found["docker"] if row["state"] == "met")
    print(f"    {found['counts']}")


@benched
def test_docker_bench_agrees_with_what_is_called_met():
    assert MET and docker_bench("with the level") & MET == set()


def test_a_second_run_changes_nothing():
    run = sitectl.site("compliance-12-second", *LEVEL, *AUDITED)
    assert run.ok and run.changes() == [], run.story()


def test_the_audit_goes_on_without_the_level():
    run = sitectl.site("compliance-12-none", *AUDITED)
    assert run.ok, run.story()
    assert "yitiji-audit" in labctl.node("getent group yitiji-audit", check=False)
    assert "head" in labctl.node("yitiji-audit verify")


@benched
def test_docker_bench_without_the_level():
    docker_bench("without")


def test_uninstalled_nothing_is_left():
    run = sitectl.site("compliance-12-uninstall", playbook="playbooks/uninstall.yml")
    assert run.ok, run.story()
    left = labctl.node(
        f"find {MADE} -name '*compliance*' -o -name '*yitiji-audit*'; getent group | grep yitiji-", check=False
    )
    assert left.split() == []
