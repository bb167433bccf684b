# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every role keeps: its files, its variables, and that its task lists stay readable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from steps import tasks_of

ROOT = Path(__file__).resolve().parents[3]
ROLES = sorted(p.parent.parent for p in ROOT.glob("roles/*/tasks/main.yml"))
FILES = (
    "README.md defaults/main.yml meta/main.yml meta/argument_specs.yml tasks/main.yml "
    "tasks/verify.yml tasks/uninstall.yml"
)
PHASES = {"include_tasks", "import_tasks", "include_role", "import_role", "meta"}
SHARED_FACTS = {
    "appliance": {"appliance_node", "appliance_plan", "appliance_locked"},
    "distribution": {"appliance_distribution"},
    "nvidia_container_toolkit": {"appliance_gpu_mode"},
    "bundle": {
        "appliance_modelscope_endpoint",
        "appliance_image_archives",
        "appliance_images",
        "appliance_environment",
        "appliance_distribution",
        "ollama_release",
    },
}

roles = pytest.mark.parametrize("role", ROLES, ids=lambda p: p.name)


def load(path: Path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def task_files(role: Path) -> list[Path]:
    return sorted([*role.glob("tasks/**/*.yml"), *role.glob("handlers/*.yml")])


def tasks(entries):
    """Every task, also those inside blocks."""
    for entry in entries or []:
        yield entry
        for part in ("block", "rescue", "always"):
            yield from tasks(entry.get(part))


def test_there_are_roles():
    assert ROLES


@roles
def test_has_its_files(role):
    assert [f for f in FILES.split() if not (role / f).is_file()] == []


@roles
def test_argument_specs_equal_the_defaults(role):
    defaults = load(role / "defaults/main.yml") or {}
    shared = load(ROOT / "roles/shared_variables/defaults/main.yml")  # its own among what several roles read
    defaults = {**defaults, **{n: value for n, value in shared.items() if n.startswith(f"{role.name}_")}}
    options = load(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    required = {n for n, o in options.items() if o.get("required")}
    assert set(options) - required == set(defaults)
    told = {n: value for n, value in defaults.items() if not calculated(value)}
    assert {n: options[n].get("default") for n in told} == told
    # no page and no checker can read Jinja as a number or a list: a calculated default is told in words
    assert [n for n in set(defaults) - set(told) if "default" in options[n] or not says_its_default(options[n])] == []
    named = {n: re.fullmatch(r"\{\{ ([a-z]\w*) \}\}", str(value)) for n, value in defaults.items()}
    assert [n for n, m in named.items() if m and f"C({m[1]})" not in description(options[n])] == []


def calculated(value) -> bool:
    return "{{" in str(value) or "{%" in str(value)


def description(option) -> str:
    text = option["description"]
    return text if isinstance(text, str) else "\n".join(text)


def says_its_default(option) -> bool:
    return "By default " in description(option)


@roles
def test_options_are_typed_and_described(role):
    for entry in load(role / "meta/argument_specs.yml")["argument_specs"].values():
        assert entry["short_description"] and entry["description"]
        for name, option in entry.get("options", {}).items():
            assert option.get("type"), name
            assert option.get("description"), name


@roles
def test_entry_points_are_files(role):
    entries = load(role / "meta/argument_specs.yml")["argument_specs"]
    assert {"main", "verify", "uninstall"} <= set(entries)
    assert [e for e in entries if not (role / f"tasks/{e}.yml").is_file()] == []


@roles
def test_variables_carry_the_roles_name(role):
    assert [n for n in load(role / "defaults/main.yml") or {} if not n.startswith(f"{role.name}_")] == []


@roles
def test_main_is_a_list_of_phases(role):
    main = load(role / "tasks/main.yml")
    bodies = [t for t in tasks(main) if "block" not in t]
    assert [t["name"] for t in bodies if not PHASES & {k.rsplit(".", 1)[-1] for k in t}] == []


@roles
def test_tasks_are_named_and_handle_their_errors(role):
    for path in task_files(role):
        for task in tasks_of(load(path)):
            assert task.get("name"), f"{path}: a task without a name"
            assert "ignore_errors" not in task, f"{path}: {task['name']}"
            body = {k.rsplit(".", 1)[-1] for k in task}
            if body & {"command", "shell", "raw", "script"}:
                assert "changed_when" in task, f"{path}: {task['name']}"
            assert not ("until" in task and "retries" not in task), f"{path}: {task['name']}: unbounded"


@roles
def test_private_names_are_marked(role):
    allowed = SHARED_FACTS.get(role.name, set())
    for path in task_files(role):
        for task in tasks(load(path)):
            facts = next((task[k] for k in task if k.rsplit(".", 1)[-1] == "set_fact"), {})
            names = {n for n in facts if n != "cacheable"} | {task.get("register")} - {None}
            wrong = {n for n in names - allowed if not n.startswith(f"__{role.name}_")}
            assert not wrong, f"{path}: {task['name']}: {wrong}"


@roles
def test_task_files_are_short(role):
    assert [p.name for p in task_files(role) if len(p.read_text(encoding="utf-8").splitlines()) > 150] == []
