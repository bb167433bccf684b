# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - captured lines as they came
"""Docker, its configuration and its listeners, as the readers see them."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import containers

from tests.unit.module_utils._facts.captured import capture


def test_what_listens_on_the_nodes_own_network_is_known_by_its_scope():
    running = [{"id": "ab12", "name": "yitiji-vllm", "ports": []}]
    listener = {"process": "python", "unit": "docker-ab12.scope", "port": 8000}
    assert containers.container_of(listener, running) == "yitiji-vllm"
    assert containers.container_of({**listener, "unit": "docker-cd34.scope"}, running) is None


def test_docker():
    info = {
        "ServerVersion": "26.1.5", "DockerRootDir": "/data/docker", "SecurityOptions": ["name=seccomp"],
        "Runtimes": {"runc": {}, "nvidia": {}}, "CgroupDriver": "systemd", "HttpProxy": "http://u:pw@proxy:1",
    }  # fmt: skip
    ps = {
        "Names": "yitiji-vllm",
        "ID": "1",
        "Image": "i",
        "Status": "Up",
        "Ports": "127.0.0.1:8000-8001->8000-8001/tcp",
    }
    files = {
        "/etc/docker/daemon.json": '{"registry-mirrors": ["https://me:secret@mirror.example"], "proxies": {"x": "secret"}}'
    }
    commands = {
        "docker info --format {{json .}}": json.dumps(info),
        "docker ps --no-trunc --format {{json .}}": json.dumps(ps) + "\nnot json\n",
        "docker images --no-trunc --digests --format {{.Repository}}:{{.Tag}}\t{{.ID}}\t{{.Digest}}":
            "vllm:1\tsha256:aa\t<none>\n",
    }  # fmt: skip
    found = containers.docker(capture(files, commands))
    assert found["running"] and found["root"] == "/data/docker" and found["runtimes"] == ["nvidia", "runc"]
    assert [port["port"] for port in found["containers"][0]["ports"]] == [8000, 8001]
    assert found["images"] == [{"ref": "vllm:1", "id": "sha256:aa", "digest": None}]
    files["/var/lib/yitiji/images.json"] = '[["sha256:aa", "sha256:bb"]]'
    assert containers.docker(capture(files, commands))["images"][0]["also"] == ["sha256:bb"]
    assert found["daemon_json"]["data"]["registry-mirrors"] == ["https://mirror.example"]
    assert "secret" not in json.dumps(found) and "pw" not in json.dumps(found)
    listener = {"process": "docker-proxy", "port": 8001}
    assert containers.container_of(listener, found["containers"]) == "yitiji-vllm"


def test_docker_as_a_snap_and_broken_configuration():
    host = capture(
        {"/etc/docker/daemon.json": '{"log-driver": "json-file",}'},
        {"docker info --format {{json .}}": {"rc": 1, "err": "Cannot connect"}, "docker --version": "Docker version 28.1.1, build x"},
        links={"/snap/bin/docker": "/usr/bin/snap"},
    )  # fmt: skip
    found = containers.docker(host)
    assert found["snap"] and not found["running"] and found["version"] == "28.1.1"
    assert "line 1" in found["daemon_json"]["error"] and found["daemon_json"]["data"] is None
    assert containers.docker(capture()) is None
