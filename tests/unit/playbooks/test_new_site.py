# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wizard through ansible-playbook: what it writes is planned, and preflight takes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.sizing.common import ROOT

PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")


def run(name, *arguments, **variables):
    return subprocess.run(
        [PLAYBOOK, f"playbooks/{name}.yml", *arguments, f"-e{json.dumps(variables)}"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip


def new_site(*arguments, **answers):
    language = {"appliance_language": answers.pop("language")} if "language" in answers else {}
    return run("new_site", *arguments, **{f"new_site_{name}": value for name, value in answers.items()}, **language)


@pytest.mark.parametrize(
    ("profile", "nodes", "more"),
    [
        ("basic", "gpu01=192.0.2.1", {"language": "zh", "user": "deploy", "proxy": "http://192.0.2.9:3128"}),
        ("standard", "192.0.2.1:2222", {"source": "mirror", "mirror_hub": "http://192.0.2.9", "language": "en"}),
        ("flagship", ["gpu01=2001:db8::1", "gpu02=2001:db8::2"], {"data_addresses": ["10.1.0.1", "10.1.0.2"]}),
        ("lab", "gpu01=local", {"admin_networks": "192.0.2.0/24"}),
    ],
)
def test_what_it_writes_is_planned(tmp_path, profile, nodes, more):
    done = new_site(name="fresh", profile=profile, nodes=nodes, path=str(tmp_path / "site"), **more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ansible-playbook yitiji.deepseek.site -i {tmp_path}/site" in done.stdout
    planned = run("plan", "-i", str(tmp_path / "site"), appliance_plan_dir=str(tmp_path / "plans"))
    assert planned.returncode == 0, planned.stdout + planned.stderr
    plan = json.loads((tmp_path / "plans/fresh/plan.json").read_text())
    assert plan["profile"] == profile and len(plan["nodes"]) == (2 if profile == "flagship" else 1)


def test_preflight_takes_its_variables_and_can_be_asked_for(tmp_path, monkeypatch):
    """Past the check of every variable it gets as far as reaching the node, whose way ends in front of the network."""
    monkeypatch.setenv("ANSIBLE_SSH_ARGS", "-o ProxyCommand=/bin/false")
    path = tmp_path / "site"
    done = new_site(name="fresh", profile="basic", nodes="gpu01=192.0.2.1:9", path=str(path), preflight=True, user="me",
                    proxy="http://192.0.2.9:1", admin_networks="192.0.2.0/24")  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 2 and "[LLM107] gpu01" in said, said[-3000:]
    assert "LLM12" not in said and "LLM186" not in said
    assert path.is_dir()


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(tmp_path):
    nodes = "gpu01=192.0.2.300 gpu02=192.0.2.2 gpu02=192.0.2.3"
    done = new_site(name="Fresh", profile="nix", nodes=nodes, source="web", path=str(tmp_path / "site"))
    assert done.returncode == 2
    for rule in ("LLM178", "LLM179", "LLM180", "LLM183", "LLM521"):
        assert f"[{rule}] localhost: " in done.stdout and f"[{rule}] localhost：" in done.stdout, rule
    assert not (tmp_path / "site").exists()


def test_nothing_is_overwritten_and_check_mode_writes_nothing(tmp_path):
    answers = {"name": "fresh", "profile": "basic", "nodes": "gpu01=192.0.2.1", "path": str(tmp_path / "site")}
    checked = new_site("--check", "--diff", **answers)
    assert checked.returncode == 0 and "+            appliance_profile: basic" in checked.stdout, checked.stdout
    assert not (tmp_path / "site").exists()
    (tmp_path / "site").mkdir()
    assert new_site(**answers).returncode == 0, "an empty folder is as good as a new one"
    before = (tmp_path / "site/hosts.yml").read_bytes()
    again = new_site(**{**answers, "nodes": "gpu02=192.0.2.2"})
    assert again.returncode == 2 and "[LLM182] localhost: " in again.stdout
    assert (tmp_path / "site/hosts.yml").read_bytes() == before


def test_at_a_terminal(tmp_path):
    """A wrong answer is asked again."""
    (tmp_path / "work").mkdir()
    env = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    command = [str(ROOT / "playbooks/new_site.yml"), "-e", "appliance_language=en"]
    person = pexpect.spawn(PLAYBOOK, command, cwd=str(tmp_path / "work"), env=env, encoding="utf-8", timeout=60)
    for question, answer in (
        ("Name of the site", "fresh"),
        ("Profile, one of", "basic"),
        ("Cards of each node", ""),
        ("Nodes, 1 for this profile", "gpu01=192.0.2.300"),
        ("LLM179.*Nodes, 1 for this profile", "gpu01=192.0.2.1"),
        ("User for SSH", ""),
        ("Networks from which SSH", ""),
        ("Where packages", ""),
        ("Proxy of the site", ""),
        ("Folder to write", ""),
        ("Check the nodes now", ""),
    ):
        person.expect(f"(?s){question}[^\\n]*: ")
        person.send(answer + "\r")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0, person.before
    assert "ansible_host: 192.0.2.1\n" in (tmp_path / "work/inventories/fresh/hosts.yml").read_text()
