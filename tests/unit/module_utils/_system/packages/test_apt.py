# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers of apt and dpkg mean."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import apt, manager


def test_what_dpkg_lists():
    said = {
        "dpkg --print-architecture": "amd64\n",
        " ".join(apt.LISTED): "installed/docker.io/amd64/20.10.24+dfsg1-1\nconfig-files/old/amd64/1\n"
        "installed/libc6/amd64/2.36\ninstalled/libc6/i386/2.36\ninstalled/tzdata/all/2024a\n"
        "half-configured/broken/amd64/3\nnot-installed/x/amd64/\n",
    }
    found = apt.Apt(lambda argv, _seconds: (0, said[" ".join(argv)]), 60, 60)
    assert found.installed() == {
        "docker.io": "20.10.24+dfsg1-1",
        "libc6": "2.36",
        "libc6:i386": "2.36",
        "tzdata": "2024a",
    }
    assert found.present() == ["docker.io", "libc6", "libc6:i386", "tzdata", "broken"]


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 711 (unattended-upgr)\n"
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
            "unattended-upgr (711)",
        ),
        ("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)", "? (?)"),
    ],
)
def test_a_lock_that_apt_met_itself_says_who(said, who):
    def run(argv, _seconds):
        return (100, said) if argv[0] == "apt-get" else (1, "")

    with pytest.raises(manager.Refusal) as refused:
        apt.Apt(run, 60, 7).remove(["x"], purge=False)
    assert refused.value.rule == "LLM118" and who in refused.value.reason.en


def test_the_holder_of_a_lock(tmp_path):
    path = tmp_path / "lock"
    path.write_text("")
    assert apt.holder(str(path)) == ""
    assert apt.holder(str(tmp_path / "none")) == ""
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "locked\n"
        name = apt.holder(str(path))
        assert name.endswith(f"({other.pid})") and "python" in name
        other.communicate("")
    assert apt.holder(str(path)) == ""


def test_the_question_has_the_size_the_kernel_reads():
    handle = os.open(os.devnull, os.O_RDWR)
    size = struct.calcsize("hhqqii")
    os.close(handle)
    assert size == 32 and fcntl.F_GETLK == 5


class Node:
    """Answers by a word of the command, and remembers what was asked."""

    def __init__(self, **answers):
        self.calls, self.answers = [], answers
        self.manager = apt.Apt(self.run, 60, 7, 0.5)

    def run(self, argv, _seconds):
        self.calls.append(" ".join(argv))
        return next((answer for word, answer in self.answers.items() if word in argv), (0, ""))

    def asked(self, word):
        return [call for call in self.calls if f" {word} " in f"{call} "]


SIMULATED = """Reading package lists...
Remv old [1.0]
Purg older [1.0]
Purg older [1.0]
Inst new (2.0 Debian:12 [amd64])
Inst known [1.0] (1.1 Debian:12 [amd64])
Conf new (2.0 Debian:12 [amd64])
"""


def test_what_a_simulation_would_do():
    steps = manager.Steps({"new": "2.0"}, {"known": "1.1"}, ["old", "older"])
    assert apt.parse_steps(SIMULATED) == steps and apt.parse_steps("") == manager.Steps({}, {}, [])
    node = Node(install=(0, SIMULATED), purge=(0, SIMULATED), autoremove=(0, "Remv gone [1]\n"))
    assert node.manager.would_install(["new"], manager.Options()) == steps
    assert node.manager.would_remove(["old"]) == ["old", "older"] and node.manager.unneeded([]) == ["gone"]
    assert node.manager.unneeded(["old"]) == ["old", "older"]
    assert all(" -s " in call for call in node.calls), "nothing was changed"
    assert Node().manager.would_remove([]) == []


@pytest.mark.parametrize(("options", "words"), [
    ({}, ["--no-install-recommends"]), ({"recommends": True}, ["--install-recommends"]),
    ({"downgrade": True}, ["--no-install-recommends", "--allow-downgrades"]),
    ({"change_held": True}, ["--no-install-recommends", "--allow-change-held-packages"]),
    ({"only_upgrade": True}, ["--no-install-recommends", "--only-upgrade"]),
    ({"no_remove": True}, ["--no-install-recommends", "--no-remove"]),
    ({"release": "sid"}, ["--no-install-recommends", "-t", "sid"]),
])  # fmt: skip
def test_options_reach_apt_and_only_those(options, words):
    node = Node()
    node.manager.install(["x", "y=1"], manager.Options(**options))
    assert node.asked("install")[0].partition(" install ")[2].split() == [*words, "x", "y=1"]


def test_what_is_done_by_which_command():
    node = Node()
    here = node.manager
    for do in (lambda: here.remove(["x"], True), lambda: here.remove(["x"], False), lambda: here.hold(["x"]),
               lambda: here.unhold(["x"]), here.finish):  # fmt: skip
        do()
    done = [call for call in node.calls if not call.startswith("apt-config")]
    assert done[0].endswith(" purge x") and done[1].endswith(" remove x") and "Ignore-Hold=true" in done[0]
    assert done[2:4] == ["apt-mark hold x", "apt-mark unhold x"] and done[4].endswith("--configure -a")


def test_names_come_without_their_architecture():
    node = Node(showhold=(0, "b:i386\n\na\n"), showauto=(0, "c\n"))
    assert node.manager.held() == ["a", "b"] and node.manager.automatic() == ["c"]


BROKEN = """The following packages have unmet dependencies:
 web : Depends: lib (>= 2) but 1 is to be installed
E: Unable to correct problems, you have held broken packages.
E: The repository is gone
"""


def test_reasons_are_those_that_help():
    unmet = "web : Depends: lib (>= 2) but 1 is to be installed"
    assert apt.complaints(BROKEN) == [unmet, "E: The repository is gone"]
    assert apt.complaints("a\n b\nE: x\n c\n") == ["E: x"], "an indented line alone is none"
    assert apt.complaints(" a\nE: x\n") == ["E: x"]
    assert apt.complaints("1\n\n2\n3\n4  4\n5\n") == ["2", "3", "4 4", "5"]
    assert apt.complaints("".join(f"E: {number}\n" for number in range(20)))[0] == "E: 8"


def test_a_failure_says_why_and_what_lists_could_not_be_read():
    node = Node(update=(100, "E: no route\n"), install=(100, "E: Unable to locate package x\n"))
    assert node.manager.refresh() == "E: no route"
    with pytest.raises(manager.Refusal) as refused:
        node.manager.would_install(["x"], manager.Options())
    assert manager.reasons(refused.value) == ["E: Unable to locate package x", "E: no route"]
    node.answers["update"] = (0, "W: odd\n")
    assert node.manager.refresh() == ""
    for ask in (lambda: node.manager.would_install(["x"], manager.Options()),
                lambda: node.manager.install(["x"], manager.Options())):  # fmt: skip
        with pytest.raises(manager.Refusal) as refused:
            ask()
        assert refused.value.rule == "LLM117" and manager.reasons(refused.value) == ["E: Unable to locate package x"]
    node.answers["showhold"] = (1, "E: broken")
    with pytest.raises(manager.Refusal):
        node.manager.held()


def test_an_offer_reads_fresh_lists_once_and_leaves_the_nodes_own():
    node = Node()
    tries = []

    def run(argv, _seconds):
        node.calls.append(" ".join(argv))
        if "-s" in argv:
            tries.append(any("Dir::State::lists=" in word for word in argv))
            return (0, SIMULATED) if tries[-1] else (100, "E: Unable to locate package new")
        return (0, "")

    here = apt.Apt(run, 60, 7)
    for _turn in range(2):
        assert here.offers(["new"], manager.Options()).new == {"new": "2.0"}
    assert tries == [False, True, False, True] and len(node.asked("update")) == 1
    newer = manager.Options(only_upgrade=True)
    assert here.offers(["known"], newer).upgraded == {"known": "1.1"} and tries[4:] == [True], "in fresh ones alone"
    folder = here.fresh.name
    assert os.path.isdir(f"{folder}/partial") and f"Dir::State::lists={folder}" in node.asked("update")[0]
    assert "Dir::Cache::pkgcache=" in node.asked("update")[0]


def test_apt_asks_nothing_and_finds_its_helpers(monkeypatch):
    monkeypatch.setenv("PATH", "/own")
    found = apt.environment()
    assert found["DEBIAN_FRONTEND"] == "noninteractive" and found["LC_ALL"] == "C"
    assert found["PATH"] == f"/own:{apt.SAFE_PATH}"
    monkeypatch.delenv("PATH")
    assert apt.environment()["PATH"] == apt.SAFE_PATH


def test_whoever_holds_a_lock_is_waited_for_and_then_named(monkeypatch):
    now, holders = [0.0], ["apt (1)", "apt (1)", ""]
    monkeypatch.setattr(apt.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(apt, "held_by", lambda _paths: holders.pop(0))
    node = Node()
    node.manager.wait_until_free()
    assert node.calls.count("sleep 0.5") == 2
    holders.extend(["apt (1)", "apt (2)"])
    monkeypatch.setattr(apt.time, "monotonic", lambda: now.append(now.pop() + 7.0) or now[0])
    with pytest.raises(manager.Refusal) as refused:
        node.manager.wait_until_free()
    assert refused.value.rule == "LLM118" and "apt (1)" in refused.value.reason.en
    assert node.calls.count("sleep 0.5") == 2


def test_locks_are_where_apt_says_or_where_they_usually_are():
    said = "status='/d/status'\nlists='/l/'\narchives='/a/'\n"
    assert Node(shell=(0, said)).manager._locks() == ["/d/lock-frontend", "/l/lock", "/a/lock"]
    assert Node(shell=(1, said)).manager._locks() == [
        "/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
    ]  # fmt: skip
