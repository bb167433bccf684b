# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads are named, and those of others are left alone."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.action.check_variables import ROLES, known_names, load_specs
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import names

from tests.sizing.common import ROOT

SPECS = load_specs()
KNOWN = known_names(SPECS)


def judged(name, allowed=()):
    found = names.unknown([name], KNOWN, list(SPECS), allowed)
    return (found[0].meant, found[0].refused) if found else None


@pytest.mark.parametrize(
    ("name", "meant", "refused"),
    [
        ("appliance_max_len", "appliance_context_length", True),
        ("appliance_modle", "appliance_model", True),
        ("appliance_Model", "appliance_model", True),
        ("appliance_contextlength", "appliance_context_length", True),
        ("appliance_proxy", "appliance_environment", True),
        ("appliance_something_else", None, True),
        ("appliance_gateway_names", "gateway_names", True),
        ("apliance_model", "appliance_model", True),
        ("applicance_engine", "appliance_engine", True),
        ("gatway_names", "gateway_names", True),
        ("gateway_port", "appliance_https_port", True),
        ("gateway_name", "gateway_names", True),
        ("docker_datadir", "docker_data_root", True),
        ("docker_registry_mirror", "docker_registry_mirrors", True),
        ("openwebui_port", "open_webui_port", True),
        ("open_webui_enable_signup", None, True),
        ("vllm_max_model_len", "appliance_context_length", False),
        ("docker_swarm_token", None, False),
        ("backup_tape_drive", None, False),
    ],
)
def test_a_name_without_effect(name, meant, refused):
    found = judged(name)
    assert found and found[1] is refused
    assert (found[0][0] == meant) if meant else not found[0]


@pytest.mark.parametrize(
    "name",
    [
        "docker_users", "docker_edition", "docker_apt_gpg_key", "docker_service_state", "docker_install_compose_plugin",
        "firewall_allowed_tcp_ports", "firewall_additional_rules", "nvidia_driver_package_version",
        "nvidia_driver_ubuntu_branch", "vllm_image", "vllm_gpu_memory_utilization", "nginx_port", "postgresql_version",
        "ansible_model", "__gateway_site", "model", "port", "dockerd_options", "applications", "application_port",
        "weight_ratio", "engines", "image_name", "clients", "backup", "uninstall_data", "appliance_node", "appliances",
        "environment_name", "server_gateway", "lab_name",
    ],
)  # fmt: skip
def test_names_of_others(name):
    assert judged(name) is None


def test_names_that_the_operator_allows():
    assert judged("appliance_rack", ["appliance_rack"]) is None and judged("docker_swarm_token", ["docker_*"]) is None
    assert judged("appliance_racks", ["appliance_rack"])


def test_no_variable_of_the_collection_is_unknown():
    """Whatever a role, a playbook, an inventory or a test sets by a name of ours is a variable of ours."""
    prefixes = tuple(role + "_" for role in SPECS)
    found = set()
    for folder in ("roles", "playbooks", "inventories", "molecule", "tests/e2e"):
        for path in sorted((ROOT / folder).rglob("*.yml")):
            text = path.read_text(encoding="utf-8")
            if "argument_specs" in path.name:
                continue
            for name in re.findall(r"hostvars\[\w+\]\.([a-z]\w+)|^ *- ([a-z]\w+)$", text, re.MULTILINE):
                found |= {part for part in name if part.startswith(prefixes)}
            found |= {name for name in set_in(yaml.safe_load(text)) if str(name).startswith(prefixes)}
    assert names.unknown(found, KNOWN, list(SPECS)) == [] and "gateway_units" in found


def set_in(node):
    """Names that tasks and plays set: vars, set_fact, register, and the variables of an inventory."""
    if isinstance(node, list):
        for item in node:
            yield from set_in(item)
    elif isinstance(node, dict):
        for key in ("vars", "ansible.builtin.set_fact"):
            if isinstance(node.get(key), dict):
                yield from node[key]
        if isinstance(node.get("register"), str):
            yield node["register"]
        for value in node.values():
            yield from set_in(value)


def test_the_list_of_roles_is_whole():
    assert set(SPECS) == {path.parent.parent.name for path in ROOT.glob("roles/*/meta/argument_specs.yml")}
    assert set(names.OWN) <= {path.name for path in (ROOT / "roles").iterdir()} and ROLES
    assert set(names.CALLED) <= set(KNOWN)
