# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of distributions: sound, extended by a file alone, and refusing what is not served."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog import distributions as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog

from tests.sizing.common import ROOT, parse

FOLDER = str(ROOT / "plugins" / "catalog")
RAW = read_catalog([FOLDER], parse, (core.KIND,))[core.KIND]
ENTRIES = core.resolved(RAW)
# os-release -> entry; None: refused. Ansible's own tests of distribution facts quote most of these ids.
WHO = [
    ("debian", "12", "debian-12"), ("debian", "13", "debian-13"), ("debian", "11", None), ("debian", "", None),
    ("ubuntu", "22.04", "ubuntu-22.04"), ("ubuntu", "24.04", "ubuntu-24.04"), ("ubuntu", "24.10", None),
    ("rhel", "9.4", "rhel-9"), ("rhel", "10.0", "rhel-10"), ("rhel", "8.10", None),
    ("rocky", "9.4", "rocky-9"), ("rocky", "10.1", "rocky-10"),
    ("almalinux", "9.6", "almalinux-9"), ("centos", "9", "centos-9"),
    ("openEuler", "22.03", "openeuler-22.03"), ("openEuler", "24.03", "openeuler-24.03"),
    ("openEuler", "20.03", "openeuler-20.03"), ("kylin", "V10", "kylin-v10"), ("kylin", "V11", "kylin-v11"),
    ("anolis", "8.8", "anolis-8"), ("alinux", "3", "alinux-3"), ("uos", "20", "uos-20"),
    ("arch", "", None), ("", "", None),
]  # fmt: skip


def system(name, version, **more):
    return core.System(name, version, **more)


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_an_entry_is_sound(key):
    entry = ENTRIES[key]
    assert core.problems(entry) == [] and entry["key"] == key
    assert {row[2] for row in WHO} >= {key} or key.startswith(("almalinux", "centos"))
    for name, repository in entry["repositories"].items():
        assert repository["url"].startswith("https://") and repository["key_url"].startswith("https://"), name
        assert ("suite" in repository) == (entry["manager"] == "apt"), name
        assert repository["fingerprints"], f"{name}: nobody could trust it"


@pytest.mark.parametrize(("name", "version", "key"), WHO)
def test_who_is_who(name, version, key):
    found = [entry["key"] for entry in ENTRIES.values() if core.matches(entry, system(name, version))]
    assert found == ([key] if key else [])


@pytest.mark.parametrize("name,version", [("debian", "12"), ("debian", "13"), ("ubuntu", "22.04"), ("ubuntu", "24.04")])
def test_served_on_both_architectures(name, version):
    for machine, own in (("x86_64", "amd64"), ("aarch64", "arm64")):
        found = core.find(ENTRIES, system(name, version, architecture=machine, commands=["apt-get"]))
        assert (found["architecture"], found["package_architecture"]) == (machine, own)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (system("arch", "", label="Arch Linux"), "Arch Linux is not served"),
        (system("debian", "11", label="Debian GNU/Linux 11"), "11 is not served"),
        (system("", ""), r"\? is not served"),
        (
            system("kylin", "V10", label="Kylin V10 (Lance)", commands=["dnf"]),
            r"Kylin V10 \(Lance\) is not served: its Python",
        ),
        (system("debian", "12", commands=[]), "no apt-get"),
        (system("debian", "12", architecture="riscv64"), "not served on riscv64"),
    ],
)
def test_what_is_not_served_is_refused_with_what_is(who, said):
    with pytest.raises(Refusal, match=said) as caught:
        core.find(ENTRIES, who)
    assert caught.value.rule == "LLM105"
    assert "Debian 12, Debian 13" in caught.value.remedy.en and "appliance_distribution_like" in caught.value.remedy.zh


def test_a_manager_that_nobody_wrote_is_refused_before_a_change(monkeypatch):
    """Rocky passed as prepared, and died at dpkg-query after changes."""
    monkeypatch.setattr(core, "MANAGERS", {"apt": "apt-get"})
    with pytest.raises(Refusal, match=r"package manager \(dnf\)") as caught:
        core.find(ENTRIES, system("rocky", "9.4", commands=["dnf"]))
    assert caught.value.rule == "LLM105" and "Rocky" not in caught.value.remedy.en


def test_a_derivative_is_served_by_the_entry_that_the_site_names():
    found = core.find(ENTRIES, system("deepin", "23", commands=["apt-get"]), "debian-12")
    assert found["key"] == "debian-12"
    with pytest.raises(Refusal, match="debian-9") as caught:
        core.find(ENTRIES, system("deepin", "23"), "debian-9")
    assert caught.value.rule == "LLM155" and "debian-12" in caught.value.remedy.en


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_no_package_conflicts_with_itself(key):
    entry = ENTRIES[key]
    for name, others in entry["conflicts"].items():
        assert others and not set(others) & set(entry["packages"][name] or []), name
    wanted = {"docker_vendor"} | ({"docker"} if entry["packages"]["docker"] else set())
    assert wanted <= {*entry["conflicts"]}, "each Docker says what it can't be beside"


def test_what_a_bundle_can_be_made_for():
    found = core.targets(ENTRIES)
    with_apt = {name: row for name, row in found.items() if row["manager"] == "apt"}
    assert {name: (row["distribution"], row["version"]) for name, row in with_apt.items()} == {
        "bookworm": ("debian", "12"),
        "trixie": ("debian", "13"),
        "jammy": ("ubuntu", "22.04"),
        "noble": ("ubuntu", "24.04"),
    }
    assert found["jammy"]["suites"] == ["{release}", "{release}-updates", "{release}-security"]
    assert (
        found["jammy"]["components"] == found["noble"]["components"] == ["main", "restricted", "universe", "multiverse"]
    )
    assert found["trixie"]["keyring"].endswith("debian-archive-keyring.gpg")
    assert found["noble"]["keyring"].endswith("ubuntu-archive-keyring.gpg")


def test_a_derivative_has_a_bundle_under_a_name_of_its_own():
    """One that names none is not taken for the release that it follows."""
    own = {"from": "debian-12", "name": "A", "ids": ["a"], "versions": ["1"]}
    raw = {
        "a": own,
        "b": {**own, "ids": ["b"], "bundle": {"release": "berta", "suites": ["berta"]}},
        **copy.deepcopy(RAW),
    }
    found = core.targets(core.resolved(raw))
    assert found["bookworm"]["distribution"] == "debian"
    assert (found["berta"]["distribution"], found["berta"]["suites"]) == ("b", ["berta"])


def test_a_vendor_adds_a_file_and_touches_no_code(tmp_path):
    (tmp_path / core.KIND).mkdir()
    (tmp_path / core.KIND / "site.yml").write_text(
        'site-1:\n  from: debian-12\n  name: Site OS 1\n  ids: [siteos]\n  versions: ["1"]\n'
        "  packages: {nginx: [nginx-site], njs: null}\n"
    )
    entries = core.resolved(read_catalog([FOLDER, str(tmp_path)], parse, (core.KIND,))[core.KIND])
    found = core.find(entries, system("siteos", "1.2", commands=["apt-get"]))
    assert found["tested"] == "data", "what was seen on Debian was not seen there"
    assert core.packages(found, "nginx", "docker", "docker_vendor")[:2] == ["nginx-site", "docker.io"]
    assert core.packages(found, "docker", "docker_vendor").count("iptables") == 1
    with pytest.raises(Refusal, match="Site OS 1 has no package for njs") as caught:
        core.packages(found, "nginx", "njs")
    assert caught.value.rule == "LLM156"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"from": "nix"}, "from: nix"),
        ({"from": "x"}, "from: x"),
        ({"from": "debian-12", "pakages": {}}, "pakages: unknown"),
        ({"from": "debian-12", "packages": {"nginx": "nginx"}}, r"packages\.nginx: 'nginx'"),
        ({"from": "debian-12", "packages": {"nignx": []}}, r"packages\.nignx: unknown"),
        ({"from": "debian-12", "sources": {"nginx": "nowhere"}}, r"sources\.nginx: 'nowhere'"),
        ({"from": "debian-12", "tested": "surely"}, "tested: 'surely'"),
        ({"from": "debian-12", "tested": False}, "tested: 'no'"),
        ({"from": "debian-12", "versions": [12]}, "not text"),
        ({"name": "X"}, "ids: missing"),
        ({"from": "debian-12", "conflicts": {"dokcer": []}}, r"conflicts\.dokcer: \[\]"),
        ({"from": "debian-12", "conflicts": {"docker": "runc"}}, r"conflicts\.docker: 'runc'"),
        ({"from": "rhel-9", "bundle": {"suites": ["el9"]}}, "bundle.suites: unknown"),
        ({"from": "rhel-9", "bundle": {"repositories": {}}}, "bundle.repositories: {}"),
        ({"from": "rhel-9", "manager": "apt"}, "bundle.suites: None"),
        ({"from": "debian-12", "bundle": {"suits": ["x"]}}, "bundle.suits: unknown"),
        ({"from": "debian-12", "bundle": None}, "bundle: None"),
    ],
)
def test_a_broken_entry_is_named(change, said):
    with pytest.raises(Refusal, match=said) as caught:
        core.resolved({**copy.deepcopy(RAW), "x": change})
    assert caught.value.rule == "LLM520" and "x" in caught.value.reason.en
