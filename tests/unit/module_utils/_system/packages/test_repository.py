# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories of others: what is written for apt and for dnf, which key is taken, and what is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import repository as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.repository import Files, Repository

from tests.unit.module_utils._system.test_signing_key import FINGERPRINT, KEY

ROW = {
    "manager": "dnf",
    "repositories": {
        "docker": {
            "base": "https://download.docker.com/linux",
            "url": "https://download.docker.com/linux/rhel/9/$basearch/stable",
            "key_url": "https://download.docker.com/linux/rhel/gpg",
            "fingerprints": [FINGERPRINT],
        },
        "nvidia": {"url": "https://nvidia.example/rpm/$basearch", "signs": "metadata", "fingerprints": [FINGERPRINT]},
    },
}


class Rpm:
    """rpm's list of trusted keys."""

    def __init__(self, *keys: str) -> None:
        self.keys, self.asked = list(keys), []

    def __call__(self, argv, _seconds):
        self.asked.append(argv)
        if argv[:2] == ["rpm", "-q"]:
            return (0, "\n".join(self.keys) + "\n") if self.keys else (1, "package gpg-pubkey is not installed\n")
        self.keys.remove(argv[-1].rpartition("-")[2])
        return 0, ""


@pytest.fixture
def site(tmp_path):
    """A mirror with a key and an index for both package managers."""
    for name in ("x86_64/repodata/repomd.xml", "dists/bookworm/InRelease", "InRelease"):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text("index")
    (tmp_path / "site/key").write_text(KEY)
    return f"file://{tmp_path}/site"


def dnf(site: str, **more) -> Repository:
    given = {"key_url": f"{site}/key", "fingerprints": (FINGERPRINT,), **more}
    return Repository("yitiji-x", "dnf", f"{site}/$basearch", **given)


def test_a_mirror_stands_for_the_vendors_own_address():
    told = core.described(ROW, "docker", "https://mirror.example/docker-ce/linux/")
    assert told["url"] == "https://mirror.example/docker-ce/linux/rhel/9/$basearch/stable"
    assert told["key_url"] == "https://mirror.example/docker-ce/linux/rhel/gpg"
    assert told["fingerprints"] == [FINGERPRINT] and told["manager"] == "dnf" and told["signs"] == "packages"
    assert core.described(ROW, "docker")["url"] == ROW["repositories"]["docker"]["url"]


def test_an_own_key_and_a_repository_that_the_data_does_not_know():
    told = core.described(ROW, "docker", "https://m.example", key_url="https://m.example/k", keys=["AB"])
    assert (told["key_url"], told["fingerprints"]) == ("https://m.example/k", ["AB"])
    assert core.described(ROW, "other", "https://m.example/x")["url"] == "https://m.example/x"
    assert core.described(ROW, "nvidia")["signs"] == "metadata"
    assert core.described(ROW, "nvidia", "https://m.example/x")["url"] == "https://m.example/x"


def test_what_apt_reads():
    repository = Repository("yitiji-x", "apt", "https://a.example", "bookworm", ("stable", "test"))
    word = core.places("apt", "yitiji-x").key_word
    assert core.text(repository, word, []).splitlines()[1:] == [
        "Types: deb", "URIs: https://a.example", "Suites: bookworm", "Components: stable test",
        "Signed-By: /etc/apt/keyrings/yitiji-x.asc",
    ]  # fmt: skip
    trusted = core.text(repository._replace(suite="./", components=(), trusted=True), word, [])
    assert "Components" not in trusted and trusted.endswith("Suites: ./\nTrusted: yes\n")


@pytest.mark.parametrize(
    ("signs", "trusted", "checks"),
    [
        ("packages", False, ["gpgcheck=1", "repo_gpgcheck=0"]),
        ("metadata", False, ["gpgcheck=0", "repo_gpgcheck=1"]),
        ("packages", True, ["gpgcheck=0", "repo_gpgcheck=0"]),
    ],
)
def test_what_dnf_reads(signs, trusted, checks):
    repository = Repository("yitiji-x", "dnf", "https://a.example/$basearch", signs=signs, trusted=trusted)
    lines = core.text(repository, "/etc/pki/rpm-gpg/RPM-GPG-KEY-yitiji-x", []).splitlines()
    assert [line for line in lines if "check=" in line] == checks
    assert ("gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-yitiji-x" in lines) == (not trusted)
    assert lines[2:4] == ["[yitiji-x]", "name=yitiji-x"] and "baseurl=https://a.example/$basearch" in lines


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        (Repository("x", "dnf", "https://a.example/9/$basearch/"), "https://a.example/9/x86_64/repodata/repomd.xml"),
        (Repository("x", "apt", "https://a.example", "noble"), "https://a.example/dists/noble/InRelease"),
        (Repository("x", "apt", "https://a.example/deb/$(ARCH)", "/"), "https://a.example/deb/amd64/InRelease"),
        (Repository("x", "apt", "file:/srv/x", "./"), "file:/srv/x/InRelease"),
    ],
)
def test_where_its_index_is(repository, address):
    assert core.index_of(repository, "x86_64") == address


def test_it_comes_with_its_key_and_goes_with_it(tmp_path, site):
    rpm = Rpm("8483c65d")
    files = Files(dnf(site), rpm, str(tmp_path / "node"))
    assert files.put(dry=True) and not (tmp_path / "node").exists()
    assert files.put(dry=False) and not files.put(dry=False)
    assert Path(files.places.key).read_text(encoding="utf-8") == KEY
    short = FINGERPRINT[-8:].lower()
    assert core.owned_keys(files.places.source) == [short]
    rpm.keys.append(short)  # dnf imported it
    assert not files.put(dry=False), "a key that dnf imported meanwhile is still ours"
    assert files.remove(dry=True) and Path(files.places.source).exists()
    assert files.remove(dry=False) and not files.remove(dry=False)
    assert rpm.keys == ["8483c65d"] and list((tmp_path / "node").rglob("*.repo")) == []


def test_a_key_that_rpm_trusted_before_stays(tmp_path, site):
    rpm = Rpm(FINGERPRINT[-8:].lower())
    files = Files(dnf(site), rpm, str(tmp_path))
    files.put(dry=False)
    files.remove(dry=False)
    assert rpm.keys == [FINGERPRINT[-8:].lower()]


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"fingerprints": ("0" * 40,)}, "LLM316"),
        ({"fingerprints": ()}, "LLM316"),
        ({"key_sha256": "0" * 64}, "LLM316"),
        ({"key_url": "file:///nowhere/key"}, "LLM327"),
    ],
)
def test_no_other_key_is_taken_and_nothing_is_written(tmp_path, site, more, rule):
    files = Files(dnf(site, **more), Rpm(), str(tmp_path / "node"))
    for act in (files.ask, lambda: files.put(dry=False)):
        with pytest.raises(Refusal) as caught:
            act()
        assert caught.value.rule == rule
    assert not (tmp_path / "node").exists()


def test_a_file_with_several_pinned_keys(tmp_path, site):
    Files(dnf(site, fingerprints=("0" * 40, FINGERPRINT.lower())), Rpm(), str(tmp_path / "node")).put(dry=False)


def test_an_index_that_cannot_be_read_is_refused_before(tmp_path, site, monkeypatch):
    monkeypatch.setattr(core.platform, "machine", lambda: "x86_64")
    Files(dnf(site), Rpm(), str(tmp_path)).ask()
    with pytest.raises(Refusal) as caught:
        Files(dnf(site)._replace(url=f"{site}/gone"), Rpm(), str(tmp_path)).ask()
    assert caught.value.rule == "LLM165" and "gone/repodata/repomd.xml" in str(caught.value)


def test_everybody_may_read_where_packages_come_from(tmp_path, site):
    files = Files(dnf(site), Rpm("8483c65d"), str(tmp_path / "node"))
    files.put(dry=False)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "node").rglob("*") if path.is_file()} == {0o644}
