# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation says of each distribution is what the data say, and the data are what public lists say.

`python -m tests.unit.collection.test_systems` writes the tables anew, with .collections in PYTHONPATH.
"""

from __future__ import annotations

import re

import pytest
import yaml

from tests.sizing.common import ROOT
from tests.unit.module_utils._catalog.test_distributions import ENTRIES

WORDS = {
    "en": {
        "real": "real: all of `site.yml` was seen on it",
        "lab": "lab: `site.yml` was seen on a lab node with its package manager, names and paths",
        "data": "data: its names were looked up in public lists; preflight warns",
        "no": "refused before anything is changed, with the reason",
    },
    "zh": {
        "real": "实测：完整的 `site.yml` 已在其上运行",
        "lab": "实验室：`site.yml` 已在具有其包管理器、名称与路径的实验节点上运行",
        "data": "数据：名称取自公开的软件包列表；预检会给出警告",
        "no": "改动之前即拒绝，并说明原因",
    },
}
SEEN = yaml.safe_load((ROOT / "tests/fixtures/distributions/seen.yml").read_text(encoding="utf-8"))


def table(language: str) -> list[str]:
    """A row for each degree of proof, in the order of the data."""
    rows = []
    for degree, words in WORDS[language].items():
        names = [entry["name"] for entry in ENTRIES.values() if entry["tested"] == degree]
        rows += [f"| {', '.join(names)} | {words} |"] if names else []
    return rows


PAGES = [("README.md", "en"), ("README.zh.md", "zh"), ("docs/systems.md", "en"), ("docs/systems.zh.md", "zh")]
HEADS = {"en": "| system | proof |", "zh": "| 系统 | 验证程度 |"}


def anew(text: str, language: str) -> str:
    rows = "".join(f"{row}\n" for row in table(language))
    return re.sub(rf"({re.escape(HEADS[language])}\n\|---\|---\|\n)(?:\|.*\n)*", lambda found: found[1] + rows, text)


@pytest.mark.parametrize(("page", "language"), PAGES)
def test_the_table_of_systems_is_that_of_the_data(page, language):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert HEADS[language] in text and text == anew(text, language), "python -m tests.unit.collection.test_systems"


@pytest.mark.parametrize("page", ["docs/systems.md", "docs/systems.zh.md"])
def test_every_family_has_its_section(page):
    heads = re.findall(r"^## .*\{#(\w+)\}$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    families = {"ubuntu" if "ubuntu" in entry["ids"] else entry["family"] for entry in ENTRIES.values()}
    assert sorted(heads) == sorted(families)


# The entries of a section, and whose lists count for each: what is built from the same sources.
KIN = {
    "ubuntu": {"ubuntu-22.04": {"ubuntu-22.04"}, "ubuntu-24.04": {"ubuntu-24.04"}},
    "rhel": {"rhel-9": {"rhel-9", "rocky-9", "almalinux-9", "centos-9"}, "rhel-10": {"rhel-10"}},
    "openeuler": {"openeuler-22.03": {"openeuler-22.03"}, "openeuler-24.03": {"openeuler-24.03"}},
}
UNSEEN = {"docs/systems.md": "Not seen in a public list so far:", "docs/systems.zh.md": "尚未在公开列表中见到："}


def unseen(family: str) -> set[str]:
    """Packages of a distribution's own that no list was found for, in one of the family's releases."""
    found: set[str] = set()
    for key, lists in KIN[family].items():
        told = {row["name"] for row in SEEN["packages"] if row["entry"] in lists and not row.get("absent")}
        entry = ENTRIES[key]
        own = {name: packages for name, packages in entry["packages"].items() if not entry["sources"].get(name)}
        found |= {package for packages in own.values() for package in packages or []} - told
    return found


@pytest.mark.parametrize("family", KIN)
@pytest.mark.parametrize("page", UNSEEN)
def test_what_no_list_was_found_for_is_said(page, family):
    section = (ROOT / page).read_text(encoding="utf-8").partition(f"{{#{family}}}")[2].partition("\n## ")[0]
    (said,) = [part for part in section.split("\n\n") if part.startswith(UNSEEN[page])]
    assert set(re.findall(r"`([^`]+)`", said)) == unseen(family)


@pytest.mark.parametrize("row", SEEN["packages"], ids=lambda row: f"{row['entry']}-{row['name']}")
def test_a_package_is_named_as_a_public_list_names_it(row):
    """`seen` is quoted from the source; `absent` says that the list of that release has no such package."""
    entry = ENTRIES[row["entry"]]
    names = {name for packages in entry["packages"].values() for name in packages or []}
    if row.get("absent"):
        assert row["name"] not in names
    else:
        assert row["name"] in names and row["seen"].startswith(f"{row['name']}")
    assert row["source"].startswith("https://") and row["how"] in ("page", "quoted")


@pytest.mark.parametrize("row", SEEN["conflicts"], ids=lambda row: f"{row['entry']}-{row['beside']}-{row['name']}")
def test_what_conflicts_is_what_publishers_say(row):
    assert row["name"] in ENTRIES[row["entry"]]["conflicts"][row["beside"]]
    assert row["seen"] and row["source"].startswith("https://") and row["how"] in ("page", "quoted")


@pytest.mark.parametrize("row", SEEN["repositories"], ids=lambda row: f"{row['entry']}-{row['repository']}")
def test_a_repository_is_where_its_publisher_says(row):
    told = ENTRIES[row["entry"]]["repositories"][row["repository"]]
    assert told["url"].startswith(row["url"])
    for fingerprint in row.get("fingerprints", []):
        assert fingerprint in told["fingerprints"]
    assert row["source"].startswith("https://")


@pytest.mark.parametrize("row", SEEN["facts"], ids=lambda row: f"{row['entry']}-{row['path']}")
def test_a_path_unit_or_user_is_as_its_publisher_says(row):
    told = ENTRIES[row["entry"]]
    for name in row["path"].split("."):
        told = told[name]
    assert told == row["value"]
    assert row["source"].startswith("https://")


if __name__ == "__main__":
    for page, language in PAGES:
        path = ROOT / page
        path.write_text(anew(path.read_text(encoding="utf-8"), language), encoding="utf-8")
