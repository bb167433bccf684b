# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the whole repository: nothing of one machine in it, short files, scripts that run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CODE_ENDS = (".py", ".sh", ".mjs", ".yml", ".j2")
# Put together from halves, so that this file does not match itself.
HOSTS = [f"{a}{b}" for a, b in (
    ("pypi", ".org"), ("python", "hosted.org"), ("registry.", "npmjs"), ("deb.", "debian.org"),
    ("security.", "debian.org"), ("galaxy.", "ansible.com"), ("download.", "pytorch.org"), ("proxy.", "golang.org"),
)]  # fmt: skip
PLACES = ["/wor" + "k/main", "/wor" + "k/shared", "/wor" + "k/.", "/ro" + "ot/.", "/tmp/" + "brief"]
WORDS = [r"\bissue #?\d", r"\bthis se" + r"ssion\b", r"\bcla" + r"ude\b", r"\bchat" + r"gpt\b"]


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [p for p in (ROOT / n for n in listing.split("\0") if n) if p.is_file()]


def texts():
    for path in tracked():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_names_no_registry_and_no_folder_of_one_machine():
    found = [f"{path}: {word}" for path, text in texts() for word in [*HOSTS, *PLACES] if word in text]
    assert found == []


def test_speaks_of_itself_alone():
    patterns = [re.compile(w, re.IGNORECASE) for w in WORDS]
    found = [f"{path}: {hit.group()}" for path, text in texts() for p in patterns for hit in [p.search(text)] if hit]
    assert found == []


def test_code_files_are_short():
    long = [f"{path}: {n}" for path, text in texts() if path.suffix in CODE_ENDS
            and path.parts[:2] != ("plugins", "catalog") and "fixtures" not in path.parts
            for n in [len(text.splitlines())] if n > 400]  # fmt: skip
    assert long == []


def test_no_error_is_ignored():
    """In roles, playbooks, scenarios and the lab: a failure is expected by its own condition, or it fails."""
    word = "ignore_" + "errors"
    yaml_files = [(path, text) for path, text in texts() if path.suffix in (".yml", ".yaml", ".j2")]
    assert [str(path) for path, text in yaml_files if re.search(rf"^\s*(- )?{word}:", text, re.MULTILINE)] == []


def test_task_lists_are_short():
    roots = ("roles", "playbooks", "molecule")
    long = [f"{path}: {n}" for path, text in texts() if path.suffix == ".yml" and path.parts[0] in roots
            and path.parent.name in ("tasks", "handlers", "playbooks", "molecule") for n in [len(text.splitlines())]
            if n > 150]  # fmt: skip
    assert long == []


def test_scripts_can_be_run():
    scripts = [p for p, text in texts() if text.startswith("#!") and p.parts[0] != "plugins"]
    assert [str(p) for p in scripts if not (ROOT / p).stat().st_mode & 0o111] == []


def test_no_secrets():
    marks = ["BEGIN OPENSSH " + "PRIVATE KEY", "BEGIN RSA " + "PRIVATE KEY", "BEGIN " + "PRIVATE KEY"]
    assert [str(p) for p, text in texts() if any(m in text for m in marks)] == []


def test_a_lock_file_names_no_host():
    for lock in ROOT.glob("tests/**/package-lock.json"):
        if "node_modules" not in lock.parts:
            assert '"resolved"' not in lock.read_text(encoding="utf-8"), lock


def test_requirements_are_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        assert [x for x in lines if x and not x.startswith("-r") and "==" not in x] == [], name


@pytest.mark.parametrize("name", ["test", "lab", "lab-down", "test-full"])
def test_make_target(name):
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("target, given, inventory", [
    ("bake", [], "inventories/lab-disk"),
    ("bake", ["INVENTORY=inventories/mine"], "inventories/mine"),
    ("bundle", [], "inventories/flagship"),
    ("bundle", ["PROFILE=basic"], "inventories/basic"),
    ("bundle", ["INVENTORY=inventories/mine"], "inventories/mine"),
    ("plan", ["PROFILE=basic"], "inventories/basic"),
])  # fmt: skip
def test_make_takes_the_targets_own_inventory(target, given, inventory):
    words = ["make", "-n", "--no-print-directory", target, *given]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1].split()[:4] == ["ansible-playbook", f"playbooks/{target}.yml", "-i", inventory]
    assert (ROOT / inventory).is_dir() or inventory.endswith("mine")


def test_rule_ids_are_unique_and_documented():
    rules = [
        r for f in sorted(ROOT.glob("plugins/catalog/rules/*.yml")) for r in yaml.safe_load(f.read_text())["rules"]
    ]
    ids = [r["id"] for r in rules]
    assert ids and len(ids) == len(set(ids))
    assert [i for i in ids if not re.fullmatch(r"LLM\d{3}", i)] == []
    for rule in rules:
        assert rule["title"]["zh"] and rule["title"]["en"] and rule["fix"]["zh"] and rule["fix"]["en"], rule["id"]
