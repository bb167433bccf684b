# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's address is the node's, also in a task that is delegated to the controller; Ansible itself is asked."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.sizing.common import ROOT

READERS = {
    "verify": "verify_url",
    "clients": "clients_url",
    "open_webui": "open_webui_origins",
    "gateway": "gateway_names",
}
NODES = """
10.77.9.1
10.77.9.2:2222
fd00::9
[fd00::10]:2222
GPU_01 ansible_host=10.77.9.3
gpu02 ansible_connection=local
gpu03 appliance_address=page.example ansible_host=10.77.9.4
gpu04.example appliance_https_port=8443
"""
# name -> the page's address, the names in its certificate, the ports that may be open
EXPECTED = {
    "10.77.9.1": ("https://10.77.9.1", ["10.77.9.1"], [22, 22, 80, 443]),
    "10.77.9.2": ("https://10.77.9.2", ["10.77.9.2"], [22, 2222, 80, 443]),
    "fd00::9": ("https://[fd00::9]", ["fd00::9"], [22, 22, 80, 443]),
    "fd00::10": ("https://[fd00::10]", ["fd00::10"], [22, 2222, 80, 443]),
    "GPU_01": ("https://10.77.9.3", ["10.77.9.3", "gpu_01"], [22, 22, 80, 443]),
    "gpu02": ("https://10.0.0.5", ["10.0.0.5", "gpu02"], [22, 22, 80, 443]),
    "gpu03": ("https://page.example", ["page.example", "gpu03"], [22, 22, 80, 443]),
    "gpu04.example": ("https://gpu04.example:8443", ["gpu04.example"], [22, 22, 80, 8443]),
}
HARDWARE = {"network": {"default_interface": "eno1", "interfaces": [{"name": "eno1", "addresses": ["10.0.0.5/24"]}]}}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """{(host, delegated?): what the roles' defaults come to}, of one run."""
    site = tmp_path_factory.mktemp("site")
    (site / "no.cfg").write_text("")
    (site / "hosts").write_text("[appliances]" + NODES)
    words = {variable: "{{ " + variable + " }}" for variable in READERS.values()}
    words |= {"host": "{{ inventory_hostname }}", "delegated": "{{ delegated }}", "ports": "{{ verify_ports }}"}
    say = {"ansible.builtin.debug": {"msg": "<<{{ words | to_json | b64encode }}>>"}}
    files = [str(ROOT / "roles" / role / "defaults/main.yml") for role in READERS]
    play = [{
        "name": "Where", "hosts": "appliances", "gather_facts": False, "vars_files": files,
        "vars": {"words": words, "appliance_node": HARDWARE},
        "roles": [{"role": "yitiji.deepseek.shared_variables"}],
        "pre_tasks": [{"name": "Facts", "ansible.builtin.set_fact": {"appliance_node": HARDWARE}}],
        "tasks": [
            {"name": "Say on the node", **say, "vars": {"delegated": False}},
            {"name": "Say on the controller", **say, "delegate_to": "localhost", "vars": {"delegated": True}},
        ],
    }]  # fmt: skip
    (site / "play.yml").write_text(yaml.safe_dump(play))
    run = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", "hosts", "play.yml"],
        cwd=site, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
             "ANSIBLE_CONFIG": str(site / "no.cfg")},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    rows = [json.loads(base64.b64decode(found)) for found in re.findall("<<(.*?)>>", run.stdout, re.DOTALL)]
    return {(row["host"], str(row["delegated"]) == "True"): row for row in rows}


@pytest.mark.parametrize("delegated", [False, True], ids=["on the node", "delegated"])
@pytest.mark.parametrize("host", EXPECTED)
def test_every_reader_names_the_node(told, host, delegated):
    row, (url, names, ports) = told[(host, delegated)], EXPECTED[host]
    assert (row["verify_url"], row["clients_url"], row["open_webui_origins"]) == (url, url, [url])
    assert row["gateway_names"] == names
    assert delegated or [int(port) for port in row["ports"]] == ports
