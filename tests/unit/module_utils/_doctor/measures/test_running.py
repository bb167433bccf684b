# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - captured lines as they came
"""What the appliance's containers and units look like from outside."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import running
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture


def test_containers_without_their_secrets():
    row = {
        "Name": "/yitiji-open-webui", "Image": "sha256:aa", "State": {"Pid": 41},
        "Config": {"User": "10001", "Env": ["OFFLINE_MODE=true", "WEBUI_SECRET_KEY=s3cret", "X=y"]},
        "HostConfig": {"NetworkMode": "yitiji", "ReadonlyRootfs": True},
        "NetworkSettings": {"Networks": {"yitiji": {}}},
        "Mounts": [{"Source": "/var/lib/yitiji/open-webui", "Destination": "/app/backend/data"}],
    }  # fmt: skip
    host = Capture({
        "commands": {"docker inspect yitiji-open-webui": json.dumps([row])},
        "spaces": {"/proc/41/root/dev/shm": [2**31, 2**30, 9, 9]},
        "files": {"/proc/41/limits": "Limit  Soft Limit  Hard Limit  Units\nMax locked memory  8388608  8388608  bytes\n"},
        "directories": ["/proc/41/root/dev/infiniband"],
    })  # fmt: skip
    node = {"containers": {"docker": {"containers": [{"name": "yitiji-open-webui"}, {"name": "other"}]}}}
    found = running.containers(host, Context(node))["yitiji-open-webui"]
    assert found["environment"] == {"OFFLINE_MODE": "true"} and found["secrets_in_environment"] == ["WEBUI_SECRET_KEY"]
    assert "s3cret" not in json.dumps(found)
    assert found["shm_bytes"] == 2**31 and found["memlock"] == 8388608 and found["infiniband"] and not found["gpus"]
    assert running.containers(Capture({}), Context(node)) == {}


@pytest.mark.parametrize(
    ("settings", "driver"),
    [
        ({"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}]}, "cdi"),
        ({"DeviceRequests": [{"Driver": "", "Capabilities": [["gpu"]]}]}, "nvidia"),
        ({"Runtime": "nvidia", "DeviceRequests": None}, "nvidia"),
        ({"Runtime": "runc"}, None),
    ],
)
def test_how_a_container_got_its_cards(settings, driver):
    assert running.gpu_driver(settings) == driver


def test_memlock_and_ray():
    assert running.memlock("Max locked memory   unlimited   unlimited   bytes\n") == -1
    assert running.memlock(None) is None
    assert running.ray_gpus("Resources\n 0.0/32.0 CPU\n 8.0/16.0 GPU\n") == {"used": 8.0, "total": 16.0}
    assert running.ray_gpus("Resources\n 0.0/32.0 CPU\n") == {"used": 0.0, "total": 0.0}
    assert running.ray_gpus("no cluster") is None


def test_ollama_folder_is_tried_as_its_user():
    show = "User=ollama\nProtectHome=yes\nEnvironment=OLLAMA_MODELS=/srv/o OLLAMA_HOST=127.0.0.1 SECRET=x\n"
    commands = {
        "systemctl show ollama.service --property=Environment,User,ProtectHome": show,
        "runuser -u ollama -- test -x /srv": "",
        "runuser -u ollama -- test -w /srv/o": {"rc": 1},
    }
    host = Capture({"commands": commands, "directories": ["/srv/o"]})
    found = running.ollama(host, Context({"services": {"ollama": {}}}))
    assert found["models_problem"] == "ollama has no write permission on /srv/o"
    assert "SECRET" not in json.dumps(found)
    assert running.ollama(host, Context({"services": {}})) is None


def test_journal_keeps_what_tells():
    text = "INFO something\nGPU KV cache size: 1,000 tokens\n"
    host = Capture({"commands": {"journalctl -u yitiji-vllm -b -n 4000 -o cat --no-pager": text}})
    assert running.journal(host, "yitiji-vllm") == ["GPU KV cache size: 1,000 tokens"]
    assert running.journal(Capture({}), "yitiji-vllm") is None
