# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that takes everything from one place tells every call of dnf, and no other run tells any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf, dnf_place

TOLD = ["--setopt=reposdir=/b/repos", "--setopt=cachedir=/b/cache"]


def quiet(_argv, _seconds):
    return 0, ""


@pytest.mark.parametrize("environ, command, expected", [
    ({"YITIJI_DNF": "/b"}, ["dnf", "install", "x"], ["dnf", *TOLD, "install", "x"]),
    ({"YITIJI_DNF": "/b"}, ["rpm", "-qa"], ["rpm", "-qa"]),
    ({"YITIJI_DNF": "/b"}, [], []),
    ({"YITIJI_DNF": ""}, ["dnf", "install", "x"], ["dnf", "install", "x"]),
    ({}, ["dnf"], ["dnf"]),
])  # fmt: skip
def test_only_dnf_and_only_then(environ, command, expected):
    assert dnf_place.pointed(command, environ) == expected


def test_the_package_manager_holds_to_it(monkeypatch):
    assert dnf.Dnf(quiet, 1, 1).words[:3] == ["dnf", "-y", dnf.SKIP]
    monkeypatch.setenv("YITIJI_DNF", "/b")
    assert dnf.Dnf(quiet, 1, 1).words[:4] == ["dnf", *TOLD, "-y"]


def test_every_command_of_dnf_begins_so():
    text = Path(dnf.__file__).read_text(encoding="utf-8")
    assert re.findall(r'\["dnf"[^\]]*\]', text) == ['["dnf"]'] and text.count("*self.own, ") == 4
