# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts that work on the node, over what package managers, dkms and initramfs tools really said."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import packages

SET = {
    "version_of": "nvidia-smi",
    "same_version": ["nvidia-smi", "nvidia-kernel-dkms", "nvidia-fabricmanager"],
    "branch": "535",
}


@pytest.mark.parametrize(
    ("versions", "asked", "rule"),
    [
        ({"nvidia-fabricmanager": "535.1.01-1"}, {}, "LLM207"),
        ({"nvidia-kernel-dkms": "535.1.01-1"}, {}, "LLM240"),
        ({}, {"branch": "580"}, "LLM231"),
        ({}, {"min_version": "550.54"}, "LLM209"),
    ],
)
def test_a_set_that_does_not_fit(versions, asked, rule):
    have = {name: "535.309.01-0+deb12u1" for name in SET["same_version"]}
    packages.check_versions(have, SET)
    with pytest.raises(Refusal) as caught:
        packages.check_versions({**have, **versions}, {**SET, **asked})
    assert caught.value.rule == rule


class Apt:
    """Answers like apt over a small world: name -> (version, needs)."""

    def __init__(self, world, installed=()):
        self.world, self.there, self.asked = world, list(installed), set()
        self.calls: list[list[str]] = []

    def __call__(self, argv, _seconds):
        self.calls.append(argv)
        names = [word for word in argv if word in self.world]
        if argv[0] == "dpkg-query":
            return 0, "".join(f"{name} {self.world[name][0]} ii \n" for name in self.there)
        if "autoremove" in argv:
            needed = {dep for name in self.there for dep in self.world[name][1]} | self.asked
            return 0, "".join(f"Remv {n} [1]\n" for n in self.there if n not in needed and n.startswith("dep"))
        if "purge" in argv:
            gone = [n for n in self.there if n in names or set(self.world[n][1]) & set(names)]
            if "-s" not in argv:
                self.there = [n for n in self.there if n not in gone]
            return 0, "".join(f"Purg {n} [1]\n" for n in gone)
        if "install" in argv:
            new = [n for name in names for n in [name, *self.world[name][1]] if n not in self.there]
            if "-s" not in argv:
                assert packages.read_text(packages.NO_AUTOINSTALL) == packages.OURS, "dkms would build by itself"
                self.there += new
            return 0, "".join(f"Inst {n} ({self.world[n][0]} x [amd64])\n" for n in new)
        return 0, ""


WORLD = {
    "nvidia-smi": ("535.1-1", ["dep1"]),
    "dep1": ("1", ["dep2"]),
    "dep2": ("1", []),
    "other": ("1", ["nvidia-smi"]),
}


@pytest.fixture
def apt(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "NO_AUTOINSTALL", str(tmp_path / "dkms" / "no-autoinstall"))
    fake = Apt(WORLD)
    return fake, packages.Packages("apt", fake), packages.Record(str(tmp_path / "record.json"))


def test_what_came_goes_again(apt):
    fake, manager, record = apt
    steps = manager.simulate(["nvidia-smi"], {"version_of": "nvidia-smi"})
    record.add(["nvidia-smi"], [*steps.new, "dep2"])
    manager.install(["nvidia-smi"], 10)
    fake.there.append("dep2")
    assert not os.path.exists(packages.NO_AUTOINSTALL)
    again = packages.Record(record.path)
    assert again.wanted == ["nvidia-smi"] and again.unfinished
    gone = manager.removable(again.wanted, again.installed)
    manager.remove(gone, 10)
    while gone:
        gone = manager.unneeded(again.installed)
        if gone:
            manager.remove(gone, 10)
    assert fake.there == []
    again.drop(["nvidia-smi", "dep1", "dep2"])
    assert not os.path.exists(record.path)


def test_what_others_need_is_not_taken(apt):
    fake, manager, _record = apt
    fake.there = ["nvidia-smi", "dep1", "other"]
    with pytest.raises(Refusal) as caught:
        manager.removable(["nvidia-smi"], ["nvidia-smi", "dep1"])
    assert "other" in caught.value.reason.en


def test_an_administrators_no_autoinstall_stays(apt):
    _fake, _manager, _record = apt
    packages.write_atomic(packages.NO_AUTOINSTALL, "mine\n", 0o644)
    packages.build_by_itself_again()
    assert packages.read_text(packages.NO_AUTOINSTALL) == "mine\n"


def test_a_record_survives_what_it_does_not_know(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"wanted": ["a"], "more": 1}))
    assert packages.Record(str(path)).wanted == ["a"]
