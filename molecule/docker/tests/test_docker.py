# SPDX-License-Identifier: GPL-3.0-or-later
import json


def test_runs_and_starts_at_boot(host):
    docker = host.service("docker")
    assert docker.is_running and docker.is_enabled


def test_options_are_merged(root):
    options = json.loads(root("cat /etc/docker/daemon.json"))
    assert options["debug"] is True and options["labels"] == ["site=lab"]
    assert options["registry-mirrors"] == ["https://mirror.example.invalid"]
    assert options["log-opts"]["max-size"] == "7m"


def test_the_daemon_heard_of_them(root):
    info = json.loads(root("docker info --format '{{json .}}'"))
    assert info["Debug"] is True
    assert info["RegistryConfig"]["Mirrors"] == ["https://mirror.example.invalid/"]
    assert info["Driver"] == "overlay2"


def test_the_appliances_network(host, root):
    """Made by its unit, which every container's unit calls; a network that somebody pruned comes back."""
    root("docker network rm yitiji")
    assert host.run("systemctl start yitiji-network").rc == 0
    (network,) = json.loads(root("docker network inspect yitiji"))
    # the path's own: what a container sends is not cut on the way
    assert network["Options"]["com.docker.network.driver.mtu"] == "1400"


def test_containers_run(root):
    """A container of one program and its libraries, made here: no registry is asked."""
    root("cd / && tar -chf - usr/bin/true $(ldd /usr/bin/true | grep -o '/lib[^ ]*' | cut -c2-) | docker import - tiny")
    assert root("docker run --rm --network yitiji tiny /usr/bin/true && echo ran") == "ran"
    root("docker rmi tiny")


UNIT = """[Unit]
Requires=docker.service
After=docker.service
[Service]
ExecStart=/usr/bin/docker run --rm --name yitiji-demo --network none sleeper
ExecStop=/usr/bin/docker stop --time 1 yitiji-demo
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
"""
COMES_BACK = "for _ in $(seq 60); do docker ps -q --filter name=yitiji-demo | grep . && break; sleep 0.5; done"


def test_containers_of_units_come_back(root, names):
    """After a stop and a start, and after the package's own upgrade scripts ran (the same version once more)."""
    root("cd / && tar -chf - usr/bin/sleep $(ldd /usr/bin/sleep | grep -o '/lib[^ ]*' | cut -c2-) | "
         "docker import --change 'CMD [\"/usr/bin/sleep\", \"infinity\"]' - sleeper")  # fmt: skip
    root(f"cat >/etc/systemd/system/yitiji-demo.service <<'E'\n{UNIT}E")
    root("systemctl daemon-reload; systemctl enable --now yitiji-demo")
    first = root(COMES_BACK)
    root("systemctl stop docker docker.socket; systemctl start docker")
    second = root(COMES_BACK)
    root(f"{names['again']} {names['docker']}")
    third = root(COMES_BACK)
    root("systemctl disable --now yitiji-demo; rm /etc/systemd/system/yitiji-demo.service; systemctl daemon-reload")
    root("docker rmi --force sleeper")
    assert first and second and third
    assert first != second, "the unit made a new one"
