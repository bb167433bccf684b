# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shared variable has one default, where its readers find it (docs/decisions/13-one-default.md)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SHARED = "shared_variables"
ASKS = re.compile(r"\bappliance_distribution( \||\.)|yitiji\.deepseek\.(managed|driver)_packages:")
DISTRIBUTION = "yitiji.deepseek.distribution"
# bundle sets it for a target that is not there; disk_seal works on a node that the other roles made.
KNOW_BY_OTHERS = ("bundle", "disk_seal")
ROLES = sorted(p.parent.parent for p in ROOT.glob("roles/*/meta/main.yml") if p.parent.parent.name != SHARED)
PLAYBOOKS = sorted([*ROOT.glob("playbooks/*.yml"), ROOT / "site.yml"])
READ_BY_ENDS = (".yml", ".j2", ".py", ".sh")

roles = pytest.mark.parametrize("role", ROLES, ids=lambda p: p.name)


def load(path: Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def defaults_of(role: str):
    return load(ROOT / "roles" / role / "defaults/main.yml") or {}


def texts(*folders: str):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in READ_BY_ENDS and path.is_file():
                yield path, path.read_text(encoding="utf-8")


def names_in(text: str, names):
    return {n for n in re.findall(r"(?<![\w.'\"])[a-z]\w+", text) if n in names}


def text_of(role: Path) -> str:
    """What the role reads; its argument specs repeat its defaults and describe."""
    files = [p for p in sorted(role.rglob("*")) if p.suffix in (".yml", ".j2") and p.name != "argument_specs.yml"]
    return "\n".join(re.sub(r"#.*", "", p.read_text(encoding="utf-8")) for p in files)


def test_each_default_is_written_once():
    places = {}
    for path in sorted(ROOT.glob("roles/*/defaults/*.yml")):
        for name in load(path) or {}:
            places.setdefault(name, []).append(path.parent.parent.name)
    assert {n: p for n, p in places.items() if len(p) > 1} == {}
    assert {n: p for n, p in places.items() if n.startswith("appliance_") and p[0] not in (SHARED, "appliance")} == {}


def test_no_second_default_where_a_variable_is_read():
    names = {name for path in ROOT.glob("roles/*/defaults/main.yml") for name in load(path) or {}}
    constant = r"(?:[\[{\"'\d]|true\b|false\b)"  # another variable to fall back on is no second default
    again = re.compile(r"(?<![\w.])(" + "|".join(names) + r")\s*\|\s*(?:default|d)\s*\(\s*" + constant)
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path, text in texts("roles", "playbooks", "plugins")
             for hit in again.finditer(text)]  # fmt: skip
    assert found == []


@roles
def test_a_role_that_reads_shared_variables_depends_on_them(role):
    names = defaults_of(SHARED)
    wanted = names_in(text_of(role), names) or "__appliance_" in text_of(role)
    depends = [d["role"] for d in load(role / "meta/main.yml")["dependencies"]]
    assert [name for name in depends if name != DISTRIBUTION] == ([f"yitiji.deepseek.{SHARED}"] if wanted else [])


@roles
def test_a_role_that_asks_for_names_or_installs_knows_the_distribution(role):
    """So that one that is not served is refused before a change, in site.yml and where the role is used alone."""
    text = text_of(role)
    wanted = role.name == "doctor" or ASKS.search(text)
    depends = [d["role"] for d in load(role / "meta/main.yml")["dependencies"]]
    assert (DISTRIBUTION in depends) == (bool(wanted) and role.name not in (*KNOW_BY_OTHERS, "distribution"))


@roles
def test_what_only_the_planner_reads_is_read_by_no_other_role(role):
    names = set(defaults_of("appliance"))
    listed = load(role / "vars/main.yml") if (role / "vars/main.yml").is_file() else {}
    kept = set((listed or {}).get("__first_boot_names", []))  # copied to the image as they are, not read
    if role.name != "appliance":
        assert names_in(text_of(role), names) - kept == set()


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda p: p.name)
def test_a_play_that_reads_one_itself_has_a_role_that_brings_it(path):
    for play in load(path):
        text = yaml.safe_dump({k: v for k, v in play.items() if k != "import_playbook"}, width=10000)
        if names_in(text, defaults_of(SHARED)):
            tasks = [task for part in ("pre_tasks", "tasks", "post_tasks") for entry in play.get(part, [])
                     for task in entry.get("block", [entry])]  # fmt: skip
            static = [*play.get("roles", []), *[task for task in tasks if "ansible.builtin.import_role" in task]]
            assert static, f"{play['name']}: name role {SHARED}"


def test_they_are_there_in_a_role_used_alone(tmp_path):
    """One play a role, with nothing but the role: its variables that read a shared one have a value."""
    plays = []
    for role in ROLES:
        reads = {n: str(v) for n, v in defaults_of(role.name).items() if "appliance_" in str(v)}
        own = [n for n, text in reads.items() if "appliance_plan" not in text]
        if own:
            plays += [{"name": role.name, "hosts": "localhost", "gather_facts": False, "tasks": [
                {"name": "Load", "ansible.builtin.import_role": {"name": f"yitiji.deepseek.{role.name}",
                 "tasks_from": "uninstall"}, "tags": ["nobody_asks"]},
                {"name": "Read", "ansible.builtin.assert": {"that": [f"{n} is defined" for n in own]}},
            ]}]  # fmt: skip
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump(plays), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", play]
    command += ["-e", "appliance_deployment=demo", "--skip-tags", "nobody_asks"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=os.environ, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert run.stdout.count("All assertions passed") == len(plays) >= 10
