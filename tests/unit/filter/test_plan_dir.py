# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans lie beside the inventory, wherever one stands and from wherever Ansible is started."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.sizing.common import ROOT

HOST = {"ansible_connection": "local"}
PLAY = [{
    "name": "Where", "hosts": "appliances:ungrouped", "gather_facts": False,
    "roles": [{"role": "yitiji.deepseek.shared_variables"}],
    "tasks": [{"name": "Say", "ansible.builtin.debug": {"msg": "<{{ inventory_hostname }} {{ appliance_plan_dir }}>"}}],
}]  # fmt: skip


def inventory(*names, deployment="demo"):
    group = {"hosts": {name: HOST for name in names}, "vars": {"appliance_deployment": deployment}}
    return yaml.safe_dump({"all": {"children": {"appliances": {"children": {deployment: group}}}}})


@pytest.fixture
def site(tmp_path):
    """Inventories outside of the checkout, one of them a folder, and a folder to start from."""
    (tmp_path / "no.cfg").write_text("")
    for folder in ("folder", "elsewhere", "more", "started"):
        (tmp_path / folder).mkdir()
    (tmp_path / "folder/hosts.yml").write_text(inventory("a"))
    (tmp_path / "elsewhere/prod.yml").write_text(inventory("a"))
    (tmp_path / "more/second.yml").write_text(inventory("b"))
    (tmp_path / "play.yml").write_text(yaml.safe_dump(PLAY))
    return tmp_path


def told(site, *arguments):
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "../play.yml", *arguments]
    run = subprocess.run(
        command, cwd=site / "started", capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
             "ANSIBLE_CONFIG": str(site / "no.cfg")},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    found = [said.split() for said in re.findall(r"<(\S+ \S+)>", run.stdout)]
    return {host: os.path.relpath(os.path.realpath(folder), os.path.realpath(site)) for host, folder in found}


@pytest.mark.parametrize(("arguments", "where"), [
    (["-i", "../folder"], {"a": "folder/.plans"}),
    (["-i", "../folder/hosts.yml"], {"a": "folder/.plans"}),
    (["-i", "../elsewhere/prod.yml"], {"a": "elsewhere/.plans"}),
    # one deployment out of two inventories has one place: its first host's
    (["-i", "../elsewhere/prod.yml", "-i", "../more/second.yml"], {"a": "elsewhere/.plans", "b": "elsewhere/.plans"}),
    (["-i", "../more", "-i", "../folder"], {"a": "more/.plans", "b": "more/.plans"}),
    (["-i", "h1,h2,"], {"h1": "started/.plans", "h2": "started/.plans"}),
    (["-i", "h1,h2,", "-i", "../folder"], {"h1": "started/.plans", "h2": "started/.plans", "a": "folder/.plans"}),
], ids=["folder", "file", "other name", "two files", "two folders", "list of hosts", "list and folder"])  # fmt: skip
def test_beside_the_inventory(site, arguments, where):
    assert told(site, *arguments, "-c", "local") == where


def test_a_folder_of_ones_own(site):
    assert told(site, "-i", "../folder", "-e", f"appliance_plan_dir={site}/own") == {"a": "own"}


def test_ansible_reads_no_inventory_from_there(site):
    (site / "folder/.plans/demo").mkdir(parents=True)
    (site / "folder/.plans/demo/plan.yml").write_text(inventory("ghost"))
    assert told(site, "-i", "../folder") == {"a": "folder/.plans"}
