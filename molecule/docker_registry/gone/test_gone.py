# SPDX-License-Identifier: GPL-3.0-or-later
def test_logins_and_authorities_are_gone(root):
    assert root("ls -d /etc/yitiji/docker /etc/docker/certs.d/* 2>/dev/null") == ""


def test_the_engine_is_gone(host):
    assert not host.package("docker.io").is_installed
