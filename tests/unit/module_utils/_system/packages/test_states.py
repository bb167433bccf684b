# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a node, as dpkg or rpm say it."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import states

DEBS = "nvidia-driver 535.309.01-1 hi \nvim 2 ii \ncuda-drivers 1 iF \nagain 1 iiR\ngone 3 rc \nnever  un \n\n"
RPMS = "kernel-core\tx86_64\t0:5.14-1\ndocker-ce\tx86_64\t3:28.0.1-1.el9\ngpg-pubkey\t(none)\t0:1-1\n"


def test_dpkg_answers():
    assert states.of_dpkg(DEBS) == [
        states.State("nvidia-driver", "535.309.01-1", True, False), states.State("vim", "2", False, False),
        states.State("cuda-drivers", "1", False, True), states.State("again", "1", False, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "held"),
    [
        ({}, []),
        ({"/etc/dnf/plugins/versionlock.list": "docker-ce-3:28.0.1-1.el9.*\n"}, ["docker-ce"]),
        ({"/etc/yum/pluginconf.d/versionlock.list": "# said\ndocker-ce-3:28.0.1-1.el9.*\n"}, ["docker-ce"]),
        # where dnf has no such plugin, holds stand in dnf.conf
        ({"/etc/dnf/dnf.conf": "[main]\nexcludepkgs=kernel* docker-ce\n"}, ["kernel-core", "docker-ce"]),
        ({"/etc/dnf/plugins/versionlock.list": "docker-ce-3:27.0-1.el9.*\n"}, []),
    ],
)
def test_rpm_answers_and_both_ways_to_hold_are_read(files, held):
    answers = {"rpm": RPMS}
    found = states.read(lambda argv: answers.get(argv[0]), lambda path: files.get(path, ""))
    assert [(row.name, row.version) for row in found] == [("kernel-core", "5.14-1"), ("docker-ce", "28.0.1-1.el9")]
    assert [row.name for row in found if row.held] == held


def test_nobody_answers():
    assert states.read(lambda _argv: None, lambda _path: "") is None


def test_whoever_answers_first_is_read():
    answers = {"dpkg-query": DEBS, "rpm": RPMS}
    found = states.read(lambda argv: answers.get(argv[0]), lambda _path: "")
    assert found == states.of_dpkg(DEBS) and [row.broken for row in states.of_rpm(RPMS, "", "")] == [False, False]


def test_what_dpkg_must_still_do_is_broken():
    said = "held-half 1 hF \nsound 1 hi \nagain 1 hiR\n"
    assert [(row.name, row.held, row.broken) for row in states.of_dpkg(said)] == [
        ("held-half", True, True), ("sound", True, False), ("again", True, True),
    ]  # fmt: skip


def test_of_what_never_came_or_has_gone_nothing_is_told():
    assert states.of_dpkg("gone 1 rc \nnever 1 un \nheld-gone 1 hc \nhalf 1 iU \n") == [
        states.State("half", "1", False, True)
    ]
