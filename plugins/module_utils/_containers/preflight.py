# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of Docker (LLM317) and of the GPU toolkit, found before anything is changed."""

from __future__ import annotations

import ipaddress
import re
from functools import partial
from typing import Any, Callable, Dict, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import gpus
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

NETWORK = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
SIZE = re.compile(r"^[1-9]\d*(\.\d+)? ?[kKmMgGtT]?i?[bB]?$")
SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")
FINGERPRINT = re.compile(r"^[0-9a-fA-F]{40}$")
LEAST_MTU = 576  # of IPv4


def docker(settings: Mapping[str, Any]) -> List[Refusal]:
    """Settings of role docker, by the names of its variables.

    Registries are checked on the node, where passwords may be.
    """
    tests: Dict[str, Callable[[str], bool]] = {
        "docker_log_max_size": lambda value: bool(SIZE.match(value)),
        "docker_log_max_file": lambda value: int(value) >= 1,
        "docker_network": lambda value: bool(NETWORK.match(value)),
        "docker_network_mtu": lambda value: int(value) == 0 or LEAST_MTU <= int(value) <= 65535,
        "docker_wait_seconds": lambda value: int(value) >= 1,
    }
    if settings["docker_source"] == "docker":
        tests["docker_repository_url"] = forms.is_url
        tests["docker_repository_key_sha256"] = lambda value: not value or bool(SHA256.match(value))
    lists: Dict[str, Callable[[str], bool]] = {
        "docker_registry_mirrors": lambda value: forms.is_url(value) and not re.search(r"[?#]", value),
        "docker_insecure_registries": _is_registry,
    }
    found = [_wrong(name, settings[name]) for name, test in tests.items() if not test(str(settings[name]))]
    for name, test in lists.items():
        found += [_wrong(name, value) for value in settings[name] if not test(str(value))]
    paths = {name: settings[name] for name in ("docker_data_root", "docker_state_dir")}
    return [*found, *forms.path_problems(paths, empty=True)]


def _is_registry(text: str) -> bool:
    """A registry's host with or without a port, or a network."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        name, colon, port = text.rpartition(":")
        return forms.is_host(name) and port.isdigit() if colon else forms.is_host(text)
    return True


EXAMPLES = {
    "docker_log_max_size": "50m",
    "docker_log_max_file": "3",
    "docker_network": "yitiji",
    "docker_network_mtu": "1450",
    "docker_wait_seconds": "90",
    "docker_registry_mirrors": "https://mirror.example.com",
    "docker_insecure_registries": "registry.example.com:5000, 10.0.0.0/8",
    "docker_repository_url": "https://download.docker.com/linux",
    "docker_repository_key_sha256": "64 hexadecimal digits",
}


def _wrong(name: str, value: Any) -> Refusal:
    return Refusal("LLM317", name=name, value=value, example=EXAMPLES[name])


def toolkit(settings: Mapping[str, Any]) -> List[Refusal]:
    """Settings of role nvidia_container_toolkit; `docker`: the version on the node, empty before it is installed."""
    found = gathered(partial(gpus.mode, settings["docker"], settings["nvidia_container_toolkit_mode"]))
    named = settings["nvidia_container_toolkit_repository_url"]
    trusted = settings["nvidia_container_toolkit_repository_trusted"]
    fingerprint = str(settings["nvidia_container_toolkit_repository_fingerprint"]).replace(" ", "")
    if named and not trusted and not FINGERPRINT.match(fingerprint):
        found.append(Refusal("LLM318", name="nvidia_container_toolkit_repository_fingerprint", value=fingerprint))
    return found
