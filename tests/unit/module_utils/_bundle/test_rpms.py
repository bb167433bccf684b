# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the roles' wishes to a repository of RPMs in the bundle, with a dnf that gives real answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import make, rpms, work
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import repository

from tests.unit.module_utils._bundle.samples import ROCKY, VENDOR
from tests.unit.module_utils._system.packages.dnf_said import said

SIZES = {"libfoo-2.0~rc1-1.el9.x86_64.rpm": 6090, "web-1.26.1-1.el9.x86_64.rpm": 6062,
         "web-core-1.26.1-1.el9.noarch.rpm": 6044}  # fmt: skip
PLACE = "dnf/rocky-9-amd64"


class Machine:
    """dnf, createrepo_c and gpg, as far as they write files."""

    def __init__(self):
        self.calls, self.wrong = [], {}

    def run(self, command):
        words = list(command)
        self.calls.append(" ".join(words))
        for word, answer in self.wrong.items():
            if word in words:
                return answer
        if "--downloadonly" in words:
            folder = Path(next(word for word in words if word.startswith("--destdir=")).partition("=")[2])
            for name, size in SIZES.items():
                if not (folder / name).exists():
                    (folder / name).write_bytes(b"x" * size)
        elif "createrepo_c" in words:
            (Path(words[-1]) / "repodata").mkdir()
            (Path(words[-1]) / "repodata/repomd.xml").write_text(
                " ".join(sorted(p.name for p in Path(words[-1]).glob("*.rpm")))
            )
        elif words[0] == "gpg" and "--output" in words:
            Path(words[words.index("--output") + 1]).write_text("signed", encoding="utf-8")
        if "--assumeno" in words:
            return (*said("empty-root"), "")
        return (*said("empty-root-described"), "") if "repoquery" in words else (0, "", "")

    def count(self, word):
        return sum(word in call for call in self.calls)


@pytest.fixture
def machine(monkeypatch):
    found = Machine()
    monkeypatch.setattr(rpms, "run", found.run)
    monkeypatch.setattr(repository, "fetch", lambda url: f"key of {url}".encode())
    monkeypatch.setattr(repository, "check_keys", lambda armored, pinned, url, sha256: None)
    return found


def maker(tmp_path, target=ROCKY, vendors=(VENDOR,), licences=None, say=lambda *_said: None):
    needs = [{"target": "rocky-9-amd64", "role": "gateway", "names": ["web=1:1.26*"]}]
    named = [{"target": "rocky-9-amd64", "role": "gateway", **row} for row in vendors]
    spec = work.Spec(str(tmp_path / "b"), [target], needs, [], [], [], licences or {}, [], "", named)
    found = make.Maker(spec, say)
    found._controller = lambda: None  # nothing was built for one here
    return found


def test_a_repository_with_all_that_is_needed(tmp_path, machine):
    told = []
    made = maker(tmp_path, say=lambda *said: told.append(said))
    files = {file.path: file for file in made.make()}
    assert (f"index of {PLACE}: 3 packages", 0, 0) in told
    assert set(files) == {
        *(f"{PLACE}/{name}" for name in SIZES), f"{PLACE}/key.asc", f"{PLACE}/repodata/repomd.xml",
        f"{PLACE}/repodata/repomd.xml.asc",
    }  # fmt: skip
    web = files[f"{PLACE}/web-1.26.1-1.el9.x86_64.rpm"]
    assert (web.kind, web.name, web.version, web.licence) == ("package", "web", "1:1.26.1-1.el9", "BSD-2-Clause")
    assert web.source == "http://v/rhel/9/web-1.26.1-1.el9.x86_64.rpm" and files[f"{PLACE}/key.asc"].kind == "index"
    assert machine.count("install web-1:1.26*") == 1 and made.work.fetched == sum(SIZES.values())
    folder = tmp_path / "b.work/dnf-rocky-9-amd64"
    assert (
        "[os]" in (folder / "repos/all.repo").read_text()
        and (folder / "keys/vendor.asc").read_text() == "key of http://v/KEY"
    )


def test_a_second_run_fetches_and_signs_nothing(tmp_path, machine):
    first = maker(tmp_path).make()
    signed = machine.count("--detach-sign")
    again = maker(tmp_path)
    assert again.make() == first and again.work.fetched == 0 and machine.count("--detach-sign") == signed == 1


def test_what_is_no_longer_needed_goes_from_folder_and_index(tmp_path, machine):
    maker(tmp_path).make()
    place = tmp_path / "b" / PLACE
    (place / "old-1-1.noarch.rpm").write_bytes(b"old")
    (tmp_path / "b.work/dnf-rocky-9-amd64/packages/old-1-1.noarch.rpm").write_bytes(b"old")
    (place / "repodata/repomd.xml.asc").unlink()  # so that the index is made anew
    maker(tmp_path).make()
    assert not (place / "old-1-1.noarch.rpm").exists() and "old" not in (place / "repodata/repomd.xml").read_text()
    assert sorted(path.name for path in (tmp_path / "b.work/dnf-rocky-9-amd64/packages").iterdir()) == sorted(SIZES)


def test_a_package_that_was_signed_anew_takes_the_place_of_the_old_one(tmp_path, machine):
    first = maker(tmp_path).make()
    name = sorted(SIZES)[0]
    fetched = tmp_path / "b.work/dnf-rocky-9-amd64/packages" / name
    fetched.unlink()
    fetched.write_bytes(b"y" * SIZES[name])
    assert maker(tmp_path).make() != first and (tmp_path / "b" / PLACE / name).read_bytes()[:1] == b"y"


def test_keys_of_an_earlier_run_do_not_count(tmp_path, machine):
    maker(tmp_path).make()
    folder = tmp_path / "b.work/dnf-rocky-9-amd64"
    (folder / "root/rpmdb").write_text("a key was imported")
    (folder / "cache/os-1/pubring").mkdir(parents=True)
    maker(tmp_path).make()
    assert not (folder / "root/rpmdb").exists() and not (folder / "cache/os-1/pubring").exists()
    assert (folder / "cache/os-1").exists(), "metadata stays"


WRONG = {
    "makecache": ((1, "", "Error: Failed to download metadata for repo 'os'"), "LLM912"),
    "--assumeno": ((1, "", "Error: Unable to find a match: web"), "LLM912"),
    "--downloadonly": ((1, "Package web is not signed", "Error: GPG check FAILED"), "LLM922"),
    "createrepo_c": ((1, "", "no room"), "LLM922"),
    "--detach-sign": ((2, "", "no agent"), "LLM922"),
    "enable": ((1, "", "Error: no such stream"), "LLM922"),
}


@pytest.mark.parametrize("word", WRONG)
def test_each_step_that_fails_is_told(tmp_path, machine, word):
    machine.wrong[word], rule = WRONG[word]
    with pytest.raises(Refusal) as caught:
        maker(tmp_path, vendors=[{**VENDOR, "streams": ["nvidia-driver:580-open"]}]).make()
    assert caught.value.rule == rule and WRONG[word][0][2].replace("Error: ", "")[:20] in caught.value.reason.en


def test_nothing_is_asked_of_dnf_where_something_is_not_pinned(tmp_path, machine):
    for target, vendors, rule in (
        ({**ROCKY, "repositories": []}, [VENDOR], "LLM930"),
        (ROCKY, [{**VENDOR, "fingerprints": []}], "LLM929"),
    ):
        for verb in ("judge", "make"):
            with pytest.raises(Refusal) as caught:
                getattr(maker(tmp_path, target, vendors), verb)()
            assert caught.value.rule == rule
    assert machine.calls == [] and not (tmp_path / "b").exists() and not (tmp_path / "b.work").exists()


def test_another_key_than_the_pinned_one_is_refused(tmp_path, machine, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(rpms, "run", machine.run)
    monkeypatch.setattr(repository, "fetch", lambda url: b"no key at all")
    with pytest.raises(Refusal) as caught:
        maker(tmp_path).make()
    assert caught.value.rule == "LLM316" and machine.calls == []


def test_a_licence_of_a_dependency_is_asked_for_before_it_comes(tmp_path, machine):
    terms = {"foo": {"title": {"en": "Foo", "zh": "Foo"}, "url": "u", "consent": True, "packages": ["libfoo"]}}
    with pytest.raises(Refusal) as caught:
        maker(tmp_path, licences=terms).make()
    assert caught.value.rule == "LLM910" and machine.count("--downloadonly") == 0


def test_a_target_for_which_nothing_is_asked_needs_no_repository(tmp_path, machine):
    other = {**ROCKY, "release": "rhel-9", "repositories": []}
    assert rpms.Rpms(maker(tmp_path).work).resolve(other) == {} and machine.calls == []


def test_the_first_role_is_named_where_no_list_can_be_read(tmp_path, machine):
    machine.wrong["makecache"] = (1, "", "no route")
    made = maker(tmp_path)
    made.spec.packages.append({"target": "rocky-9-amd64", "role": "docker", "names": ["moby"]})
    with pytest.raises(Refusal) as caught:
        made.make()
    assert "gateway" in caught.value.reason.en and "moby" not in caught.value.reason.en
