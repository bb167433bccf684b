# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnf is asked and told the right things; its answers are real ones."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import dnf, manager

from tests.unit.module_utils._system.packages.dnf_said import said

THERE = (
    "app\tnoarch\t0:1.0-1\nlib\tnoarch\t0:1.0-1\nkernel\tx86_64\t0:5.14-1\nkernel\tx86_64\t0:5.14-2\n"
    "glibc\ti686\t0:2.34-1\n"
)


class Node:
    """Answers by what a command holds, the first that fits."""

    def __init__(self, root, **answers):
        self.calls, self.answers = [], answers
        self.manager = dnf.Dnf(self.run, 60, 1, 0.01, str(root))

    def run(self, argv, _seconds):
        line = " ".join(argv)
        self.calls.append(line)
        if line.startswith("rpm -qa"):
            return 0, THERE
        if line.startswith("rpm --eval"):
            return 0, "/var/lib/rpm\n"
        return next((answer for word, answer in self.answers.items() if f" {word} " in f"{line} "), (0, ""))

    def dnf(self):
        return [call for call in self.calls if call.startswith("dnf")]


@pytest.fixture
def node(tmp_path):
    return lambda **answers: Node(tmp_path, **answers)


def test_what_is_installed(node):
    found = node().manager.installed()
    assert found["app"] == "1.0-1" and found["kernel-5.14-1.x86_64"] == "5.14-1"
    assert found["kernel"] == "5.14-2" and found["glibc.i686"] == "2.34-1"


def test_what_came_along(node):
    assert node(repoquery=said("reasons")).manager.automatic() == ["lib"]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [("3:28.0.1-1.el9", True), ("28.0.1-1.el9", True), ("28.0.1", True), ("3:28.*", True), ("28.*", True),
     ("28", False),     ("4:28.*", False)],
)  # fmt: skip
def test_versions_with_and_without_epoch_and_release(node, wanted, fits):
    there = {"docker-ce": "3:28.0.1-1.el9"}
    assert manager.missing(there, [f"docker-ce={wanted}"], node().manager.fits) == (
        [] if fits else [f"docker-ce={wanted}"]
    )


def test_an_installation(node):
    here = node(install=said("install-with-dependencies"))
    steps = here.manager.would_install(["app"], manager.Options())
    assert steps.new == {"app": "1.1-1", "lib": "1.0-1", "extra": "1.0-1"} and steps.removed == []
    assert here.dnf() == [
        "dnf -y --setopt=*.skip_if_unavailable=True install --setopt=install_weak_deps=False app --assumeno -C"
    ]


@pytest.mark.parametrize("wanted", ["app", "app-1.1-1", "app-1.1-1.noarch"])
def test_a_name_with_its_version_is_no_obsoleted_one(node, wanted):
    here = node(install=said("install-with-dependencies"))
    assert here.manager.would_install([wanted], manager.Options()).new["app"] == "1.1-1"
    assert len(here.dnf()) == 1 and "obsoletes" not in here.dnf()[0]


def test_options(node):
    here = node(install=said("install-epoch"))
    here.manager.would_install(["epoch=5:2.0*"], manager.Options("extras", recommends=True, change_held=True))
    (call,) = here.dnf()
    for word in ("install_weak_deps=True", "--enablerepo=extras", "--disableplugin=versionlock", " epoch-5:2.0* "):
        assert word in call


def test_what_is_cached_suffices_and_else_it_is_fetched(node):
    here = node(**{"-C": said("install-no-cache"), "install": said("install-with-dependencies")})
    assert here.manager.would_install(["app"], manager.Options()).new["app"] == "1.1-1"
    assert [("-C" in call) for call in here.dnf()] == [True, False]


def test_an_offer_leaves_the_nodes_cache_alone(node):
    here = node(**{"-C": said("install-no-cache"), "install": said("install-with-dependencies")})
    assert here.manager.offers(["app"], manager.Options()).new["app"] == "1.1-1"
    assert all("-C" in call or "--setopt=cachedir=/" in call for call in here.dnf())


@pytest.mark.parametrize(
    ("name", "why"),
    [("install-broken", "nothing-has-this"), ("install-unknown", "nosuch"), ("install-conflict", "conflicts")],
)
def test_what_cannot_be_installed_is_refused_with_the_reason(node, name, why):
    here = node(install=said(name), makecache=said("refresh-dead-repository"))
    for call in (here.manager.would_install, here.manager.offers):
        with pytest.raises(Refusal, match=why) as caught:
            call(["x"], manager.Options())
        assert caught.value.rule == "LLM117"
    assert "bad: Curl error" in caught.value.reason.en, "the repository that is down may be the reason"


def test_an_older_version_only_where_it_is_allowed(node):
    here = node(install=said("install-older"))
    with pytest.raises(Refusal, match=r"would downgrade app 1\.0-1"):
        here.manager.would_install(["app=1.0"], manager.Options())
    assert here.manager.would_install(["app=1.0"], manager.Options(downgrade=True)).upgraded == {"app": "1.0-1"}


def test_who_is_named_is_meant_and_not_what_obsoletes_him(node):
    here = node(**{"--setopt=obsoletes=False": said("install-there"), "install": said("install-obsoleting")})
    assert here.manager.would_install(["oldname"], manager.Options()).new == {}
    assert "--setopt=obsoletes=False" in here.dnf()[-1]


def test_upgrades(node):
    only = manager.Options(only_upgrade=True)
    assert node(upgrade=said("upgrade")).manager.would_install(["app"], only).upgraded == {"app": "1.1-1"}
    assert node(upgrade=said("upgrade-none")).manager.would_install(["app"], only) == manager.Steps({}, {}, [])


def test_a_failed_installation_says_why_and_keeps_what_came_as_a_dependency(node):
    here = node(**{"--assumeno": said("install-with-dependencies"), "install": said("install-script-fails")})
    with pytest.raises(Refusal, match="scriptlet failed"):
        here.manager.install(["app", "badscript"], manager.Options())
    assert here.dnf()[-1] == "dnf -y mark remove lib", "extra did not come"


def test_removals(node):
    here = node(remove=said("remove"), autoremove=said("install-there"))
    assert here.manager.would_remove(["app"]) == ["app", "other", "lib"] and "--noautoremove" in here.dnf()[-1]
    assert here.manager.unneeded(["app"]) == ["app", "other", "lib"] and "--noautoremove" not in here.dnf()[-1]
    assert here.manager.unneeded([]) == [] and here.manager.would_remove([]) == []
    assert node(remove=said("remove-unknown")).manager.would_remove(["nosuch"]) == []


def test_what_a_protected_package_needs_cannot_go(node):
    assert node(remove=said("remove-protected")).manager.would_remove(["lib"]) == ["lib", "app"]


def test_a_purge_takes_the_changed_configuration_too(node, tmp_path):
    left = tmp_path / "etc/x.conf.rpmsave"
    left.parent.mkdir(parents=True)
    left.write_text("")
    here = node(remove=(0, "warning: /etc/x.conf saved as /etc/x.conf.rpmsave\n"))
    here.manager.remove(["x"], purge=False)
    assert left.exists()
    here.manager.remove(["x"], purge=True)
    assert not left.exists()


def test_repositories_that_are_down_are_told(node):
    assert node(makecache=said("refresh-dead-repository")).manager.refresh().startswith("bad: Curl error (7)")
    assert node(makecache=said("refresh-fails")).manager.refresh().startswith("bad: Curl error (7)")
    assert node().manager.refresh() == ""


def test_a_killed_run_is_completed(node):
    here = node(**{"--duplicates": (0, "multi-0:1.0-1.noarch\n")})
    here.manager.finish()
    assert here.dnf()[-1].endswith("remove --duplicates") and "rpm --rebuilddb" not in here.calls


def test_who_uses_dnf_is_named(node, tmp_path):
    lock = tmp_path / "var/lib/dnf/rpmdb_lock.pid"
    lock.parent.mkdir(parents=True)
    lock.write_text(str(os.getpid()))
    with pytest.raises(Refusal) as caught:
        node().manager.remove(["x"], purge=False)
    assert caught.value.rule == "LLM118" and f"({os.getpid()})" in caught.value.reason.en
    lock.write_text("2147483647")
    node().manager.wait_until_free()
    lock.write_text("")
    node().manager.wait_until_free()


@pytest.mark.parametrize(
    ("release", "there", "name"),
    [
        ("ID=debian\n", {"apt-get", "dnf"}, "apt"), ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', {"dnf"}, "dnf"),
        ("ID=openEuler\n", {"dnf", "apt-get"}, "dnf"), ("ID=kylin\n", {"apt-get"}, "apt"),
        ("ID=slackware\n", set(), None),
    ],
)  # fmt: skip
def test_whose_package_manager_a_node_has(release, there, name):
    if name:
        assert manager.of_node(release, lambda command: command in there) == name
    else:
        with pytest.raises(Refusal, match="neither apt-get nor dnf"):
            manager.of_node(release, lambda command: command in there)


def test_whoever_uses_dnf_is_waited_for_before_lists_are_read(node, monkeypatch):
    now, users = [0.0], ["dnf (1)", "dnf (1)", ""]
    monkeypatch.setattr(dnf.time, "monotonic", lambda: now[0])
    here = node(makecache=(0, ""))
    monkeypatch.setattr(here.manager, "user", lambda: users.pop(0))
    assert here.manager.refresh() == "" and here.calls.count("sleep 0.01") == 2
    assert [call.split()[0] for call in here.calls] == ["sleep", "sleep", "dnf"]


def test_lists_that_were_read_are_no_complaint_whatever_was_said(node):
    assert node(makecache=(0, "Error: of no matter\n")).manager.refresh() == ""
    assert "matters" in node(makecache=(1, "Error: matters\n")).manager.refresh()


def test_what_was_held_is_held_again_after_it_changed(node, monkeypatch):
    here = node(install=said("install-with-dependencies"))
    again = []
    monkeypatch.setattr(here.manager, "held", lambda: ["app"])
    monkeypatch.setattr(here.manager, "hold", again.append)
    monkeypatch.setattr(here.manager, "_do", lambda what, words: None)
    here.manager.install(["app"], manager.Options())
    assert again == []
    here.manager.install(["app"], manager.Options(change_held=True))
    assert again == [["app"]]


def test_a_reason_that_is_not_told_is_none(node):
    assert node(repoquery=(0, "bare\nlib dependency\napp user\nother weak-dependency\n")).manager.automatic() == [
        "lib", "other",
    ]  # fmt: skip


def test_what_is_held_is_read_of_the_nodes_own_settings(node, tmp_path):
    (tmp_path / "etc/dnf").mkdir(parents=True)
    (tmp_path / "etc/dnf/dnf.conf").write_text("[main]\nexcludepkgs=app\n")
    assert node().manager.held() == ["app"]
