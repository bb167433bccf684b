# SPDX-License-Identifier: GPL-3.0-or-later
import json
import time


def said(root):
    return json.loads(root("cat /var/lib/said.json"))


def test_both_images_came_from_where_they_should(root):
    told = said(root)
    assert told["by_tag"] == "registry.lab:5443/team/tiny:1"
    log = root("journalctl -u registry-private --output cat")
    assert '"GET /v2/team/tiny/blobs/' in log
    assert '"GET /v2/team/tiny/manifests/sha256:' in root("journalctl -u registry-mirror --output cat")
    assert root("docker run --rm --pull never registry.lab:5443/team/tiny:1 && echo ran") == "ran"


def test_nothing_of_a_refused_image_was_pulled(root):
    """Of the missing tag only its manifest was asked for; of the one for a newer driver no layer."""
    log = root("journalctl -u registry-private -u registry-mirror --output cat")
    ours = [line for line in log.splitlines() if "/v2/team/tiny/manifests/2 HTTP" in line and "Python-urllib" in line]
    assert ours and all('"HEAD ' in line for line in ours)
    layers = root("du -bs /var/lib/docker-registry/docker/registry/v2/blobs | cut -f1")
    assert int(layers) > 1000
    big = [line for line in log.splitlines() if '"GET /v2/team/cuda/blobs/' in line and " 200 " in line]
    assert big and all(int(line.split(" 200 ")[1].split()[0]) < 100_000 for line in big), "its configuration at most"
    assert "team/cuda" not in root("docker images")


def test_the_refusal_is_quick(host, root):
    """What a real client does: it pulls a tag that is not there."""
    told = said(root)
    assert "registry.lab:5443" in told["absent"] and "docker_registries" in told["absent"]
    began = time.monotonic()
    assert host.run("docker --config /etc/yitiji/docker pull -q registry.lab:5443/team/tiny:2").rc != 0
    assert time.monotonic() - began < 5


def test_the_login_is_for_root_alone(root):
    assert root("stat -c %a:%U /etc/yitiji/docker /etc/yitiji/docker/config.json").split() == ["700:root", "600:root"]
    assert root("ls ~root/.docker 2>/dev/null") == "", "an administrator's own logins are left alone"
    assert root("grep -rl its-own-pass /etc/systemd /var/lib/yitiji /run 2>/dev/null") == ""
    assert root("journalctl | grep -c its-own-pass") == "0"
    assert json.loads(root("cat /etc/docker/daemon.json"))["registry-mirrors"] == ["http://127.0.0.1:5001"]


def test_the_authority_is_dockers(root):
    assert root("ls /etc/docker/certs.d/registry.lab:5443") == "yitiji-ca.crt"
