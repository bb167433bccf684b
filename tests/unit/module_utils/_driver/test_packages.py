# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that work on the node, over what package managers, dkms and initramfs tools really said."""

from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import packages
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.kinds import manager_of
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Steps

from tests.unit.module_utils._driver.recorded import said
from tests.unit.modules.apt_node import Node

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


WORLD = {
    "nvidia-smi": {"versions": ["535.1-1"], "depends": ["dep1"]},
    "nvidia-other": {"versions": ["550.1-1"]},
    "nouveau": {"versions": ["1"]},
    "nvidia-jealous": {"versions": ["535.1-1"], "conflicts": ["nouveau"]},
    "dep1": {"versions": ["1"], "depends": ["dep2"]},
    "dep2": {"versions": ["1"]},
    "other": {"versions": ["1"], "depends": ["nvidia-smi"]},
}
ASKED = {"version_of": "nvidia-smi"}


@pytest.fixture
def apt(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "NO_AUTOINSTALL", str(tmp_path / "dkms" / "no-autoinstall"))
    node = Node(tmp_path, WORLD)
    told = []

    def run(argv, seconds):
        if "install" in argv and "-s" not in argv:
            told.append(packages.read_text(packages.NO_AUTOINSTALL))
        return node.call(argv, seconds)

    manager = manager_of("apt", run, 60, 1)
    return node, manager, packages.Packages(manager), told


def refused(call, *args, **more):
    with pytest.raises(Refusal) as caught:
        call(*args, **more)
    return caught.value


def test_what_came_goes_again(apt, tmp_path):
    node, manager, core, told = apt
    node.has("nouveau")
    record = packages.Record(str(tmp_path / "record.json"))
    steps = core.simulate(["nvidia-smi"], ASKED)
    assert node.installed() == {"nouveau": "1"}
    record.add(["nvidia-smi"], list(steps.new))
    core.install(["nvidia-smi"])
    assert told == [packages.OURS], "dkms would build by itself"
    assert not os.path.exists(packages.NO_AUTOINSTALL)
    again = packages.Record(record.path)
    assert again.wanted == ["nvidia-smi"] and again.unfinished
    gone = core.removable(again.wanted, again.installed)
    while gone:
        manager.remove(gone, purge=True)
        gone = core.unneeded(again.installed)
    assert node.installed() == {"nouveau": "1"}
    again.drop(["nvidia-smi", "dep1", "dep2"])
    assert not os.path.exists(record.path)


def test_what_others_need_is_not_taken(apt):
    node, _manager, core, _told = apt
    for name in ("nvidia-smi", "dep1", "other"):
        node.has(name)
    assert "other" in refused(core.removable, ["nvidia-smi"], ["nvidia-smi", "dep1"]).reason.en


def test_nothing_is_removed_for_the_set(apt):
    """apt is told so, and what dnf would replace is refused as well."""
    node, _manager, core, _told = apt
    node.has("nouveau")
    for aside in (False, True):
        caught = refused(core.simulate, ["nvidia-jealous"], ASKED, aside=aside)
        assert caught.rule == "LLM219" and "remove" in caught.reason.en
    assert refused(core.install, ["nvidia-jealous"]).rule == "LLM117" and node.installed() == {"nouveau": "1"}
    replacing = SimpleNamespace(would_install=lambda _names, _how: Steps({}, {}, ["nouveau"]))
    assert "nouveau" in refused(packages.Packages(replacing).simulate, ["nvidia-smi"], ASKED).reason.en


def test_check_mode_reads_lists_of_its_own(apt):
    node, _manager, core, _told = apt
    node.write({**node.read(), "offered": {}, "newer": WORLD})
    assert refused(core.simulate, ["nvidia-smi"], ASKED).rule == "LLM219"
    assert "nvidia-smi" in core.simulate(["nvidia-smi"], ASKED, aside=True).new
    assert refused(
        core.simulate, ["nvidia-other"], {**ASKED, "version_of": "nvidia-other", "branch": "535"}, aside=True
    )


def test_somebody_who_uses_the_package_manager_is_named(apt):
    busy = SimpleNamespace(
        would_install=lambda _names, _how: (_ for _ in ()).throw(Refusal("LLM118", seconds=1, holder="apt (7)"))
    )
    assert refused(packages.Packages(busy).simulate, ["nvidia-smi"], ASKED).rule == "LLM118"


@pytest.mark.parametrize(
    ("name", "rule", "says"),
    [
        ("apt-impossible.txt", "LLM219", "firmware-nvidia-gsp (= 535.261.03)"),
        ("apt-impossible.txt", "LLM219", "nvidia-open-kernel-support--v1"),
        ("dnf-impossible.txt", "LLM219", "nothing provides nvidia-firmware"),
        ("apt-no-headers.txt", "LLM232", "linux-headers-6.1.0-9-amd64"),
        ("dnf-no-headers.txt", "LLM232", "kernel-devel-5.14"),
    ],
)
@pytest.mark.parametrize("aside", [False, True])
def test_the_resolvers_own_reason_is_told(name, rule, says, aside):
    """As apt and dnf themselves said it."""
    status = {"apt": 100, "dnf": 1}[name[:3]]
    manager = manager_of(name[:3], lambda argv, _seconds: (status, said(name)) if "install" in argv else (0, ""), 60, 1)
    found = refused(packages.Packages(manager).simulate, ["x"], {"flavour": "open", "version_of": "x"}, aside=aside)
    assert found.rule == rule and says in found.reason.en and says in found.reason.zh
    if rule == "LLM219":
        assert "nvidia_driver_flavour: proprietary" in found.remedy.en


def test_a_kernels_headers_and_something_else_missing_is_not_the_headers_alone():
    lines = said("apt-no-headers.txt") + "E: Unable to locate package nvidia-smi\n"
    manager = manager_of("apt", lambda argv, _seconds: (100, lines) if "install" in argv else (0, ""), 60, 1)
    assert refused(packages.Packages(manager).simulate, ["x"], ASKED).rule == "LLM219"


def test_driver_modules_of_an_old_kernel_are_a_kernels_too():
    """Ubuntu keeps the kernel of the installation medium, for which a later branch has no modules."""
    lines = "E: Unable to locate package linux-modules-nvidia-580-server-open-5.15.0-25-generic\n"
    manager = manager_of("apt", lambda argv, _seconds: (100, lines) if "install" in argv else (0, ""), 60, 1)
    found = refused(packages.Packages(manager).simulate, ["x"], ASKED)
    assert found.rule == "LLM232" and "remove the old kernel" in found.remedy.en


def test_dnf_answers_for_the_set():
    answers = {"install": (1, said("dnf-simulated.txt")), "remove": (1, said("dnf-removal.txt"))}
    manager = manager_of(
        "dnf", lambda argv, _seconds: next((a for word, a in answers.items() if word in argv), (0, "")), 60, 1
    )
    steps = packages.Packages(manager).simulate(
        ["nvidia-driver-cuda"], {"version_of": "nvidia-driver-cuda", "branch": "580"}
    )
    assert set(steps.new) == {"nvidia-driver-cuda", "dkms", "nvidia-kmod", "nvidia-modprobe"}
    assert packages.upstream(steps.new["nvidia-driver-cuda"]) == "580.95.05"
    assert manager.would_remove(["dkms"]) == ["dkms", "nvidia-driver-cuda", "nvidia-kmod"]


def test_an_administrators_no_autoinstall_stays(apt):
    assert apt
    packages.write_atomic(packages.NO_AUTOINSTALL, "mine\n", 0o644)
    packages.build_by_itself_again()
    assert packages.read_text(packages.NO_AUTOINSTALL) == "mine\n"


def test_a_record_survives_what_it_does_not_know(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"wanted": ["a"], "more": 1}))
    assert packages.Record(str(path)).wanted == ["a"]
