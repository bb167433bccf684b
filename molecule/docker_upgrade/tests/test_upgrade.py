# SPDX-License-Identifier: GPL-3.0-or-later
import json


def major(version: str) -> int:
    return int(version.split(".", maxsplit=1)[0])


def test_the_daemon_is_newer(root):
    before = root("cat /root/docker-before")
    now = root("docker version --format '{{.Server.Version}}'")
    assert major(now) > major(before), (before, now)
    print(f"docker {before} -> {now}")


def test_the_container_runs_again(root):
    assert root("docker inspect --format '{{.State.Running}}' at-work") == "true"
    assert root("docker volume inspect --format '{{.Name}}' kept") == "kept"


def test_the_network_and_the_settings_are_as_asked(root):
    (network,) = json.loads(root("docker network inspect yitiji"))
    assert [container["Name"] for container in network["Containers"].values()] == ["at-work"]
    assert json.loads(root("cat /etc/docker/daemon.json"))["log-opts"]["max-size"] == "9m"


def test_containers_start(root):
    assert root("docker run --rm --network yitiji tiny /usr/bin/sleep 0 && echo ran") == "ran"
