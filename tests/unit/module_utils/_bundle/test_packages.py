# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the roles' wishes to a repository of debs in the bundle, with an apt that answers as apt does."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, packages, work

from tests.unit.module_utils._bundle.samples import BOOKWORM

TARGET = {**BOOKWORM, "manager": "apt", "sources": ["deb http://u:secret@m/debian bookworm main"]}
# What a wish brings: file, bytes.
BRINGS = {
    "nginx": {"nginx_1%3a1.22-9_amd64.deb": b"nginx's", "libc6_2.36_amd64.deb": b"c"},
    "docker": {"docker_20.10_amd64.deb": b"docker's deb", "libc6_2.36_amd64.deb": b"c"},
}
NEEDS = [
    {"target": "bookworm-amd64", "role": "gateway", "names": ["nginx"]},
    {"target": "bookworm-amd64", "role": "docker", "names": ["docker"]},
    {"target": "bookworm-amd64", "role": "nobody", "names": []},
    {"target": "trixie-amd64", "role": "gateway", "names": ["of another release"]},
]


class Machine:
    """apt-get, dpkg-deb and gpg, as far as they answer and write files."""

    def __init__(self):
        self.calls, self.wrong, self.opened = [], {}, 0

    def run(self, command):
        words = list(command)
        self.calls.append(" ".join(words))
        for word, answer in self.wrong.items():
            if word in words:
                return answer
        if words[0] == "dpkg-deb":
            name = os.path.basename(words[-1]).split("_")[0]
            return 0, f"Package: {name}\nVersion: 1-{name}\nArchitecture: amd64\n", ""
        if "indextargets" in words:
            return 0, "Debian|bookworm|http://mine/debian\n", ""
        wished = BRINGS.get(words[-1], {})
        if "--print-uris" in words:
            return 0, "".join(f"'http://u:secret@m/{f}' {f} {len(d)} SHA256:0\n" for f, d in wished.items()), ""
        if "--download-only" in words:
            folder = Path(words[words.index("-c") + 1]).parent / "archives"
            for file, data in wished.items():
                if not (folder / file).exists():
                    (folder / file).write_bytes(data)
        return 0, "", ""

    def sign(self, run, folder):
        self.calls.append("gpg")
        (Path(folder) / apt.SIGNED).write_text("signed")
        (Path(folder) / packages.KEY).write_text("key")
        return self.wrong.get("gpg", "")

    def count(self, word):
        return sum(word in call for call in self.calls)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    found = Machine()
    monkeypatch.setattr(packages, "run", found.run)
    monkeypatch.setattr(apt, "sign", found.sign)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as files:
        text = b"Format: https://x\nLicense: MIT\n"
        for name in ("docker", "libc6"):
            info = tarfile.TarInfo(f"./usr/share/doc/{name}/copyright")
            info.size = len(text)
            files.addfile(info, io.BytesIO(text))
    (tmp_path / "files.tar").write_bytes(tar.getvalue())
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/dpkg-deb"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = --fsys-tarfile ] && exec cat '{tmp_path}/files.tar'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return found


def shop(tmp_path, licences=None, said=None):
    spec = work.Spec(str(tmp_path / "b"), [TARGET], NEEDS, [], [], [], licences or {}, [])
    made = work.Work(spec, (lambda *told: said.append(told)) if said is not None else lambda *_told: None)
    made.open()
    return packages.Packages(made)


def test_what_the_roles_need_there_is_resolved_and_nothing_else(tmp_path, machine):
    found = shop(tmp_path).resolve(TARGET)
    assert sorted(found) == sorted({*BRINGS["nginx"], *BRINGS["docker"]})
    assert found["libc6_2.36_amd64.deb"].size == 1
    assert machine.count("--print-uris") == 2 and machine.count("of another release") == 0
    folder = tmp_path / "b.work/apt-bookworm-amd64"
    config = (folder / "apt.conf").read_text()
    assert 'APT::Architecture "amd64"' in config and f'Dir::State "{folder}/state"' in config
    assert (folder / "sources.list").read_text() == TARGET["sources"][0] + "\n"
    assert stat.S_IMODE((folder / "sources.list").stat().st_mode) == 0o600, "it may hold a password"
    assert (folder / "status").read_text() == "", "no package counts as installed"
    assert shop(tmp_path).resolve({**TARGET, "release": "sid"}) == {}


def test_the_machines_own_mirror_is_used_and_the_targets_wins(tmp_path, machine):
    plain = {**BOOKWORM, "manager": "apt", "keyring": "/k", "suites": ["{release}"], "components": ["main"]}
    lines = tmp_path / "b.work/apt-bookworm-amd64/sources.list"
    shop(tmp_path).resolve(plain)
    assert lines.read_text().split()[-3:] == ["http://mine/debian", "bookworm", "main"]
    shop(tmp_path).resolve({**plain, "mirrors": {"main": "http://its/debian"}})
    assert lines.read_text().split()[-3:] == ["http://its/debian", "bookworm", "main"]


@pytest.mark.parametrize(("word", "answer", "role", "why"), [
    ("update", (100, "", "E: no route\n to m"), "gateway", "E: no route to m"),
    ("update", (100, "only on stdout", ""), "gateway", "only on stdout"),
    ("docker", (100, "", "E: Unable to locate package docker"), "docker", "Unable to locate"),
    ("indextargets", (0, "", ""), "gateway", "no mirror of it is known"),
])  # fmt: skip
def test_what_cannot_be_resolved_names_role_target_and_reason(tmp_path, machine, word, answer, role, why):
    machine.wrong[word] = answer
    target = {key: value for key, value in TARGET.items() if word != "indextargets" or key != "sources"}
    with pytest.raises(Refusal) as caught:
        shop(tmp_path).resolve({"keyring": "/k", "suites": ["{release}"], "components": ["main"], **target})
    text = caught.value.reason.en + caught.value.remedy.en
    assert {"gateway": "nginx", "docker": "docker"}[role] in text
    assert caught.value.rule == "LLM912" and role in text and why in text and "bookworm-amd64" in text


def brought(tmp_path, **more):
    made = shop(tmp_path, **more)
    made.bring(TARGET, made.resolve(TARGET))
    made.work.keep()
    return made.work


def test_debs_become_a_signed_repository_and_each_file_is_listed(tmp_path, machine):
    said = []
    made = brought(tmp_path, licences={"c": {"packages": ["libc*"], "spdx": "LGPL-2.1"}}, said=said)
    files = {file.path.rpartition("/")[2]: file for file in made.files}
    debs = {"nginx_1.22-9_amd64.deb": "nginx", "docker_20.10_amd64.deb": "docker", "libc6_2.36_amd64.deb": "libc6"}
    assert set(files) == {*debs, apt.INDEX, apt.RELEASE, apt.SIGNED, packages.KEY}
    assert {files[name].name: files[name].version for name in debs} == {name: f"1-{name}" for name in debs.values()}
    assert all((files[name].kind, files[name].path) == ("package", f"apt/bookworm-amd64/{name}") for name in debs)
    assert {files[name].name: files[name].licence for name in debs} == {
        "nginx": "see its copyright file", "docker": "MIT", "libc6": "LGPL-2.1",
    }  # fmt: skip
    assert files["docker_20.10_amd64.deb"].source == "http://m/docker_20.10_amd64.deb", "no password"
    place = tmp_path / "b/apt/bookworm-amd64"
    assert (place / "nginx_1.22-9_amd64.deb").read_bytes() == BRINGS["nginx"]["nginx_1%3a1.22-9_amd64.deb"]
    index = (place / apt.INDEX).read_text()
    names = [line for line in index.splitlines() if line.startswith("Filename: ")]
    assert names == [f"Filename: ./{name}" for name in ("docker_20.10_amd64.deb", "libc6_2.36_amd64.deb", "nginx_1.22-9_amd64.deb")]  # fmt: skip  # noqa: E501
    assert f"SHA256: {files['docker_20.10_amd64.deb'].sha256}" in index
    assert (place / apt.RELEASE).read_text() == apt.release(TARGET, index)
    assert made.fetched == sum(map(len, {**BRINGS["nginx"], **BRINGS["docker"]}.values()))
    told = [what for what, _done, _total in said]
    assert ("package lists of bookworm-amd64", 0, 0) in said
    assert ("index of bookworm-amd64: 2 of 3 packages", 0, 0) in said
    assert "package lists of bookworm-amd64" in told and "index of bookworm-amd64: 2 of 3 packages" in told


def test_what_is_on_its_way_counts_while_it_comes(tmp_path, machine, monkeypatch):
    class Once:
        """A look at the moment at which apt has a file half."""

        def __init__(self, look):
            self.look = look

        def __enter__(self):
            archives = tmp_path / "b.work/apt-bookworm-amd64/archives"
            (archives / "partial/libc6_2.36_amd64.deb").write_bytes(b"c")
            self.look()
            (archives / "partial/libc6_2.36_amd64.deb").unlink()

        def __exit__(self, *_error):
            return None

    monkeypatch.setattr(packages, "Watch", Once)
    said = []
    brought(tmp_path, said=said)
    assert ("packages of bookworm-amd64", 1, 20) in said


def test_a_second_run_opens_and_signs_nothing_and_lists_the_same(tmp_path, machine):
    first = brought(tmp_path).files
    opened, signed = machine.count("dpkg-deb --field"), machine.count("gpg")
    again = brought(tmp_path)
    assert again.files == first and again.fetched == 0
    assert (machine.count("dpkg-deb --field"), machine.count("gpg")) == (opened, signed) == (3, 1)


def test_a_package_of_another_size_and_a_lost_signature_are_made_anew(tmp_path, machine):
    first = brought(tmp_path).files
    place = tmp_path / "b/apt/bookworm-amd64"
    (place / "docker_20.10_amd64.deb").unlink()
    (place / "docker_20.10_amd64.deb").write_bytes(b"short")
    (place / apt.SIGNED).unlink()
    assert brought(tmp_path).files == first and machine.count("gpg") == 2
    (place / apt.RELEASE).write_text("another index")
    assert brought(tmp_path).files == first and machine.count("gpg") == 3


def test_debs_of_an_earlier_wish_leave_the_archives(tmp_path, machine):
    brought(tmp_path)
    archives = tmp_path / "b.work/apt-bookworm-amd64/archives"
    (archives / "old_1_all.deb").write_bytes(b"old")
    (archives / "lock").touch()
    brought(tmp_path)
    assert not (archives / "old_1_all.deb").exists() and (archives / "lock").exists()


@pytest.mark.parametrize(("word", "answer"), [
    ("--download-only", (100, "", "E: Failed to fetch")), ("--download-only", (100, "Failed to fetch", "")),
    ("gpg", "Failed to fetch a key"),
])  # fmt: skip
def test_a_step_that_fails_is_told(tmp_path, machine, word, answer):
    machine.wrong[word] = answer
    with pytest.raises(Refusal) as caught:
        brought(tmp_path)
    assert caught.value.rule == "LLM922" and "Failed to fetch" in caught.value.reason.en


def test_nothing_is_brought_where_nothing_is_wanted(tmp_path, machine):
    made = shop(tmp_path)
    made.bring(TARGET, {})
    assert machine.calls == [] and made.work.files == []


def test_bytes_that_are_there_of_what_is_wanted(tmp_path):
    (tmp_path / "partial").mkdir()
    (tmp_path / "a.deb").write_bytes(b"123")
    (tmp_path / "foreign.deb").write_bytes(b"12345")
    (tmp_path / "partial/b.deb").write_bytes(b"12")
    (tmp_path / "gone.deb").symlink_to("nowhere")
    wanted = dict.fromkeys(["gone.deb", "a.deb", "b.deb"])
    assert packages.present(str(tmp_path), wanted) == 3
    assert packages.present(str(tmp_path), wanted, True) == 5


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_takes_no_second_room_where_links_are_possible(tmp_path, monkeypatch, links):
    source, path = tmp_path / "source", tmp_path / "path"
    source.write_text("new")
    path.write_text("old")

    def refused(*_paths):
        raise OSError(18, "Invalid cross-device link")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    packages.linked(str(source), str(path))
    assert path.read_text() == "new" and path.samefile(source) == links
