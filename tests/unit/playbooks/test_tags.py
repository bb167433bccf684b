# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""--tags: every phase of site.yml has its own, what makes a run safe comes with each, and a wrong one is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sizing.common import ROOT

INCLUDES = ("ansible.builtin.include_role", "ansible.builtin.include_tasks")


def load(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((ROOT / "playbooks" / name).read_text(encoding="utf-8"))


CHECKS, (_IMPORT, PROVISION, VERIFY) = load("checks.yml")[0], load("site.yml")
PHASES = CHECKS["vars"]["__phases"]


def run(*words: str, hosts: str | Path = ROOT / "inventories/basic", playbook: str = "site.yml") -> tuple[int, str]:
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, playbook, "-i", hosts, *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_every_role_of_site_has_the_tag_of_its_name():
    tasks = PROVISION["tasks"]
    phases = [task for task in tasks if "ansible.builtin.import_role" in task]
    roles = [task["ansible.builtin.import_role"]["name"].rpartition(".")[2] for task in phases]
    assert [task["tags"] for task in phases] == [[role] for role in roles]
    # what else stands between them belongs to the phase that follows
    between = [(task, follows) for task, follows in zip(tasks, tasks[1:]) if task not in phases]
    assert [task["tags"] for task, _follows in between] == [follows["tags"] for _task, follows in between] != []
    assert VERIFY["tags"] == ["verify"]
    assert [*roles, "verify"] == PHASES


def test_what_makes_a_run_safe_comes_with_every_tag():
    assert CHECKS["tags"] == ["always"] and [play["tags"] for play in load("preflight.yml")[1:]] == [["always"]]
    for task in [*PROVISION["pre_tasks"], *PROVISION["post_tasks"]]:
        assert task["tags"] == ["always"], task["name"]
        for include in INCLUDES:  # what is included does not have the tags of the include
            assert include not in task or task[include]["apply"]["tags"] == ["always"], task["name"]
    assert CHECKS["pre_tasks"][0]["yitiji.deepseek.require"]["rule"] == "LLM184"
    assert [task["tags"] for play in load("restore.yml") for task in play.get("tasks", [])] == [["always"]] * 1


@pytest.mark.parametrize("tag", ["gateway", "verify"])
def test_a_tag_runs_its_phase_and_the_checks_alone(tag):
    code, said = run("--list-tasks", "--tags", tag)
    assert code == 0, said
    checks, provision, verify = said.split("\n  play #")[1:]
    _code, whole = run("--list-tasks")
    assert checks == whole.split("\n  play #")[1]  # not one of them is left out
    # an argument spec is looked at whatever the tags are, and a node's distribution is known to every phase
    for play in (provision, verify):
        own = re.findall(
            r"^ +(?:yitiji\.deepseek\.(\w+) : )?(?!Validating)(?:\S.*)\tTAGS: \[(.*)\]$", play, re.MULTILINE
        )
        roles = {role for role, tags in own if "always" not in tags} - {
            ""
        }  # an include of a role has no role before it
        assert roles <= ({tag} if tag != "verify" else {tag, "preflight", "appliance", "monitoring"})
        assert {tags for _role, tags in own if "always" not in tags} <= {tag}
    assert f"[{tag}]" in provision + verify
    assert "Keep the plan and its explanation\tTAGS: [always]" in provision
    assert "Stop serving\tTAGS: [always]" in provision


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--tags", "gatway"], "gatway"),
        (["--tags", "gateway,web ui"], "web ui"),
        (["--skip-tags", "nvidia"], "nvidia"),
        (["--tags", "docker", "--skip-tags", "dokcer"], "dokcer"),
    ],
)
def test_a_tag_that_no_phase_has_is_refused_before_anything(tmp_path, words, named):
    """The node answers nobody: it is not asked before."""
    node = {"n1": {"ansible_host": "127.0.0.1", "ansible_port": 9}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"appliances": {"hosts": node}}), encoding="utf-8")
    code, said = run(*words, hosts=tmp_path / "hosts.yml")
    assert code == 2 and f"[LLM184] n1: no phase of site.yml has the tag {named}. Fix: choose from host_tuning," in said
    assert "LLM107" not in said


@pytest.mark.parametrize("words", [["--tags", "all"], ["--tags", "tagged,never"], ["--skip-tags", "untagged"]])
def test_ansibles_own_tags_are_known(tmp_path, words):
    node = {"n1": {"ansible_host": "127.0.0.1", "ansible_port": 9}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"appliances": {"hosts": node}}), encoding="utf-8")
    _code, said = run(*words, hosts=tmp_path / "hosts.yml")
    assert "LLM184" not in said and "[LLM" in said  # refused for another reason, as nothing answers at the address


def test_the_page_names_every_tag():
    for name in ("running.md", "running.zh.md"):
        assert set(PHASES) <= set(re.findall(r"`(\w+)`", (ROOT / "docs" / name).read_text(encoding="utf-8"))), name


@pytest.mark.parametrize(
    ("playbook", "words"),
    [
        ("upgrade", ["--tags", "engine"]),
        ("upgrade", ["--skip-tags", "docker"]),
        ("upgrade", ["-e", """to='{"appliance_model": "x"}'"""]),
        ("rollback", ["--tags", "engine"]),
    ],
)
def test_what_must_run_whole_refuses_parts(playbook, words):
    """Ansible would leave out what has none of these tags and end as if all were well, and split that `to`."""
    rc, said = run(*words, playbook=f"playbooks/{playbook}.yml")
    assert rc and "LLM587" in said, said
