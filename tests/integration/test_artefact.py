# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection, installed where nothing of the checkout is seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from release import dist

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NEVER = (
    "tests/",
    "lab/",
    "molecule/",
    ".ci/",
    ".venv",
    ".collections",
    ".ansible/",
    "build/",
    "requirements",
    "Makefile",
)
NAME = "yitiji.deepseek"


def command(cwd: Path, *args: str | Path, path: Path | None = None) -> str:
    # an empty folder as working directory: no ansible.cfg, no .collections
    env = {k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")}
    env.update(PATH=f"{BIN}:{env['PATH']}", ANSIBLE_COLLECTIONS_PATH=str(path or cwd), ANSIBLE_HOME=str(cwd / "home"))
    done = subprocess.run([str(a) for a in args], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{args}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


REPOSITORY = "https://code.yitiji.internal/yitiji/deepseek"


@pytest.fixture(scope="session")
def artefact(tmp_path_factory) -> Path:
    """Built from what git knows, as it is in the working tree."""
    return dist.build(tmp_path_factory.mktemp("artefact"), dist.addresses(REPOSITORY))


@pytest.fixture(scope="session")
def installed(artefact) -> Path:
    """An empty folder with the collection installed below it: the working directory of what follows."""
    place = artefact.parent / "installed"
    place.mkdir()
    command(place, BIN / "ansible-galaxy", "collection", "install", artefact, "--no-deps", "--offline", "-p", place)
    return place


def members(artefact: Path) -> list[str]:
    with tarfile.open(artefact) as tar:
        return [m.name for m in tar if m.isfile()]


def texts(artefact: Path) -> dict[str, str]:
    with tarfile.open(artefact) as tar:
        return {m.name: tar.extractfile(m).read().decode("utf-8") for m in tar if m.isfile()}


def expected(kind: str) -> set[str]:
    found = {p.stem for p in (ROOT / "plugins" / kind).glob("*.py")} - {"__init__"}
    if kind == "filter":  # one file may hold several, each has its own page
        found = {p.stem for p in (ROOT / "plugins/filter").glob("*.yml")}
    return {f"{NAME}.{n}" for n in found}


def test_is_small(artefact):
    assert artefact.stat().st_size < 960_000


def test_is_the_same_when_it_is_built_again(artefact, tmp_path):
    again = dist.build(tmp_path, dist.addresses(REPOSITORY))
    assert again.read_bytes() == artefact.read_bytes()


def test_names_the_project_and_leaves_no_gap(artefact):
    found = texts(artefact)
    told = json.loads(found["MANIFEST.json"])["collection_info"]
    assert {told["repository"], told["homepage"]} == {REPOSITORY}
    assert told["documentation"].startswith(REPOSITORY) and told["issues"] == f"{REPOSITORY}/issues"
    assert [name for name, text in found.items() if "example.invalid" in text] == []


def test_every_link_leads_somewhere(artefact):
    """Into the artefact, or away by a whole address; of pages that it lacks, the repository has this version."""
    found = texts(artefact)
    inside = {str(part) for name in found for part in (Path(name), *Path(name).parents)}
    away = []
    for page in (name for name in found if name.endswith(".md")):
        text = re.sub(r"^```.*?^```", "", found[page], flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s*(\S+)|(?:src|href)=\"([^\"]+)\"", text, re.MULTILINE):
            link = "".join(target)
            if re.match(r"https?://", link):
                away.append(link)
            elif not link.startswith("#"):
                goal = os.path.normpath(Path(page).parent / link.partition("#")[0])
                assert goal in inside, f"{page}: {link}"
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    own = [link for link in away if link.startswith(REPOSITORY)]
    assert f"{REPOSITORY}/blob/{version}/CONTRIBUTING.md" in own
    for link in own:
        kind, at, path = link[len(REPOSITORY) + 1 :].partition("#")[0].split("/", 2)
        assert kind in ("blob", "raw", "tree") and at == version and (ROOT / path).exists(), link


def test_holds_no_tests_and_no_lab(artefact):
    assert [n for n in members(artefact) if n.startswith(NEVER)] == []


# Everything at the top of the artefact; a new entry is there on purpose, or `build_ignore` leaves it out.
TOP = {
    "CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "README.zh.md",
    "inventories", "meta", "playbooks", "plugins", "roles", "site.yml",
}  # fmt: skip


def test_holds_nothing_of_the_checkout_alone(artefact):
    """No linters' files, no pyproject, no inventory that needs the lab, no page but those at the top and of roles."""
    names = members(artefact)
    assert {name.split("/")[0] for name in names} == TOP
    assert [name for name in names if any(part.startswith(".") for part in name.split("/"))] == []
    inventories = {name.split("/")[1] for name in names if name.startswith("inventories/")}
    assert inventories == {"basic", "standard", "flagship"}


def test_holds_what_runs(artefact):
    names = set(members(artefact))
    assert {"playbooks/site.yml", "meta/runtime.yml", "README.md", "LICENSE", "CHANGELOG.md"} <= names
    for folder in ("plugins/catalog", "plugins/modules", "roles"):
        assert any(n.startswith(folder) for n in names), folder


@pytest.mark.parametrize("kind", ["module", "filter"])
def test_every_plugin_is_documented(installed, kind):
    wanted = expected("modules" if kind == "module" else kind)
    listed = json.loads(command(installed, BIN / "ansible-doc", "-t", kind, "-l", "--json", NAME))
    assert wanted <= set(listed)
    pages = json.loads(command(installed, BIN / "ansible-doc", "-t", kind, "--json", *sorted(wanted)))
    assert set(pages) == wanted
    assert [n for n, p in pages.items() if not p.get("doc", {}).get("short_description")] == []
    if kind == "module":  # what fragments bring is there as well
        for name, page in pages.items():
            attributes = page["doc"]["attributes"]
            assert {"check_mode", "diff_mode", "platform"} <= set(attributes), name
            assert [n for n, a in attributes.items() if not a.get("description") or "support" not in a] == [], name
            assert [n for n, o in (page["doc"].get("options") or {}).items() if "type" not in o] == [], name


def test_every_role_is_documented(installed):
    roles = {f"{NAME}.{p.parent.parent.name}" for p in ROOT.glob("roles/*/meta/argument_specs.yml")}
    pages = json.loads(command(installed, BIN / "ansible-doc", "-t", "role", "--json", *sorted(roles)))
    assert set(pages) == roles
    for name, page in pages.items():
        assert "main" in page["entry_points"], name


CONTROLLER = """\
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {bundle_out: "{{ place }}/bundle", bundle_pythons: [], bundle_acceptance: false}
  tasks:
    - ansible.builtin.import_role: {name: yitiji.deepseek.bundle, tasks_from: controller}
"""


def test_a_bundle_made_with_the_installed_collection_holds_it(installed, artefact, tmp_path):
    """There is no galaxy.yml where a release's file was installed, as the quickstart says."""
    (installed / "controller.yml").write_text(CONTROLLER, encoding="utf-8")
    command(installed, BIN / "ansible-playbook", "controller.yml", "-e", f"place={tmp_path}", path=installed)
    [packed] = (tmp_path / "bundle.work/build").glob("*.tar.gz")
    assert packed.name == artefact.name
    command(tmp_path, BIN / "ansible-galaxy", "collection", "install", packed, "--no-deps", "--offline", "-p", tmp_path)
    unpacked = tmp_path / "ansible_collections/yitiji/deepseek"
    assert [n for n, text in texts(artefact).items() if (unpacked / n).read_text(encoding="utf-8") != text] == []


@pytest.mark.parametrize("name", sorted(p.stem for p in ROOT.glob("playbooks/*.yml")))
def test_playbook_by_name(installed, name):
    hosts = installed / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"appliances": {"hosts": {"n1": None}}}))
    # the released collections that a role may use are those of the controller's own Python
    both = f"{installed}:{Path(yaml.__file__).parents[1]}"
    command(installed, BIN / "ansible-playbook", f"{NAME}.{name}", "-i", hosts, "--syntax-check", path=both)


@pytest.mark.parametrize("name", sorted(p.parent.parent.name for p in ROOT.glob("roles/*/tasks/main.yml")))
def test_role_resolves(installed, name):
    play = installed / f"role_{name}.yml"
    role = {"role": f"{NAME}.{name}"}
    play.write_text(yaml.safe_dump([{"name": "Resolve", "hosts": "all", "gather_facts": False, "roles": [role]}]))
    both = f"{installed}:{Path(yaml.__file__).parents[1]}"
    command(installed, BIN / "ansible-playbook", play, "-i", "n1,", "--syntax-check", path=both)
