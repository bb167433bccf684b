# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of role open_webui with which its page could not run."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import preflight as core

from tests.unit.module_utils._webui.samples import PLAIN
from tests.unit.module_utils.preflight_rules import rules_of

ROLE = {
    "admin_password": "", "origins": ["https://10.0.0.1"], "secrets": ["backend-old"], "network": "yitiji",
    "docker_network": "yitiji", "ports": {"open_webui_port": 8080},
    "shared": {"open_webui_port": {"appliance_chat_port": "8080"}}, "paths": {"open_webui_data_dir": "/var/lib/x"},
}  # fmt: skip
CONTAINER = {
    "name": "yitiji-open-webui", "image": "x", "user": 10001, "network": "yitiji", "entrypoint": [], "args": [],
    "env": {"A": "b"}, "mounts": [{"source": "/a", "target": "/b"}],
}  # fmt: skip
SETTINGS = {"page": PLAIN, "role": ROLE, "container": CONTAINER}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"page": {**PLAIN, "color": "blue"}}, ["LLM711"]),
        ({"page": {**PLAIN, "admin_email": "admin"}}, ["LLM711"]),
        ({"role": {**ROLE, "admin_password": "admin"}}, ["LLM733"]),
        ({"role": {**ROLE, "admin_password": "long enough and unknown"}}, []),
        ({"role": {**ROLE, "origins": ["10.0.0.1"]}}, ["LLM711"]),
        ({"role": {**ROLE, "origins": []}}, ["LLM711"]),
        ({"role": {**ROLE, "secrets": ["Backend_Old"]}}, ["LLM711"]),
        ({"role": {**ROLE, "network": "other"}}, ["LLM711"]),
        ({"role": {**ROLE, "ports": {"open_webui_port": 0}}}, ["LLM130", "LLM185"]),
        ({"role": {**ROLE, "ports": {"open_webui_port": 9000}}}, ["LLM185"]),
        ({"role": {**ROLE, "paths": {"open_webui_data_dir": "data"}}}, ["LLM132"]),
        ({"container": {**CONTAINER, "env": {"A": "b\nc"}}}, ["LLM711"]),
        ({"container": {**CONTAINER, "mounts": [{"source": "/a,b", "target": "/c"}]}}, ["LLM711"]),
    ],
)
def test_settings(changed, rules):
    assert rules_of(core.problems, SETTINGS, **changed) == rules
