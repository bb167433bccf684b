# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is changed before everything was checked: the list of checks, the roles' entries, the rules they raise."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.action.check_settings import CHECKS
from steps import TOGETHER

ROOT = Path(__file__).resolve().parents[3]
CORES = ROOT / "plugins/module_utils"
RULE = re.compile(r"LLM\d{3}")
# What is checked by roles of the list under another entry point, with what else they do there.
ENTRIES = {"appliance": "main", "distribution": "main", "bundle": "main", "preflight": "main"}
OF_AN_ENGINE = {"ollama", "ktransformers"}  # called by role engine
READS = {
    "check_settings", "certificate_check", "node_info", "node_probe", "docker_engine_info", "open_webui_data_info",
    "nvidia_driver_plan", "plan_resolve", "doctor", "bundle_check", "backup_open", "stat", "assert",
    "require", "debug", "setup",
}  # fmt: skip
PHASES = {"import_tasks", "include_tasks", "import_role", "include_role"}
# Rules of site.yml's own roles: acceptance, making bundles, disk images, their first boot and inventories are
# playbooks of their own, and so are upgrades.
ELSEWHERE = re.compile(
    r"_base/messages/|acceptance|"
    r"_bundle/(apt|dnf|fetch|licences|make|produce|vendors|volumes|work)|_disk/|_first_boot/|_doctor/|disk_|bundle_make|first_boot|"
    r"new_site|_upgrade"
)
DOCS = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def load(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


CASES = load("tests/settings/worst_settings.yml")
CHECK, PROVISION, AFTER = load("playbooks/checks.yml")[0], *load("playbooks/site.yml")[1:]


def imports(play):
    tasks = [task for part in ("pre_tasks", "tasks", "post_tasks") for task in play.get(part, [])]
    return [inner for task in tasks for inner in task.get("block", [task]) if "ansible.builtin.import_role" in inner]


def is_of(task, role: str) -> bool:
    return task["ansible.builtin.import_role"]["name"] == f"yitiji.deepseek.{role}"


def roles_of(play) -> dict[str, tuple[str, str]]:
    """Role -> (entry point, condition), in the order in which they run."""
    found = {}
    for task in imports(play):
        role = task["ansible.builtin.import_role"]
        name = role["name"].rpartition(".")[2]
        found.setdefault(name, (role.get("tasks_from", "main"), str(task.get("when", ""))))
    return found


CHECKED, PROVISIONED, ASKED = roles_of(CHECK), roles_of(PROVISION), roles_of(AFTER)
ROLES = sorted({*PROVISIONED, *ASKED})


REFUSED = """
- name: A run that is refused after the bundle was set up on two nodes
  hosts: all
  gather_facts: false
  any_errors_fatal: true
  vars: {appliance_source: bundle, bundle_node_dir: "FOLDER/{{ inventory_hostname }}", bundle_port: 8}
  tasks:
    - name: Check
      block:
        - name: Use the bundle
          ansible.builtin.file: {path: "{{ bundle_node_dir }}/lists/partial", state: directory, mode: "0755"}
        - name: Remember the address as role bundle does
          ansible.builtin.set_fact: {__bundle_seen: 127.0.0.1}
        - name: Refuse one of them
          yitiji.deepseek.require: {that: inventory_hostname == 'good', rule: LLM816}
"""


def test_a_refused_run_leaves_nothing_of_the_bundle(tmp_path):
    """With what checks.yml itself does in the end."""
    plays = yaml.safe_load(REFUSED.replace("FOLDER", str(tmp_path)))
    checks = next(task for task in CHECK["tasks"] if "block" in task)
    plays[0]["tasks"][0]["always"] = checks["always"]
    assert checks["block"][-1]["ansible.builtin.set_fact"] == {"__checks_passed": True}
    assert checks["block"][0]["ansible.builtin.import_role"]["name"] == "yitiji.deepseek.bundle"
    (tmp_path / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "good,bad,", "-c", "local"]
    command += [tmp_path / "play.yml", "-e", f"ansible_python_interpreter={sys.executable}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 2 and "[LLM816] bad: " in run.stdout, run.stdout[-3000:] + run.stderr[-2000:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["play.yml"]


def test_site_begins_with_the_checks():
    site = load("playbooks/site.yml")
    assert site[0]["ansible.builtin.import_playbook"] == "checks.yml"
    assert load("playbooks/preflight.yml")[0]["ansible.builtin.import_playbook"] == "checks.yml"
    assert CHECK["any_errors_fatal"] and [play["hosts"] for play in (CHECK, PROVISION)] == ["appliances"] * 2


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_site_is_checked_before(role):
    assert CHECKED[role][0] == ENTRIES.get(role, "preflight")
    assert (ROOT / f"roles/{role}/tasks/preflight.yml").is_file()
    assert "preflight" in load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]


def test_variables_are_validated_for_all_roles_at_once_and_not_again():
    """When they are given, and when what follows from the plan is known; before any role but those that make it."""
    block = next(task for task in CHECK["tasks"] if "block" in task)["block"]
    twice = [task for task in [*CHECK["pre_tasks"], *block] if "yitiji.deepseek.check_variables" in task]
    assert twice == [CHECK["pre_tasks"][1], block[2]] and is_of(block[1], "appliance")
    for play in (CHECK, PROVISION, AFTER):
        assert not any(task["ansible.builtin.import_role"].get("rolespec_validate", True) for task in imports(play))


@pytest.mark.parametrize("role", ROLES)
def test_the_options_of_an_entry_are_those_of_the_role(role):
    specs = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
    assert specs[CHECKED[role][0]]["options"] == specs["main"]["options"]


@pytest.mark.parametrize("role", [role for role in PROVISIONED if role not in ENTRIES])
def test_under_the_condition_under_which_it_runs(role):
    assert CHECKED[role][1] == PROVISIONED[role][1]


def test_in_the_order_in_which_they_run():
    order = [role for role in CHECKED if role not in ENTRIES]
    assert order == [role for role in [*PROVISIONED, *ASKED] if role in order and role not in ENTRIES][: len(order)]


def tasks_of(path: Path):
    for task in yaml.safe_load(path.read_text(encoding="utf-8")):
        inner = [part for name in ("block", "rescue", "always") for part in task.get(name, [])]
        yield from inner or [task]


@pytest.mark.parametrize("role", [*ROLES, *sorted(OF_AN_ENGINE)])
def test_an_entry_changes_nothing(role):
    """It reads, or it runs what it runs in check mode; files that it includes are of the same kind."""
    todo, seen = ["preflight.yml"], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        for task in tasks_of(ROOT / f"roles/{role}/tasks" / name):
            kinds = {key.rpartition(".")[2] for key in task}
            if kinds & PHASES:
                called = next(task[key] for key in task if key.rpartition(".")[2] in PHASES)
                if "import_role" in kinds or "include_role" in kinds:
                    assert called["tasks_from"] in ("preflight", "{{ __weights_entry }}"), f"{name}: {task['name']}"
                elif called not in seen:
                    todo.append(called)
            elif TOGETHER in task:
                for step in task[TOGETHER]["steps"]:
                    inner = {key.rpartition(".")[2] for key in step} & READS
                    assert inner or step.get("check_mode") is True, f"{name}: {step['name']}"
            elif not kinds & READS:
                assert task.get("check_mode") is True, f"{name}: {task['name']}"


# --- the rules: code, page and cases say the same ---


def rules_in(path: Path) -> set[str]:
    """Rules that a file names, in Python outside of docstrings and of documentation."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return set(RULE.findall(text))
    tree = ast.parse(text)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    told |= {id(node.value) for node in tree.body if isinstance(node, ast.Assign) and named(node) in DOCS}
    words = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {rule for node in words if id(node) not in told for rule in RULE.findall(node.value)}


def named(node: ast.Assign) -> str:
    return ast.unparse(node.targets[0])


def of_the_code() -> set[str]:
    tasks = [path for role in {*ROLES, *OF_AN_ENGINE} for path in ROOT.glob(f"roles/{role}/tasks/*.yml")]
    files = [path for path in ROOT.glob("plugins/**/*.py") if not ELSEWHERE.search(str(path.relative_to(ROOT)))]
    return {rule for path in [*tasks, *files] for rule in rules_in(path)}


def of_the_catalogue() -> set[str]:
    files = ROOT.glob("plugins/catalog/rules/*.yml")
    return {row["id"] for path in files for row in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]}


def of_the_page() -> dict[str, tuple[set[str], set[str]]]:
    lines = (ROOT / "docs/preflight.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {name.strip("`"): (set(RULE.findall(before)), set(RULE.findall(later))) for name, before, later in rows}


PAGE = of_the_page()
TOLD = {rule for before, later in PAGE.values() for rule in before | later}


def test_the_page_has_every_role():
    assert set(PAGE) == {*ROLES, *OF_AN_ENGINE}


def test_every_refusal_is_before_or_has_a_reason_to_be_later():
    missing = sorted(of_the_code() - TOLD - of_the_catalogue())
    assert missing == [], "say in docs/preflight.md when these are refused; before, where that is possible"


def test_the_page_names_no_rule_that_is_gone():
    known = of_the_code() | of_the_catalogue()
    known |= {rule for name in ("variables", "rules") for rule in rules_in(CORES / f"_doctor/{name}.py")}
    assert sorted(TOLD - known) == []


def checks_of(role: str) -> set[Path]:
    """The file of a role's check and those of the collection that it takes functions from."""
    own = Path(CHECKS[role].__code__.co_filename).resolve()
    found = {own}
    for node in ast.walk(ast.parse(own.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and "module_utils._" in str(node.module):
            base = CORES.joinpath(*str(node.module).split("module_utils.")[1].split("."))
            found |= {base.with_suffix(".py"), *(base / f"{name.name}.py" for name in node.names)}
    return {path for path in found if path.is_file()}


@pytest.mark.parametrize("role", sorted(set(CHECKS) - set(PAGE)))
def test_every_rule_of_a_check_of_another_playbook_is_met_by_a_test(role):
    tests = (ROOT / f"tests/unit/module_utils/_{role}/test_preflight.py").read_text(encoding="utf-8")
    raised = rules_in(Path(CHECKS[role].__code__.co_filename))
    assert raised and sorted(rule for rule in raised if f'"{rule}"' not in tests) == []


@pytest.mark.parametrize("role", sorted(set(CHECKS) & set(PAGE)))
def test_every_rule_of_a_check_is_met_by_a_case(role):
    """By worst settings of that role on a real node, or by a test of the function where a bare node can't show it."""
    raised = {rule for path in checks_of(role) for rule in rules_in(path)} & PAGE[role][0]
    shown = {rule for case in CASES if case["role"] == role for rule in case["says"]}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/unit").rglob("test_preflight.py"))
    assert shown, "no worst setting"
    assert sorted(rule for rule in raised - shown if f'"{rule}"' not in tests) == []


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_worst_setting(role):
    cases = [case for case in CASES if case["role"] == role]
    assert cases
    for case in cases:
        assert set(case["says"]) <= PAGE[role][0], "docs/preflight.md says otherwise"


NATIVE = """
- name: An engine that brings its own role and no image
  hosts: localhost
  gather_facts: false
  vars:
    appliance_plan:
      engine: {name: ollama, device: cpu}
      provision: {role: ollama, ready: true}
      nodes:
        localhost:
          head: true
          rank: 0
          address: 127.0.0.1
          units:
            - name: yitiji-ollama
              serves: [b]
              url: http://127.0.0.1:8000
              port: 8000
              gpus: []
              args: []
              env: {OLLAMA_MODELS: /home/ollama/models}
      image: null
      run: {health: /health, key_variable: "", models: /v1/models}
      start: {timeout_seconds: 10}
      model: {id: a/b, served_name: b, path: /srv/models/a/b, stamp: /srv/models/a/b/stamp}
      release: {version: "1", url: http://127.0.0.1:9/ollama.tar, sha256: none}
  tasks:
    - name: Check the engine
      ansible.builtin.import_role:
        name: yitiji.deepseek.engine
        tasks_from: preflight
"""


def test_an_engine_without_an_image_is_checked_by_its_own_role(tmp_path):
    play = tmp_path / "play.yml"
    play.write_text(NATIVE, encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", play]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    told = run.stdout[-3000:] + run.stderr[-2000:]
    assert run.returncode == 2 and "LLM702" in run.stdout and "/home/ollama/models" in run.stdout, told


def facts_named(role: Path) -> set[str]:
    """The role's variables that hold a fact of Ansible's, also through others of its variables."""
    texts = {}
    for path in (role / "defaults/main.yml", *role.glob("vars/*.yml")):
        if path.exists():
            texts |= {name: str(value) for name, value in (yaml.safe_load(path.read_text()) or {}).items()}
    found = {name for name, text in texts.items() if "ansible_facts." in text}
    more = found
    while more:
        known = re.compile(rf"\b({'|'.join(found)})\b")
        more = {name for name in texts.keys() - found if known.search(texts[name])}
        found = found | more
    return found


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/tasks/preflight.yml")), ids=lambda path: path.parts[-3])
def test_facts_are_read_before_they_are_checked(path):
    """No play of site.yml gathers facts; what a later task reads is not there yet."""
    tasks = yaml.safe_load(path.read_text(encoding="utf-8"))
    named = re.compile("|".join([r"ansible_facts\.", *(rf"\b{name}\b" for name in facts_named(path.parents[1]))]))
    users = [number for number, task in enumerate(tasks) if named.search(str(task))]
    readers = [number for number, task in enumerate(tasks) if "ansible.builtin.setup" in task]
    assert not users or (readers and readers[0] < users[0]), tasks[users[0]]["name"]


def words(*texts: str) -> set[str]:
    """All of them but names that may be missing, with a default."""
    return {word for text in texts for word in re.findall(r"\w+", re.sub(r"\b\w+ \| default\(", "(", text))}


def given(files: list[Path]) -> set[str]:
    """What the tasks of these files register, set or say in `vars`."""
    found = set()
    for task in [task for path in files for task in tasks_of(path)]:
        found |= {task["register"]} if "register" in task else set()
        found |= {*task.get("ansible.builtin.set_fact", {}), *task.get("vars", {})}
    return found


def alone() -> list[Path]:
    """Entry points before which no other task of their role has run: checks, and what uninstall.yml calls."""
    found = {*ROOT.glob("roles/*/tasks/preflight.yml"), *ROOT.glob("roles/*/tasks/uninstall.yml")}
    text = (ROOT / "playbooks/uninstall.yml").read_text(encoding="utf-8")
    for role, entry in re.findall(r"name: yitiji\.deepseek\.(\w+)\n\s+tasks_from: (\w+)\n", text):
        found.add(ROOT / f"roles/{role}/tasks/{entry}.yml")
    return sorted(found)


@pytest.mark.parametrize("path", alone(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_an_entry_reads_nothing_that_only_another_entry_point_finds_out(path):
    """Alone, and first in its playbook, no other task of its role has run."""
    role, own, todo = path.parents[1], [path], [path]
    while todo:
        for task in tasks_of(todo.pop()):
            called = task.get("ansible.builtin.import_tasks") or task.get("ansible.builtin.include_tasks")
            called = called["file"] if isinstance(called, dict) else called
            if called and role / "tasks" / called not in own:
                own.append(role / "tasks" / called)
                todo.append(own[-1])
    later = given(sorted(role.glob("tasks/*.yml"))) - given(own)
    texts = {}
    for holder in (role / "defaults/main.yml", role / "vars/main.yml"):
        if holder.is_file():
            texts |= {name: str(value) for name, value in (yaml.safe_load(holder.read_text()) or {}).items()}
    seen, ahead = set(), words(*(file.read_text() for file in own))
    while ahead:
        seen |= ahead
        ahead = words(*(texts.get(name, "") for name in ahead - given(own))) - seen
    if path.stem != "preflight":  # a check must not even see another value than the role will
        later -= texts.keys() | {name for file in own for name in re.findall(r"(\w+) is defined", file.read_text())}
    assert sorted(seen & later) == []
