# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role of site.yml that installs something declares it, so that a bundle can't lack it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


BRINGS = re.compile(
    r"^ *(ansible\.builtin\.(apt|package|pip|get_url|unarchive)"
    r"|yitiji\.deepseek\.(container_image|managed_packages|modelscope_download|unpacked_release)):",
    re.MULTILINE,
)


def brings(role: str) -> bool:
    return any(
        BRINGS.search(path.read_text(encoding="utf-8")) for path in (ROOT / "roles" / role / "tasks").glob("*.yml")
    )


def of_site() -> set[str]:
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    imports = [
        task["ansible.builtin.import_role"] for task in plays[1]["tasks"] if "ansible.builtin.import_role" in task
    ]
    return {row["name"].rsplit(".", 1)[1] for row in imports}


def test_each_role_that_brings_something_tells():
    silent = {
        role
        for role in of_site() | of_engines()
        if brings(role) and not (ROOT / f"roles/{role}/tasks/bundle.yml").is_file()
    }
    assert silent == set()


def test_all_that_tell_are_asked():
    asked = set(yaml.safe_load((ROOT / "roles/bundle/vars/main.yml").read_text(encoding="utf-8"))["__bundle_roles"])
    telling = {path.parent.parent.name for path in ROOT.glob("roles/*/tasks/bundle.yml")}
    assert asked == telling - of_engines(), "role engine asks them"
    assert asked <= of_site()


def of_engines() -> set[str]:
    """The roles that role engine calls, as the catalogue names them."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("plugins/catalog/engines/*.yml")]
    return {entry["provision"]["role"] for rows in found for entry in rows.values()} - {"engine"}


@pytest.mark.parametrize("role", sorted(of_engines()))
@pytest.mark.parametrize("entry", ["bundle", "main", "preflight"])
def test_a_role_of_an_engine_has_each_entry_that_role_engine_includes(role, entry):
    assert (ROOT / f"roles/{role}/tasks/{entry}.yml").is_file()


def test_weights_of_another_model_are_brought_without_the_models_beside():
    """Whoever includes role weights for one more model says so, or it would start over with those beside."""
    forgotten = []
    for path in [*ROOT.glob("roles/*/tasks/*.yml")]:
        for task in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
            given = task.get("vars") or {}
            if "weights_model" in given and given.get("__weights_inner") is not True:
                forgotten.append(str(path.relative_to(ROOT)))
    assert forgotten == []


def named(role: str) -> set[str]:
    """The variables that the role's tasks install from."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "roles" / role / "tasks").glob("*.yml"))
    return set(re.findall(r"managed_packages:.*\n +owner: .*\n +names: \"\{\{ (\w+) \}\}\"", text))


@pytest.mark.parametrize("role", sorted(path.parent.parent.name for path in ROOT.glob("roles/*/tasks/bundle.yml")))
def test_a_role_installs_from_the_list_that_the_bundle_is_told(role):
    told = (ROOT / f"roles/{role}/tasks/bundle.yml").read_text(encoding="utf-8")
    assert [name for name in named(role) if not re.search(rf"packages: .*\b{name}\b", told)] == []
    assert named(role) or "packages:" not in told or role == "nvidia_driver", "it has a module of its own"


def test_packages_have_one_owner():
    """Installing without managed_packages would forget what was there before."""
    past = re.compile(r"ansible\.builtin\.(apt|dnf|package|dpkg_selections):")
    files = [*ROOT.glob("roles/*/*/**/*.yml"), *ROOT.glob("playbooks/*.yml")]
    assert [str(path) for path in files if past.search(path.read_text(encoding="utf-8"))] == []
