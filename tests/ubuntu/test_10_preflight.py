# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight on a lab node that calls itself Ubuntu 24.04 (tests/fixtures/nodes): what is told, and nothing changed.

The packages stay Debian's, so that this shows the probes and no package of Ubuntu.
"""

from __future__ import annotations

import shlex

import labctl
import pytest
import sitectl
import yaml

WORN = yaml.safe_load((labctl.ROOT / "tests/fixtures/nodes/ubuntu-24.04-snap.yml").read_text(encoding="utf-8"))
SOURCES = "/etc/apt/sources.list.d/ubuntu.sources"


def laid(path: str, text: str) -> str:
    return f"mkdir -p $(dirname {path}); rm -f {path}; printf %s {shlex.quote(text)} >{path}"


def preflight(name: str) -> sitectl.Run:
    return sitectl.site(f"ubuntu-{name}", playbook="playbooks/preflight.yml")


@pytest.fixture(scope="module", autouse=True)
def ubuntu():
    """The files of the recorded machine; apt's own sources stay, so that packages can be asked for."""
    labctl.clean_node()
    labctl.node("apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install ufw", timeout=300)
    skipped = ("/proc/", "/etc/apt/sources.list")
    rows = [laid(path, text) for path, text in WORN["files"].items() if not path.startswith(skipped)]
    rows += [f"mkdir -p $(dirname {path}); ln -sfn {target} {path}" for path, target in WORN["links"].items()]
    labctl.node("; ".join([*rows, "chmod 755 /usr/bin/snap", "ufw allow 22/tcp", "ufw --force enable"]))
    yield
    labctl.lab("down", labctl.NODE)


def test_the_snap_stores_docker_is_refused_and_nothing_changed():
    was = labctl.fingerprint()
    run = preflight("snap")
    assert not run.ok and "LLM301" in "\n".join(run.failures()), run.story()
    assert labctl.fingerprint() == was


def test_a_mirror_that_does_not_answer_is_named_with_its_line():
    labctl.node("rm -rf /snap /usr/bin/snap")
    labctl.node(laid(SOURCES, WORN["files"][SOURCES]))
    run = preflight("sources")
    assert "LLM175" in run.output and f"{SOURCES}:4" in run.output, run.story()
    labctl.node(f"rm {SOURCES}")


def test_it_is_taken_for_ubuntu():
    run = preflight("well")
    assert run.ok, run.story()
    assert "LLM159" in run.output, "ufw is active, and what becomes of it was not told"
    assert "ubuntu 24.04 x86_64 is prepared for but was not tested on machines" in run.output
