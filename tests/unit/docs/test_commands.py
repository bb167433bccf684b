# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the pages for readers: executed here, in the lab, or marked as one that needs the site.

And what stands in them exists: playbooks, variables, tags, make's targets, options of our commands and paths.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.docs.blocks import PAGES, ROOT, SHELL, blocks, everything
from tests.unit.docs.test_variables import variables

KNOWN = yaml.safe_load((Path(__file__).parent / "commands.yml").read_text(encoding="utf-8"))
LAB = {command: file for file, row in KNOWN["lab"].items() for command in row["commands"]}
SITE = {command: why for why, commands in KNOWN["site"].items() for command in commands}
COMMANDS = everything()
TYPED = sorted({command.text for command in COMMANDS} - set(KNOWN["output"]))
# variables that playbooks alone read, beside those of the roles' specs; new_site's stand in its module
BY_PLAYBOOKS = re.compile(r"\b((?:uninstall|lock|seal|backup|new_site|bundle|acceptance|export|disable)_\w+)")


def test_every_command_is_tested_or_says_why_not():
    marked = [*KNOWN["here"], *LAB, *SITE, *KNOWN["output"]]
    assert sorted({name for name in marked if marked.count(name) > 1}) == []
    there = {command.text for command in COMMANDS}
    lost = [f"{command.page}:{command.line}: {command.text}" for command in COMMANDS if command.text not in marked]
    assert lost == [], "write how it is tested into tests/unit/docs/commands.yml"
    assert sorted(set(marked) - there) == [], "no page has these any more"


def test_those_of_the_lab_are_in_its_tests():
    for file, row in KNOWN["lab"].items():
        assert row["as"] in (ROOT / file).read_text(encoding="utf-8"), file


def test_both_languages_have_the_same_commands():
    """What a Chinese reader types is what an English reader types."""
    for page in PAGES:
        other = page.with_name(page.name.replace(".md", ".zh.md"))
        if page.name in ("quickstart.md", "operations.md") and other in PAGES:
            mine, theirs = ([c.text for c in COMMANDS if c.page.endswith("/" + p.name)] for p in (page, other))
            assert [text.replace("--lang en", "--lang zh") for text in mine] == theirs, page.name


# what stands in them exists


def read_by_playbooks() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "roles").glob("*/defaults/main.yml")]
    return {name for text in texts for name in BY_PLAYBOOKS.findall(text)}


def test_playbooks():
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")} | {"site"}
    named = {name for text in TYPED for name in re.findall(r"yitiji\.deepseek\.(\w+)|playbooks/(\w+)\.yml", text)}
    assert len(named) > 10 and {a or b for a, b in named} - playbooks == set()


def test_variables_of_commands_and_of_blocks():
    known = set(variables.options()) | read_by_playbooks()
    given = {name for text in TYPED for name in re.findall(r"-e '?\"?(\w+)=", text)}
    assert len(given) > 5 and given - known == set()
    prefixes = tuple(sorted({path.name for path in (ROOT / "roles").iterdir()}))
    wrong = []
    for page in PAGES:
        for block in blocks(page):
            for name in re.findall(r"^(\w+):", block.text, re.MULTILINE) if block.language == "yaml" else []:
                ours = name.startswith(tuple(f"{prefix}_" for prefix in prefixes)) or name.startswith("new_site_")
                wrong += [f"{block.page}: {name}"] if ours and name not in known and "new_site" not in name else []
    assert wrong == []


def test_tags_targets_and_options():
    site = (ROOT / "playbooks/site.yml").read_text(encoding="utf-8")
    tags = {tag for text in TYPED for given in re.findall(r"--(?:skip-)?tags (\S+)", text) for tag in given.split(",")}
    assert tags and [tag for tag in tags if not re.search(rf"\b{tag}\b", site)] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {target for text in TYPED for target in re.findall(r"^make ([\w-]+)", text)}
    assert targets and [t for t in targets if not re.search(rf"^{t}:.*##", makefile, re.MULTILINE)] == []
    doctor = (ROOT / "plugins/module_utils/_doctor/cli.py").read_text(encoding="utf-8")
    options = {o for text in TYPED if text.startswith("yitiji-doctor") for o in re.findall(r"(--[\w-]+)", text)}
    assert options and [option for option in options if f'"{option}"' not in doctor] == []


def test_paths_of_the_repository():
    paths = {
        path for text in TYPED for path in re.findall(r"(?<![\w./-])((?:lab|tests|docs|inventories)/[\w./-]+)", text)
    }
    mine = {"inventories/mine", "inventories/NAME", "inventories/campus"}  # a reader's own
    assert len(paths) > 5 and [path for path in paths - mine if not (ROOT / path).exists()] == []
    scripts = {"check.sh", "join.sh", "controller/install.sh"}
    named = {name for text in TYPED for name in re.findall(r"(?:sh |bundle/)((?:controller/)?\w+\.sh)", text)}
    assert named == scripts and all((ROOT / "roles/bundle/files" / Path(name).name).is_file() for name in scripts)


def test_blocks_that_are_data_can_be_read():
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("yaml", "yml"):
                yaml.safe_load(block.text)
            if block.language == "json":
                json.loads(block.text)
            assert block.language in {*SHELL, "yaml", "json", "ini", "jinja", "python", "text", "console"}, block


# executed here


def quickstart(heading: str) -> str:
    """The English quickstart's part below a heading."""
    text = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}.*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[0]


def answers() -> dict[str, str]:
    """What the table of step 3 answers."""
    table = dict(re.findall(r"^\| ([\w ]+) \| [^|`]*`([^`]+)`", quickstart("Step 3"), re.MULTILINE))
    names = {"name": "name", "profile": "profile", "nodes": "nodes", "SSH user": "user", "source": "source",
             "networks for SSH": "admin_networks"}  # fmt: skip
    return {f"new_site_{mine}": table[theirs] for theirs, mine in names.items()}


def targets() -> dict[str, object]:
    """The settings that the offline way adds, without the licences."""
    [text] = [block for block in re.findall(r"^```yaml\n(.*?)^```", quickstart("Offline: make"), re.M | re.S)]
    return {name: value for name, value in yaml.safe_load(text).items() if name != "bundle_licences"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reader's folder, with the inventory that the answers make."""
    place = tmp_path_factory.mktemp("reader")
    (place / "playbooks").symlink_to(ROOT / "playbooks")
    (place / "inventories").mkdir()
    (place / "inventories/flagship").symlink_to(ROOT / "inventories/flagship")
    done = typed(place, "ansible-playbook yitiji.deepseek.new_site", answers())
    assert done.returncode == 0, done.stdout + done.stderr
    (place / "said").write_text(done.stdout, encoding="utf-8")
    return place


def typed(place: Path, text: str, more: dict[str, object]) -> subprocess.CompletedProcess[str]:
    words = text.replace("/srv/bundle", str(place / "bundle")).replace("INVENTORY", "inventories/campus").split()
    if more:
        words += ["-e", json.dumps(more)]
    words += [] if "new_site" in text else ["-e", f"appliance_plan_dir={place}/plans"]
    env = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
           "ANSIBLE_SSH_ARGS": "-o ProxyCommand=/bin/false"}  # fmt: skip
    program = Path(sys.executable).parent / words[0]
    return subprocess.run([program, *words[1:]], cwd=place, env=env, capture_output=True, text=True, check=False,
                          timeout=300, stdin=subprocess.DEVNULL)  # fmt: skip


@pytest.mark.parametrize("text", KNOWN["here"])
def test_executed(folder, text):
    row = KNOWN["here"][text]
    if "new_site" in text:
        assert row["says"] in (folder / "said").read_text(encoding="utf-8")
        return
    done = typed(folder, text, targets() if row.get("with") == "targets" else {})
    said = done.stdout + done.stderr
    assert done.returncode == row.get("rc", 0) and row["says"].lower() in said.lower(), said[-3000:]
    assert not (folder / "bundle").exists() or not any((folder / "bundle").iterdir()), "nothing was downloaded"
