# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another Docker of the distribution: Debian 13's, then its testing suite's. In order, on a node of its own."""

from __future__ import annotations

from typing import Any

import asked
import labctl
import pytest

SEEN: dict[str, Any] = {}
TO = {"docker_upgrade": True}
DOCKER = "docker version --format '{{.Server.Version}}'"
# a mirror's copy of a testing suite may be some days old
OFFER = (
    r"sed -n 's/^deb \(.*\) trixie /deb [check-valid-until=no] \1 forky /p' /etc/apt/sources.list"
    " >/etc/apt/sources.list.d/forky.list"
)


@pytest.fixture(scope="module", autouse=True)
def there(before, tmp_path_factory):
    labctl.clean_node(base="trixie")
    done = asked.run("docker-first", before)
    assert done.ok, done.story()
    asked.SEEN.clear()  # sessions of another node
    asked.people(tmp_path_factory.mktemp("people"))
    SEEN.update(had=asked.everything(), version=labctl.node(DOCKER).strip(), left=labctl.node(asked.LEFT))


def test_nothing_newer_is_no_difference(before):
    done = asked.run("docker-none", before, "upgrade", to=TO)
    asked.nothing_changed(done)
    assert "docker.io:" not in done.output


def test_a_newer_one_is_told_before_it_comes(before):
    labctl.node(OFFER)
    told: list[str] = []

    def look(_kill):
        told.append(labctl.node(DOCKER).strip())

    watch = asked.sitectl.when("debug", look, "Say what changes, and how long nobody is answered")
    with asked.Downtime() as down:
        done = asked.run("docker-upgrade", before, "upgrade", "", watch, to=TO)
    assert done.ok, done.story()
    now = labctl.node(DOCKER).strip()
    print(f"    Docker {SEEN['version']} to {now}: {done.seconds:.0f} s, {down.seconds:.0f} s without an answer")
    assert told == [SEEN["version"]] and now.split(".") > SEEN["version"].split(".")
    assert f"docker.io: {SEEN['version']}" in done.output, "the difference is told by its versions"
    assert labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]


def test_again_and_site_have_nothing_to_do(before):
    asked.nothing_changed(asked.run("docker-again", before, "upgrade", to=TO))
    asked.nothing_changed(asked.run("docker-site", before))


def test_the_way_back_leaves_packages_and_serves(before):
    """docs/upgrade.md: packages are not taken back."""
    done = asked.run("docker-rollback", before, "rollback")
    assert done.ok, done.story()
    assert labctl.node(DOCKER).strip() != SEEN["version"] and labctl.node(asked.LEFT) == SEEN["left"]
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]
