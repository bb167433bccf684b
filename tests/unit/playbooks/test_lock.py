# SPDX-License-Identifier: GPL-3.0-or-later
"""From what modules find on a node to a lock and back: role appliance as site.yml runs it, this machine as the node."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
import yaml

from tests.sizing.common import ROOT

CONFIG = b'{"architecture": "amd64", "os": "linux", "config": {}}'
ID = "sha256:" + hashlib.sha256(CONFIG).hexdigest()
CHAT = "yitiji.local/open-webui:0.12.4-slim"
REF = "yitiji.local/vllm-cpu:0.32.0"  # as the catalogue names it
PLAY = """
- hosts: appliances
  gather_facts: false
  roles: [{role: yitiji.deepseek.shared_variables}]
  tasks:
    - name: Know the distribution
      ansible.builtin.import_role: {name: yitiji.deepseek.distribution}
    - name: Know the model by name
      ansible.builtin.import_role: {name: yitiji.deepseek.appliance, tasks_from: preflight}
    - name: Plan
      ansible.builtin.import_role: {name: yitiji.deepseek.appliance, tasks_from: plan}
    - name: Look at the images, as their roles do
      yitiji.deepseek.together:
        independent: true
        steps:
          - name: Look at the page's
            yitiji.deepseek.container_image:
              ref: "{{ appliance_plan.chat.image.ref }}"
              archives: "{{ appliance_image_archives }}"
            check_mode: true
            changed_when: false
          - name: Look at the engine's
            yitiji.deepseek.container_image:
              ref: "{{ appliance_plan.image.ref }}"
              id: "{{ appliance_plan.image.id | default('', true) }}"
              archives: "{{ appliance_image_archives }}"
            check_mode: true
            changed_when: false
      when: not (silent | default(false))
    - name: Ask for all packages
      yitiji.deepseek.managed_packages:
        {owner: site, state: offered, asks: [{owner: docker, names: [SHELL]}], state_dir: "{{ state_dir }}"}
      check_mode: true
    - name: Pin
      ansible.builtin.import_role: {name: yitiji.deepseek.appliance, tasks_from: pin}
    - name: Keep the plan
      ansible.builtin.import_role: {name: yitiji.deepseek.appliance, tasks_from: save}
    - name: Lock
      ansible.builtin.import_role: {name: yitiji.deepseek.appliance, tasks_from: lock}
"""
SHELL = "bash" if shutil.which("dpkg") else ""


@pytest.fixture
def site(tmp_path):
    """An inventory for this machine, and an archive with an image that only its name pins."""
    hosts = {"n1": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}
    wish = {"appliance_deployment": "demo", "appliance_profile": "lab", "appliance_hardware": {"memory_gib": 24}}
    group = {"appliances": {"children": {"demo": {"vars": wish, "hosts": hosts}}}}
    (tmp_path / "site").mkdir()
    (tmp_path / "site/hosts.yml").write_text(yaml.safe_dump({"all": {"children": group}}))
    (tmp_path / "play.yml").write_text(PLAY.replace("SHELL", SHELL))
    table = json.dumps([{"Config": ID[7:] + ".json", "RepoTags": [REF, CHAT], "Layers": []}]).encode()
    with tarfile.open(tmp_path / "image.tar", "w") as tar:
        for name, data in (("manifest.json", table), (ID[7:] + ".json", CONFIG)):
            row = tarfile.TarInfo(name)
            row.size = len(data)
            tar.addfile(row, BytesIO(data))
    return tmp_path


def run(site: Path, *more: str, **variables):
    archives = [{"path": str(site / "image.tar")}]
    own = {"appliance_image_archives": archives, "state_dir": str(site / "state"), **variables}
    playbook = Path(sys.executable).parent / "ansible-playbook"
    done = subprocess.run(
        [playbook, "-i", site / "site", site / "play.yml", *more, "-e", json.dumps(own)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(not SHELL, reason="asks dpkg about bash")
def test_the_first_run_locks_what_it_found_and_the_next_ones_follow_it(site):
    path = site / "site/.appliance.lock.yml"
    code, said = run(site)
    assert code == 0 and "LLM527" in said and "changed=2" in said, said[-3000:]
    state = yaml.safe_load(path.read_text())["deployments"]["demo"]
    assert state["images"]["vllm-cpu"] == {"ref": REF, "id": ID} and "debian" in state["nodes"]["n1"]["system"]
    version = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", SHELL], capture_output=True, text=True, check=True
    ).stdout
    assert state["nodes"]["n1"]["packages"] == {SHELL: version}
    plan = json.loads((site / "site/.plans/demo/plan.json").read_text())
    assert plan["image"]["id"] == ID and not [row for row in plan["warnings"] if row["id"] == "LLM527"]

    code, said = run(site)
    assert code == 0 and "changed=0" in said and "LLM527" not in said, said[-3000:]

    text = path.read_text()
    path.write_text(text.replace(version, "0.1"))
    code, said = run(site)
    assert code != 0 and f"(locked -> installed): {SHELL} 0.1 -> {version}" in said, said[-3000:]
    assert "[LLM594]" in said
    code, said = run(site, appliance_rules_ignore=[{"id": "LLM594", "reason": "updates come at night"}])
    assert code == 0 and f"demo: nodes.n1.packages.{SHELL}: 0.1 -> {version}" in said and path.read_text() == text

    bare = yaml.safe_load(text)
    del bare["deployments"]["demo"]["images"]["vllm-cpu"]["id"]
    path.write_text(yaml.safe_dump(bare))
    code, said = run(site)  # the node tells what it is
    assert code == 0 and yaml.safe_load(path.read_text())["deployments"]["demo"]["images"]["vllm-cpu"]["id"] == ID, said
    path.write_text(yaml.safe_dump(bare))
    code, said = run(site, silent=True)  # nobody tells
    assert code != 0 and "[LLM589]" in said and REF in said and "Lock" not in said.partition("[LLM589]")[2], said[
        -3000:
    ]
    assert yaml.safe_load(path.read_text()) == bare

    path.write_text(text.replace(ID, "sha256:" + "0" * 64))
    code, said = run(site, appliance_images={"vllm-cpu": {"id": ID}})
    assert code != 0 and f"images.vllm-cpu.id: sha256:{'0' * 64} -> {ID}" in said and "[LLM592] demo" in said
    code, said = run(site, "--check", appliance_images={"vllm-cpu": {"id": ID}}, __lock_renew=True)
    assert code == 0 and f"demo: images.vllm-cpu.id: sha256:{'0' * 64} -> {ID}" in said and ID not in path.read_text()
    assert run(site, __lock_renew=True)[0] == 0 and path.read_text() == text
