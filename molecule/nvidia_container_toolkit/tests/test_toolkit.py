# SPDX-License-Identifier: GPL-3.0-or-later
import json
import time

import pytest

PACKAGES = (
    "nvidia-container-toolkit nvidia-container-toolkit-base libnvidia-container-tools libnvidia-container1"
).split()
SPEC = "/var/run/cdi/nvidia.yaml"


@pytest.fixture
def cdi(host):
    return host.system_info.release.startswith("13")


def test_one_version_and_held(host, root):
    assert root("apt-mark showhold").split() == sorted(PACKAGES)
    assert {host.package(name).version for name in PACKAGES} == {"1.18.2-1"}
    log = root("cat /var/log/apt/history.log")
    assert log.count("nvidia-container-toolkit:") == 1, "installed once, and not where there are no cards"


def test_an_upgrade_leaves_them(host, root):
    """A newer version appears in the repository; apt-get upgrade takes everything but what is held."""
    root(
        "cd /srv/toolkit && sed -i s/1.18.2-1/1.19.0-1/g nvidia-container-toolkit-base/DEBIAN/control && "
        "dpkg-deb -Znone --build nvidia-container-toolkit-base newer.deb >/dev/null && "
        "{ dpkg-deb -f newer.deb; echo Filename: ./newer.deb; echo Size: $(stat -c %s newer.deb); "
        "echo SHA256: $(sha256sum newer.deb | cut -d' ' -f1); echo; } >>Packages && "
        "printf 'Suite: test\\nDate: %s\\nSHA256:\\n %s %s Packages\\n' \"$(date -Ru)\" "
        "$(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) >Release && rm InRelease && "
        "GNUPGHOME=/srv/toolkit/gpg gpg -q --batch --clearsign --output InRelease Release"
    )
    root("apt-get update -qq -o Dir::Etc::sourcelist=sources.list.d/yitiji-nvidia-container-toolkit.sources")
    assert "1.19.0-1" in root("apt-cache policy nvidia-container-toolkit-base")
    assert host.run("DEBIAN_FRONTEND=noninteractive apt-get upgrade -y -qq").rc == 0
    assert host.package("nvidia-container-toolkit-base").version == "1.18.2-1"


def test_docker_knows_how(root, cdi):
    options = json.loads(root("cat /etc/docker/daemon.json"))
    assert options["debug"] is True and options["features"]["buildkit"] is False, "others' options stay"
    assert options["log-opts"]["max-size"] == "50m", "the role docker's too"
    info = json.loads(root("docker info --format '{{json .}}'"))
    if cdi:
        assert options["features"]["cdi"] is True and "runtimes" not in options
        assert "/var/run/cdi" in info["CDISpecDirs"]
    else:
        assert options["runtimes"]["nvidia"] == {"path": "nvidia-container-runtime", "args": []}
        assert "nvidia" in info["Runtimes"]


def test_devices_are_ready_before_docker(host, root):
    assert host.file(SPEC).exists
    assert "create-dev-char-symlinks --create-all" in root("cat /run/stand-in-links")
    assert "docker.service" in root("systemctl show -p Before yitiji-nvidia-devices")
    assert host.service("yitiji-nvidia-devices").is_enabled


def wait_for(root, path):
    end = time.monotonic() + 20
    while time.monotonic() < end and root(f"test -s {path} && echo there") != "there":
        time.sleep(0.5)
    return root(f"test -s {path} && echo there") == "there"


def test_they_are_made_again_for_a_new_toolkit(root):
    root(f"rm {SPEC}; cp -p /usr/bin/nvidia-ctk /tmp/ctk; cat /tmp/ctk >/usr/bin/nvidia-ctk")
    assert wait_for(root, SPEC)


def test_a_container_by_cdi(root, cdi):
    if cdi:
        words = "docker run --rm --network none --device nvidia.com/gpu=0 --entrypoint /bin/sh shell:1"
        assert root(words + " -c 'echo $STAND_IN'") == "1"
