# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts that work on the node, over what package managers, dkms and initramfs tools really said."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, render
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import boot, dkms, hold, initramfs, packages
from ansible_collections.yitiji.deepseek.plugins.module_utils._driver import managers as words
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.commands import TIMED_OUT, stream

SAID = Path(__file__).resolve().parents[2] / "fixtures" / "driver"


CATALOG = yaml.safe_load(
    (Path(__file__).resolve().parents[3] / "plugins/catalog/drivers/distributions.yml").read_text()
)


def said(name):
    return (SAID / name).read_text(encoding="utf-8")


# package managers


def test_apt_would_install():
    possible, steps = words.understood("apt", 0, said("apt-simulated.txt"))
    assert possible and steps.removed == [] and steps.upgraded == {}
    assert steps.new["nvidia-smi"].startswith("550.163.01") and "libnvidia-ml1" in steps.new


def test_apt_would_upgrade_and_remove():
    text = "Inst gcc [1-1] (1-2 Debian:13 [amd64])\nInst new (2 Debian:13 [amd64])\nRemv old [3]\nPurg older [4]\n"
    assert words.parse_apt(text) == words.Steps({"new": "2"}, {"gcc": "1-2"}, ["old", "older"])


def test_dnf():
    possible, steps = words.understood("dnf", 1, said("dnf-simulated.txt"))
    assert possible and set(steps.new) == {"nvidia-driver-cuda", "dkms", "nvidia-kmod", "nvidia-modprobe"}
    assert words.upstream(steps.new["nvidia-driver-cuda"]) == "580.95.05"
    assert words.understood("dnf", 1, said("dnf-impossible.txt"))[0] is False
    assert words.understood("dnf", 1, said("dnf-no-headers.txt"))[0] is False
    assert words.understood("dnf", 0, said("dnf-nothing.txt")) == (True, words.Steps({}, {}, []))
    assert words.parse_dnf(said("dnf-removal.txt")).removed == ["dkms", "nvidia-driver-cuda", "nvidia-kmod"]


@pytest.mark.parametrize(
    ("name", "rule", "says"),
    [
        ("apt-impossible.txt", "LLM219", "firmware-nvidia-gsp (= 535.261.03)"),
        ("dnf-impossible.txt", "LLM219", "nothing provides nvidia-firmware"),
        ("apt-no-headers.txt", "LLM204", "linux-headers-6.1.0-9-amd64"),
        ("dnf-no-headers.txt", "LLM204", "kernel-devel-5.14"),
    ],
)
def test_the_resolvers_own_reason_is_told(name, rule, says):
    found = packages.impossible(words.complaints(said(name)), {"flavour": "open"})
    assert found.rule == rule and says in found.reason.en and says in found.reason.zh
    if rule == "LLM219":
        assert "nvidia_driver_flavour: proprietary" in found.fix.en


def test_what_is_installed():
    text = "nvidia-smi 535-1 ii \nlibcuda1:amd64 535-1 ii \nlibcuda1:i386 535-1 ii \nhalf 1 iF \ngone 1 rc \n"
    assert set(words.parse_installed(text)) == {"nvidia-smi", "libcuda1", "libcuda1:i386"}
    assert "half" in words.parse_installed(text, whole=False) and "gone" not in words.parse_installed(text, whole=False)
    rpm = words.parse_installed("kernel-devel 5.14.0-427.el9 ii x86_64\nkernel-devel 5.14.0-503.el9 ii x86_64\n")
    assert {"kernel-devel-5.14.0-427.el9.x86_64", "kernel-devel-5.14.0-503.el9.x86_64"} <= set(rpm)


SET = {
    "version_of": "nvidia-smi",
    "same_version": ["nvidia-smi", "nvidia-kernel-dkms", "nvidia-fabricmanager"],
    "branch": "535",
}


@pytest.mark.parametrize(
    ("versions", "asked", "rule"),
    [
        ({"nvidia-fabricmanager": "535.1.01-1"}, {}, "LLM207"),
        ({"nvidia-kernel-dkms": "535.1.01-1"}, {}, "LLM219"),
        ({}, {"branch": "580"}, "LLM219"),
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


# dkms


def test_the_compilers_own_line():
    log = said("make-open-550.log")
    line = dkms.first_error(log)
    assert line == "nvidia/nv-pci.c:237:9: error: too few arguments to function ‘pci_resize_resource’"
    assert any("r = pci_resize_resource(" in text for text in dkms.around(log, line))


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("cc x\nmake[1]: *** No rule to make target 'x'\n", "make[1]: *** No rule to make target 'x'"),
        (
            "ERROR: modpost: GPL-incompatible module nvidia.ko\nmake: *** x\n",
            "ERROR: modpost: GPL-incompatible module nvidia.ko",
        ),
        ("nothing of the kind\n", "nothing of the kind"),
        ("", "?"),
    ],
)
def test_other_ends_of_a_build(log, line):
    assert dkms.first_error(log) == line


def source_tree(tmp_path):
    folder = tmp_path / "src" / "nvidia-current-535.1"
    folder.mkdir(parents=True)
    (folder / "dkms.conf").write_text('PACKAGE_NAME="nvidia-current"\nPACKAGE_VERSION="535.1"\n')
    other = tmp_path / "src" / "nvidia-fs-2"
    other.mkdir()
    (other / "dkms.conf").write_text("PACKAGE_NAME=nvidia-fs\nPACKAGE_VERSION=2\n")
    return str(tmp_path / "src")


def test_builds_what_is_missing_and_nothing_else(tmp_path):
    state, calls = {"k1": "installed", "k2": ""}, []

    def run(argv, _seconds):
        kernel = argv[argv.index("-k") + 1] if "-k" in argv else ""
        calls.append((argv[1], kernel))
        if argv[1] == "status":
            return 0, f"nvidia-current/535.1, {kernel}, x86_64: {state[kernel]}\n" if state[kernel] else ""
        state[kernel] = {"build": "built", "install": "installed"}.get(argv[1], "")
        return 0, ""

    found = dkms.Dkms(run, "^nvidia(?!-fs)", str(tmp_path / "tree"), source_tree(tmp_path))
    (one,) = found.sources
    assert one == dkms.Source("nvidia-current", "535.1")
    assert found.state(one, "k1") == "installed"
    found.build(one, "k2", 10)
    assert [verb for verb, _kernel in calls if verb != "status"] == ["add", "build", "install"]
    assert state["k2"] == "installed"


def test_a_failed_build_tells_the_compilers_line(tmp_path):
    tree = tmp_path / "tree" / "nvidia-current" / "535.1" / "build"
    tree.mkdir(parents=True)
    (tree / "make.log").write_text(said("make-open-550.log"))

    def run(argv, _seconds):
        return (10, said("dkms-build-open-550.log")) if argv[1] == "build" else (0, "")

    found = dkms.Dkms(run, "^nvidia-current", str(tmp_path / "tree"), source_tree(tmp_path))
    with pytest.raises(dkms.BuildFailed) as caught:
        found.build(found.sources[0], "6.12.117", 10)
    text = render(caught.value, "gpu01", caught.value.evidence)
    assert caught.value.rule == "LLM204" and "pci_resize_resource" in text and "6.12.117" in text


def test_a_build_without_end(tmp_path):
    found = dkms.Dkms(
        lambda argv, _s: (TIMED_OUT if argv[1] == "build" else 0, ""),
        "^nvidia-current",
        str(tmp_path),
        source_tree(tmp_path),
    )
    with pytest.raises(Refusal) as caught:
        found.build(found.sources[0], "k", 7)
    assert "7 s" in caught.value.reason.en and "nvidia_driver_build_timeout" in caught.value.fix.en


# nouveau


LISTED = "etc/modprobe.d\netc/modprobe.d/yitiji-nouveau.conf\nusr/lib/modules/6.1/kernel/nouveau/nouveau.ko\n"
DRACUT = """Image: /boot/initramfs-5.14.0.img: 40M
========================================================================
drwxr-xr-x   2 root     root            0 Jan  1  1970 etc/modprobe.d
-rw-r--r--   1 root     root           49 Jan  1  1970 etc/modprobe.d/yitiji-nouveau.conf
-rw-r--r--   1 root     root       812345 Jan  1 10:00 usr/lib/modules/5.14.0/kernel/nouveau/nouveau.ko.xz
"""
FILE = "/etc/modprobe.d/yitiji-nouveau.conf"


@pytest.mark.parametrize("listing", [LISTED, DRACUT])
def test_looking_into_an_initramfs(listing):
    assert initramfs.judge("k", "/boot/i", listing, {FILE: 10.0}, 20.0, True) == initramfs.Image(
        "k", "/boot/i", True, "", True
    )
    assert "older" in initramfs.judge("k", "/boot/i", listing, {FILE: 30.0}, 20.0, True).why
    assert "still in it" in initramfs.judge("k", "/boot/i", listing, {FILE: 0.0}, 20.0, False).why
    assert "not in it" in initramfs.judge("k", "/boot/i", "bin\n", {FILE: 10.0}, 20.0, True).why
    assert initramfs.judge("k", "/boot/i", "bin\n", {FILE: 0.0}, 20.0, False).fits


def test_an_initramfs_that_cannot_be_read(tmp_path):
    image = tmp_path / "initrd.img-k"
    image.write_text("x")
    tool = {
        "name": "t",
        "image": f"{tmp_path}/initrd.img-{{kernel}}",
        "list": ["ls", "{image}"],
        "build": ["mk", "{kernel}"],
    }
    assert (
        initramfs.choose([tool], lambda name: name == "mk") == tool
        and initramfs.choose([tool], lambda _n: False) is None
    )
    assert initramfs.look(tool, "none", [FILE], True, lambda _w: (0, "")) is None
    with pytest.raises(Refusal) as caught:
        initramfs.look(tool, "k", [FILE], True, lambda _w: (1, "bad magic"))
    assert caught.value.rule == "LLM201" and "bad magic" in caught.value.reason.en


# holds


def test_the_whole_set_is_held():
    installed = {
        name: "1"
        for name in (
            "nvidia-smi",
            "libnvidia-ml1",
            "linux-image-amd64",
            "linux-libc-dev",
            "vim",
            "nvidia-container-toolkit",
        )
    }
    patterns = CATALOG["debian-12"]["hold"]
    assert hold.chosen(installed, patterns) == ["libnvidia-ml1", "linux-image-amd64", "nvidia-smi"]
    assert hold.todo(["a", "b"], ["b", "c", "d"], ["d"]) == {"hold": ["a"], "lift": ["d"]}
    assert hold.held_now("nvidia-smi\nlibcuda1:amd64\n") == ["libcuda1", "nvidia-smi"]
    assert '"(lib)?nvidia-(?!container)";' in hold.blacklist(patterns)


def test_version_locks_of_others_stay():
    text = hold.versionlock("vim-*:9-1.*\nold-*:1.*\n", {"kmod": "5-1"}, ["kmod"], ["old-*:1.*"])
    assert text == "vim-*:9-1.*\nkmod-*:5-1.*\n"


# the module that does not load


@pytest.mark.parametrize(
    ("text", "log", "rule"),
    [
        ("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service", [], "LLM202"),
        (
            "modprobe: ERROR: could not insert 'nvidia': Operation not permitted",
            ["nvidia: Required key not available"],
            "LLM202",
        ),
        (
            "modprobe: ERROR: could not insert 'nvidia_current': No such device",
            ["NVRM: No NVIDIA GPU found."],
            "LLM213",
        ),
    ],
)
def test_why_a_module_does_not_load(text, log, rule):
    assert boot.not_loaded("nvidia", text, log).rule == rule


# commands


def test_a_command_tells_while_it_runs():
    told = []
    status, text = stream(["sh", "-c", "echo one; sleep 0.3; echo two >&2; exit 3"], 20, told.append)
    assert (status, text, told) == (3, "one\ntwo\n", ["one", "two"])
    assert stream(["/nonexistent/x"], 5, told.append)[0] == 127


def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path):
    began = time.monotonic()
    status, text = stream(["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait"], 1, lambda _line: None)
    assert status == TIMED_OUT and time.monotonic() - began < 10 and "no end" in text
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not os.path.exists(f"/proc/{child}") or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child lives")


def test_a_record_survives_what_it_does_not_know(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"wanted": ["a"], "more": 1}))
    assert packages.Record(str(path)).wanted == ["a"]
