# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that stay at their version, with dnf's plugin for it and without."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf_locks as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.dnf_answers import Row

DOCKER = Row("docker-ce", "x86_64", "3:28.0.1-1.el9")
CLI = Row("docker-ce-cli", "x86_64", "1:28.0.1-1.el9")
NGINX = Row("nginx", "x86_64", "1.26.0-1.el9")
ROWS = [DOCKER, CLI, NGINX]


@pytest.fixture
def plugin(tmp_path):
    place = tmp_path / "usr/lib/python3.9/site-packages/dnf-plugins"
    place.mkdir(parents=True)
    (place / "versionlock.py").write_text("")
    (tmp_path / "etc/dnf/plugins").mkdir(parents=True)
    (tmp_path / core.CONFIG).write_text("[main]\nenabled = 1\nlocklist = /etc/dnf/plugins/versionlock.list\n")
    return core.Locks(str(tmp_path))


@pytest.fixture
def bare(tmp_path):
    (tmp_path / "etc/dnf").mkdir(parents=True)
    (tmp_path / core.MAIN).write_text("[main]\ngpgcheck=True\nexcludepkgs=foreign*, kernel-rt\n[more]\nx=1\n")
    return core.Locks(str(tmp_path))


def test_as_the_plugin_writes_them(plugin, tmp_path):
    theirs = "# Added lock on Sat Nov 28 15:24:49 2026\nnginx-0:1.26.0-1.el9.*\n"
    (tmp_path / core.LIST).write_text(theirs)
    assert plugin.held(ROWS) == ["nginx"]
    plugin.hold(ROWS, ["docker-ce", "absent"])
    plugin.hold(ROWS, ["docker-ce"])
    assert (tmp_path / core.LIST).read_text() == theirs + "docker-ce-3:28.0.1-1.el9.*\n"
    assert plugin.held(ROWS) == ["docker-ce", "nginx"], "docker-ce-cli only begins alike"
    plugin.unhold(ROWS, ["docker-ce", "docker-ce-cli"])
    assert (tmp_path / core.LIST).read_text() == theirs


def test_a_lock_of_another_version_goes_too(plugin, tmp_path):
    (tmp_path / core.LIST).write_text("docker-ce-3:27.0.0-1.el9.*\n!docker-ce-3:26.0.0-1.el9.*\n")
    assert plugin.held(ROWS) == []
    plugin.unhold(ROWS, ["docker-ce"])
    assert (tmp_path / core.LIST).read_text() == ""


@pytest.mark.parametrize("how", ["enabled=0", "enabled = False", "enabled=no"])
def test_a_plugin_that_is_off_holds_nothing(plugin, tmp_path, how):
    (tmp_path / core.CONFIG).write_text(f"[main]\n{how}\n")
    (tmp_path / core.LIST).write_text("nginx-0:1.26.0-1.el9.*\n")
    (tmp_path / core.MAIN).write_text("[main]\nexclude=docker-ce\n")
    assert plugin.held(ROWS) == ["docker-ce"]


def test_without_the_plugin_they_are_excluded(bare, tmp_path):
    before = (tmp_path / core.MAIN).read_text()
    bare.hold(ROWS, ["nginx"])
    bare.hold(ROWS, ["docker-ce"])
    assert "excludepkgs=foreign* kernel-rt docker-ce nginx\n[more]" in (tmp_path / core.MAIN).read_text()
    assert bare.held([*ROWS, Row("foreign-x", "noarch", "1-1")]) == ["docker-ce", "foreign-x", "nginx"]
    bare.unhold(ROWS, ["nginx", "foreign-x"])
    assert bare.held(ROWS) == ["docker-ce"]
    bare.unhold(ROWS, ["docker-ce"])
    assert (tmp_path / core.MAIN).read_text() == before


def test_without_any_configuration(tmp_path):
    (tmp_path / "etc/dnf").mkdir(parents=True)
    locks = core.Locks(str(tmp_path))
    assert locks.held(ROWS) == []
    locks.hold(ROWS, ["nginx"])
    assert locks.held(ROWS) == ["nginx"]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("docker-ce", True), ("docker-ce-28.0.1-1.el9", True), ("docker-ce-3:28.0.1-1.el9.*", True),
        ("docker-ce-28*", True), ("docker-ce.x86_64", True), ("docker*", True), ("docker", False),
        ("docker-ce-4:28*", False), ("docker-ce-0:28.0.1-1.el9.*", False),
    ],
)  # fmt: skip
def test_the_ways_to_write_one(pattern, fits):
    assert core.fits(DOCKER, pattern) is fits


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("docker-ce-3:28.0.1-1.el9.*", "docker-ce"),
        ("kernel-core-0:5.14.0-427.el9.*", "kernel-core"),
        ("nginx", "nginx"),
    ],
)
def test_whose_lock(line, name):
    assert core.locked_name(line) == name


def test_everybody_may_read_what_is_held(plugin, tmp_path):
    for change in (plugin.hold, plugin.unhold):
        change(ROWS, ["docker-ce"])
        assert (tmp_path / core.LIST).stat().st_mode & 0o777 == 0o644
