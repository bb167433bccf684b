# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The built collection, installed where nothing of the checkout is seen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

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


@pytest.fixture(scope="session")
def artefact(tmp_path_factory) -> Path:
    """Built from what git knows, as it is in the working tree."""
    top = tmp_path_factory.mktemp("artefact")
    source, out = top / "source", top / "out"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    command(top, BIN / "ansible-galaxy", "collection", "build", source, "--output-path", out)
    return next(out.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def installed(artefact) -> Path:
    """An empty folder with the collection installed below it: the working directory of what follows."""
    place = artefact.parent.parent / "installed"
    place.mkdir()
    command(place, BIN / "ansible-galaxy", "collection", "install", artefact, "--no-deps", "--offline", "-p", place)
    return place


def members(artefact: Path) -> list[str]:
    with tarfile.open(artefact) as tar:
        return [m.name for m in tar if m.isfile()]


def expected(kind: str) -> set[str]:
    found = {p.stem for p in (ROOT / "plugins" / kind).glob("*.py")} - {"__init__"}
    if kind == "filter":  # one file may hold several, each has its own page
        found = {p.stem for p in (ROOT / "plugins/filter").glob("*.yml")}
    return {f"{NAME}.{n}" for n in found}


def test_is_small(artefact):
    assert artefact.stat().st_size < 1_000_000


def test_holds_no_tests_and_no_lab(artefact):
    assert [n for n in members(artefact) if n.startswith(NEVER)] == []


# Everything at the top of the artefact; a new entry is there on purpose, or `build_ignore` leaves it out.
TOP = {
    "CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "README.zh.md", "changelogs", "docs",
    "inventories", "meta", "playbooks", "plugins", "roles", "site.yml",
}  # fmt: skip


def test_holds_nothing_of_the_checkout_alone(artefact):
    """No linters' files, no pyproject, no inventory that needs the lab, no page for those who change the collection."""
    names = members(artefact)
    assert {name.split("/")[0] for name in names} == TOP
    assert [name for name in names if any(part.startswith(".") for part in name.split("/"))] == []
    inventories = {name.split("/")[1] for name in names if name.startswith("inventories/")}
    assert inventories == {"basic", "standard", "flagship"}
    assert [name for name in names if name in ("docs/testing.md", "docs/glossary.md")] == []


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
