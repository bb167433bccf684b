# SPDX-License-Identifier: GPL-3.0-or-later
import json


def test_nothing_of_it_is_left(host, root):
    assert root("dpkg-query -W -f '${db:Status-Status} ${Package}\\n' '*nvidia*' 2>/dev/null | grep ^installed") == ""
    assert root("apt-mark showhold") == ""
    assert root("ls -d /var/run/cdi/nvidia.yaml /etc/apt/*/yitiji-nvidia* /var/lib/yitiji/*nvidia* 2>/dev/null") == ""
    assert root("ls /etc/systemd/system | grep nvidia") == ""


def test_docker_stays_with_what_others_set(host, root):
    assert host.service("docker").is_running
    options = json.loads(root("cat /etc/docker/daemon.json"))
    assert options["features"] == {"buildkit": False} and "runtimes" not in options
    assert options["log-opts"]["max-size"] == "50m"
