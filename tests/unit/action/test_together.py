# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in one trip, as a playbook sees them: on this machine, with the modules that roles use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec
from steps import TOGETHER, tasks_of

ROOT = Path(__file__).resolve().parents[3]
WORDS = {"name", "when", "check_mode", "changed_when", "may_fail", "register", "timeout"}


def play(tmp_path, steps, *options, together=True, python=sys.executable, **more):
    """What the task answered, and what was said."""
    task = {"name": "Several", TOGETHER: {"steps": steps, **more}, "register": "told", "ignore_errors": True}
    copy = {"content": "{{ told | to_json }}", "dest": str(tmp_path / "told")}
    keep = {"ansible.builtin.copy": copy, "check_mode": False}
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task, {**keep, "name": "Keep"}]}])
    )
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", *options]
    command += ["-e", f"ansible_python_interpreter={python}", tmp_path / "play.yml"]
    env = {**os.environ, "ANSIBLE_PIPELINING": "1" if together else "0"}
    run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (tmp_path / "told").exists(), run.stdout + run.stderr
    return json.loads((tmp_path / "told").read_text()), run.stdout


def file(path, text="x\n"):
    return {"files": [{"path": str(path), "content": text, "owner": "0", "group": "0"}]}


both = pytest.mark.parametrize("together", [True, False], ids=["in-one-trip", "without-pipelining"])


@both
def test_steps_tell_like_tasks(tmp_path, together):
    here = tmp_path / "here"
    told, said = play(
        tmp_path,
        [
            {"name": "one", "ansible.builtin.stat": {"path": str(here)}, "register": "before"},
            {"name": "two", "yitiji.deepseek.managed_files": file(here)},
            {"name": "three", "ansible.builtin.command": {"argv": ["false"]}, "may_fail": True, "changed_when": False},
            {"name": "left out", "ansible.builtin.command": {"argv": ["false"]}, "when": "{{ 1 == 2 }}"},
            {"name": "foretold", "yitiji.deepseek.managed_files": file(tmp_path / "not"), "check_mode": True},
            {"name": "five", "ansible.builtin.stat": {"path": str(here)}, "register": "after"},
        ],
        "--diff",
        together=together,
    )
    assert told["changed"] and told["changed_steps"] == ["two", "foretold"]
    assert not told["before"]["stat"]["exists"] and told["after"]["stat"]["size"] == 2
    assert not (tmp_path / "not").exists() and "+x" in said


def test_steps_of_one_module_each_make_one_trip(tmp_path):
    command = {"ansible.builtin.command": {"argv": ["true"]}, "changed_when": False}
    look = {"name": "two", "ansible.builtin.stat": {"path": "/"}}
    told, said = play(tmp_path, [{"name": "one", **command}, look, {"name": "three", **command}], "-vvv")
    assert not told["failed"] and said.partition("PLAY RECAP")[0].count(f"{sys.executable} -c ") == 1, said


def test_a_program_that_is_not_wanted_costs_no_trip_of_its_own(tmp_path):
    command = {"ansible.builtin.command": {"argv": ["true"]}, "changed_when": False}
    gone = {"program": "doctor", "path": str(tmp_path / "program"), "state": "absent"}
    (tmp_path / "program").touch()
    steps = [
        {"name": "one", **command},
        {"name": "two", "yitiji.deepseek.node_program": gone},
        {"name": "three", **command},
    ]
    told, said = play(tmp_path, steps, "-vvv")
    assert told["changed_steps"] == ["two"] and not (tmp_path / "program").exists()
    assert said.partition("PLAY RECAP")[0].count(f"{sys.executable} -c ") == 1, said


def test_check_mode_reaches_each_step(tmp_path):
    told, _said = play(tmp_path, [{"name": "one", "yitiji.deepseek.managed_files": file(tmp_path / "f")}], "--check")
    assert told["changed"] and not (tmp_path / "f").exists()


@both
def test_a_failure_names_the_step_and_ends_the_others(tmp_path, together):
    told, said = play(
        tmp_path,
        [
            {"name": "one", "ansible.builtin.command": {"argv": ["false"]}},
            {"name": "two", "yitiji.deepseek.managed_files": file(tmp_path / "f")},
        ],
        together=together,
    )
    assert told["failed"] and told["step"] == "one" and told["step_action"] == "ansible.builtin.command"
    assert not (tmp_path / "f").exists(), said


@both
def test_independent_ones_tell_all_that_is_wrong(tmp_path, together):
    wrong = [{"name": name, "yitiji.deepseek.managed_files": file(name)} for name in ("a", "b")]
    told, _said = play(tmp_path, wrong, independent=True, together=together)
    assert told["failed"] and told["msg"].count("row 1 of the list of files") == 2


@pytest.mark.parametrize(
    "step",
    [
        {"name": "none"},
        {"ansible.builtin.ping": {}},
        {"name": "two", "ansible.builtin.ping": {}, "ansible.builtin.stat": {"path": "/"}},
    ],
)
def test_a_step_is_a_name_and_one_module(tmp_path, step):
    told, _said = play(tmp_path, [step])
    assert told["failed"] and "LLM948" in told["msg"]


def steps_of_roles():
    for path in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        for task in tasks_of(yaml.safe_load(path.read_text(encoding="utf-8"))):
            for step in task.get(TOGETHER, {}).get("steps", []):
                yield pytest.param(step, id=f"{path.parts[-3]}: {step.get('name')}")


@pytest.mark.parametrize("step", list(steps_of_roles()))
def test_a_step_of_a_role_is_written_as_the_module_takes_it(step):
    """No linter looks inside."""
    (module,) = set(step) - WORDS
    collection, _dot, name = module.rpartition(".")
    if collection == "yitiji.deepseek" and isinstance(step[module], dict):
        spec = argument_spec(name)
        assert set(step[module]) <= set(spec)
        assert {option for option, rule in spec.items() if rule.get("required")} <= set(step[module])
    assert collection in ("yitiji.deepseek", "ansible.builtin", "community.crypto")
    assert isinstance(step.get("when", ""), str) and "{{" in step.get("when", "{{"), "a value: no task evaluates it"


def test_the_python_of_a_first_boot_makes_the_trip(tmp_path):
    """Where a machine sets itself up, modules run by a program in Python's place."""
    code = (ROOT / "plugins/module_utils/_first_boot/python.py").read_text(encoding="utf-8")
    program = tmp_path / "python"
    program.write_text(f"#!{sys.executable}\n{code}".replace("/run/yitiji-first-boot", str(tmp_path)))
    program.chmod(0o700)
    steps = [{"name": "Look", "ansible.builtin.stat": {"path": "/"}, "register": "root"},
             {"name": "Say", "ansible.builtin.command": {"argv": ["echo", "here"]}, "register": "said"}]  # fmt: skip
    told, said = play(tmp_path, steps, python=program)
    assert told["root"]["stat"]["isdir"] and told["said"]["stdout"] == "here", said
    assert list((tmp_path / "code").iterdir()), "it was that program"
