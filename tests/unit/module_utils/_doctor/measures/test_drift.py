# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node against its newest generation."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures.drift import drift
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host, Output
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations, history

STATE = {"nodes": {"n1": {"system": "debian 12 x86_64", "packages": {"nginx": "1.22"}}}}


class Node(Host):
    """Docker and dpkg answer what the test wants."""

    def __init__(self, image, packages, rc=0, manager="dpkg-query"):
        self.said = {"docker": image, manager: packages}
        self.rc, self.manager = rc, manager

    def which(self, name):
        return f"/usr/bin/{name}" if name in ("docker", self.manager) else ""

    def run(self, argv, timeout=5.0):
        return Output(self.rc, self.said.get(argv[0], ""), "")


@pytest.fixture
def left(tmp_path, monkeypatch):
    unit = tmp_path / "root/etc/yitiji/doctor.json"
    unit.parent.mkdir(parents=True)
    unit.write_text("{}")
    places = (str(tmp_path / "kept"), f"{tmp_path}/root/")
    history.keep(history.made(STATE, {"r/x:1": "sha256:1"}, generations.look(places[1])), places[0])
    return unit, places


def test_a_node_as_it_was_left(left):
    listed = "installed/nginx/amd64/1.22\nconfig-files/nginx/i386/1.18\nodd\n"
    assert drift(Node("sha256:1\n", listed), True, *left[1]) == {"files": [], "images": [], "packages": []}


def test_packages_of_rpm(left):
    listed = "nginx\tx86_64\t0:1.22-1.el9\n"
    found = drift(Node("sha256:1\n", listed, manager="rpm"), True, *left[1])
    assert found["packages"] == ["nginx 1.22 -> 1.22-1.el9"]


def test_an_edit_another_image_and_an_upgrade(left):
    left[0].write_text("{ }")
    assert drift(Node("sha256:2\n", "installed/nginx/amd64/1.24\n"), True, *left[1]) == {
        "files": ["/etc/yitiji/doctor.json"], "images": ["r/x:1 sha256:1 -> sha256:2"],
        "packages": ["nginx 1.22 -> 1.24"],
    }  # fmt: skip


def test_what_cannot_be_asked_is_not_known(left):
    found = drift(Node("", "", rc=1), False, *left[1])
    assert found == {"files": [], "images": None, "packages": None}


def test_nothing_was_recorded(tmp_path):
    assert drift(Node("", ""), True, str(tmp_path / "none"), f"{tmp_path}/") == {}
