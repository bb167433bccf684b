# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands beside the code: action groups, the execution environment, hooks, CI, templates, policies."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._documentation import argument_spec

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


GALAXY = load("galaxy.yml")


@pytest.mark.parametrize(("group", "option"), [("catalog", "catalog_dirs"), ("progress", "progress")])
def test_an_action_group_has_every_module_with_its_option(group, option):
    groups = load("meta/runtime.yml")["action_groups"]
    assert set(groups) == {"catalog", "progress"}
    modules = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
    assert groups[group] == [name for name in modules if option in argument_spec(name)]


def test_the_execution_environment_takes_this_version_and_the_pinned_tools():
    made = load("execution-environment.yml")
    name = f"yitiji-deepseek-{GALAXY['version']}.tar.gz"
    assert made["dependencies"]["galaxy"]["collections"] == [{"name": f"artefact/{name}", "type": "file"}]
    assert made["additional_build_files"] == [{"src": f"build/dist/{name}", "dest": "artefact"}]
    pinned = (ROOT / "requirements-dev.txt").read_text() + (ROOT / "requirements.txt").read_text()
    needs = made["dependencies"]
    for line in (needs["ansible_core"]["package_pip"], needs["ansible_runner"]["package_pip"], *needs["python"]):
        assert line in pinned.splitlines(), line


def test_its_requirement_files_are_there():
    for name in load("meta/execution-environment.yml")["dependencies"].values():
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
        assert lines and all(re.match(r"[a-z][a-z-]+", line) for line in lines), name


def test_hooks_fetch_nothing_and_call_what_exists():
    for repo in load(".pre-commit-config.yaml")["repos"]:
        assert repo["repo"] == "local"
        for hook in repo["hooks"]:
            assert hook["language"] == "system" and hook["entry"].startswith(".venv/bin/"), hook["id"]
            named = [word for word in hook["entry"].split() if "/" in word and not word.startswith(".venv")]
            assert [word for word in named if not (ROOT / word).exists()] == [], hook["id"]


def test_the_hook_of_the_rules_pages_passes():
    """The others are steps of lint, or tests themselves."""
    [entry] = [
        hook["entry"]
        for repo in load(".pre-commit-config.yaml")["repos"]
        for hook in repo["hooks"]
        if hook["id"] == "rules"
    ]
    done = subprocess.run([sys.executable, *entry.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_calls_make_test():
    steps = load("docs/ci/github.yml")["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make test"]
    assert load("docs/ci/gitlab.yml")["test"]["script"] == ["make test"]


def test_what_a_newcomer_looks_for_is_there_and_linked():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in ("SECURITY.md", "CODE_OF_CONDUCT.md", "docs/versions.md", "docs/ci/github.yml", "docs/releasing.md"):
        assert (ROOT / name).is_file() and f"]({name})" in text, name
    for kind in ("bug", "wish"):
        body = (ROOT / f".gitlab/issue_templates/{kind}.md").read_text(encoding="utf-8")
        assert (ROOT / f".github/ISSUE_TEMPLATE/{kind}.md").read_text(encoding="utf-8").endswith(body) and body.strip()


@pytest.mark.parametrize("name", ["running", "versions"])
def test_both_languages_say_the_same(name):
    english, chinese = ((ROOT / f"docs/{name}{end}").read_text(encoding="utf-8") for end in (".md", ".zh.md"))
    for mark in (r"^## ", r"^\| ", r"^```"):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, chinese, re.MULTILINE)), mark
    assert set(re.findall(r"LLM\d{3}", english)) == set(re.findall(r"LLM\d{3}", chinese))


def test_the_version_can_be_released():
    assert re.fullmatch(r"\d+\.\d+\.\d+(-rc\.\d+)?", GALAXY["version"])


def test_both_readmes_install_the_release_alike():
    """tests/newcomer does what they say on a machine without a checkout."""
    blocks = []
    for name in ("README.md", "README.zh.md"):
        fenced = re.findall(r"^```(?:ini)?\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)
        blocks.append([text for text in fenced if "pip install" in text or "[ssh_connection]" in text])
    assert blocks[0] == blocks[1] and len(blocks[0]) == 2
    [tool] = re.findall(r"^pip install (\S+)$", blocks[0][0], re.MULTILINE)
    assert tool in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    own = (ROOT / "ansible.cfg").read_text(encoding="utf-8").splitlines()
    assert [line for line in blocks[0][1].splitlines() if line not in own] == []
