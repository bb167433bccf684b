# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings with which Docker would not start, and ways to the cards that it does not know."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

DOCKER = {
    "docker_source": "distribution", "docker_repository_url": "https://download.docker.com/linux",
    "docker_repository_key_sha256": "0" * 64, "docker_data_root": "",
    "docker_registry_mirrors": ["https://m.example.com/"],
    "docker_insecure_registries": ["10.0.0.0/8", "r.example.com:5000", "fd00::/8"], "docker_log_max_size": "50m",
    "docker_log_max_file": 3, "docker_network": "yitiji", "docker_network_mtu": 0, "docker_wait_seconds": "90",
    "docker_state_dir": "/var/lib/yitiji",
}  # fmt: skip
TOOLKIT = {
    "docker": "", "nvidia_container_toolkit_mode": "auto",
    "nvidia_container_toolkit_repository_url": "https://nvidia.github.io",
    "nvidia_container_toolkit_repository_trusted": False,
    "nvidia_container_toolkit_repository_fingerprint": "C95B321B61E88C1809C4F759DDCAE044F796ECB0",
}  # fmt: skip


def test_good_ones():
    assert rules_of(core.docker, DOCKER) == []
    assert (
        rules_of(core.docker, DOCKER, docker_source="docker", docker_data_root="/srv/docker", docker_network_mtu="1450")
        == []
    )
    assert rules_of(core.toolkit, TOOLKIT) == []


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"docker_log_max_size": "fifty"}, ["LLM317"]),
        ({"docker_log_max_file": 0}, ["LLM317"]),
        ({"docker_network": "a b"}, ["LLM317"]),
        ({"docker_network_mtu": 42}, ["LLM317"]),
        ({"docker_wait_seconds": 0}, ["LLM317"]),
        ({"docker_registry_mirrors": ["mirror", "https://m/?x"]}, ["LLM317", "LLM317"]),
        ({"docker_insecure_registries": ["https://r", "r:port"]}, ["LLM317", "LLM317"]),
        ({"docker_data_root": "docker"}, ["LLM132"]),
        ({"docker_source": "docker", "docker_repository_key_sha256": "abc"}, ["LLM317"]),
        ({"docker_source": "docker", "docker_repository_url": "download"}, ["LLM317"]),
        ({"docker_repository_key_sha256": "unused"}, []),
        ({"docker_source": "docker", "docker_repository_key_sha256": ""}, []),  # the data's fingerprints pin the key
    ],
)
def test_docker(changed, rules):
    assert rules_of(core.docker, DOCKER, **changed) == rules


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"docker": "20.10.24", "nvidia_container_toolkit_mode": "cdi"}, ["LLM315"]),
        ({"docker": "26.1", "nvidia_container_toolkit_mode": "cdi"}, []),
        ({"nvidia_container_toolkit_repository_fingerprint": "C95B"}, ["LLM318"]),
        (
            {
                "nvidia_container_toolkit_repository_fingerprint": "",
                "nvidia_container_toolkit_repository_trusted": True,
            },
            [],
        ),
        ({"nvidia_container_toolkit_repository_fingerprint": "", "nvidia_container_toolkit_repository_url": ""}, []),
    ],
)
def test_toolkit(changed, rules):
    assert rules_of(core.toolkit, TOOLKIT, **changed) == rules
