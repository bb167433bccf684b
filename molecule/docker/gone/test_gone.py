# SPDX-License-Identifier: GPL-3.0-or-later
import json


def test_packages_are_gone(host, names):
    assert not host.package(names["docker"]).is_installed
    assert not host.service("docker").is_running


def test_the_administrators_options_are_as_before(root):
    assert json.loads(root("cat /etc/docker/daemon.json")) == {"debug": True, "labels": ["site=lab"]}


def test_nothing_of_ours_is_left(root):
    assert (
        root("find /etc/systemd/system /var/lib/yitiji -name '*yitiji*network*' -o -name 'docker-*' 2>/dev/null") == ""
    )
