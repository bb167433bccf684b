# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose packages are whose, with a package manager in memory: what comes, what is removed again, what stays."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import masks as unit_masks
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import owner as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import Options, Steps, failed

REASON = Text("x", "x")


NEEDS = {"web": ["libweb"], "proxy": ["libweb"], "chat": ["web"]}
AGAINST = {"chrony": ["timesyncd"]}  # what a package takes away


class Shop:
    """A package manager in memory."""

    program = "apt-get"

    def __init__(self, **there):
        self.there = {name: "1" for name in there}
        self.newest = "2"
        self.by_itself, self.held_now, self.half, self.did = set(), set(), set(), []
        self.fails = False

    def installed(self):
        return {name: version for name, version in self.there.items() if name not in self.half}

    def present(self):
        return list(self.there)

    def automatic(self):
        return sorted(self.by_itself)

    def fits(self, version, wanted):
        return version == wanted

    def held(self):
        return sorted(self.held_now)

    def refresh(self):
        self.did.append("refresh")
        return ""

    def all_of(self, wanted):
        names = [name.partition("=")[0] for name in wanted]
        return list(dict.fromkeys([*names, *(need for name in names for need in NEEDS.get(name, []))]))

    def would_install(self, wanted, options):
        versions = {name.partition("=")[0]: name.partition("=")[2] or self.newest for name in wanted}
        names = list(versions) if options.only_upgrade else self.all_of(wanted)
        new = {name: versions.get(name, self.newest) for name in names if name not in self.there}
        newer = {n: v for n, v in versions.items() if n in self.there and self.there[n] != v}
        gone = [old for name in new for old in AGAINST.get(name, []) if old in self.there]
        return Steps(new, newer, gone)

    offers = would_install

    def install(self, wanted, options):
        self.did.append(f"install {' '.join(wanted)}")
        if self.fails:
            raise failed(REASON, ["no room"])
        steps = self.would_install(wanted, options)
        asked = {name.partition("=")[0] for name in wanted}
        self.by_itself |= {name for name in steps.new if name not in asked}
        self.there.update({**steps.new, **steps.upgraded})
        for name in steps.removed:
            del self.there[name]

    def would_remove(self, names):
        gone = list(names)
        for name in gone:
            users = [user for user, needs in NEEDS.items() if name in needs and user in self.there]
            gone += [user for user in users if user not in gone]
        return gone

    def unneeded(self, without):
        left = [name for name in self.there if name not in without]
        used = {need for name in left for need in NEEDS.get(name, [])}
        return [name for name in left if name in self.by_itself and name not in used]

    def remove(self, names, purge):
        self.did.append(f"{'purge' if purge else 'remove'} {' '.join(sorted(names))}")
        for name in names:
            del self.there[name]

    def hold(self, names):
        self.held_now |= set(names)

    def unhold(self, names):
        self.held_now -= set(names)

    def finish(self):
        self.did.append("finish")
        if self.fails:
            raise failed(REASON, ["broken"])
        self.half.clear()

    def wait_until_free(self):
        self.did.append("wait")


class Node:
    def __init__(self, folder, **there):
        self.folder, self.shop, self.reloads = folder, Shop(**there), []
        self.masks = unit_masks.Masks(str(folder / "masks"), lambda: self.reloads.append(1), str(folder / "root"))

    def owner(self, name, check=False):
        return core.Owner(self.shop, self.masks, str(self.folder), name, check)

    def present(self, name, *names, check=False, **more):
        return self.owner(name, check).present(core.Wanted(list(names), **more))

    def absent(self, name, check=False, **more):
        return self.owner(name, check).absent(core.Wanted([], **more))

    def record(self, name):
        return json.loads((self.folder / f"packages/{name}.json").read_text())


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_what_came_goes_again_and_a_second_run_does_nothing(node):
    told = node.present("gateway", "web")
    assert (told.changed, told.installed, told.before, told.after) == (True, ["web"], "", "web\n")
    version = node.shop.there["web"]
    assert node.shop.did == ["refresh", "install web"] and set(node.shop.there) == {"web", "libweb"}
    assert node.record("gateway")["ours"] == ["web"] and node.record("gateway")["along"] == ["libweb"]
    assert not node.record("gateway")["unfinished"]
    nothing = core.Result(False, installed=[], upgraded=[], held=[], unheld=[], unmasked=[], versions={"web": version})
    assert told.versions == nothing.versions, "as installed"
    assert node.present("gateway", "web") == nothing
    gone = node.absent("gateway")
    assert gone.changed and sorted(gone.removed) == ["libweb", "web"] and gone.kept == []
    assert node.shop.did[-1] == "remove libweb web", "settings stay unless a purge is asked for"
    assert gone.before == "libweb\nweb\n" and node.shop.there == {} and not (node.folder / "packages").exists()
    assert node.absent("gateway") == core.Result(False, unmasked=[])


def test_check_mode_says_the_same_and_does_nothing(node):
    assert node.present("gateway", "web", check=True).installed == ["web"]
    assert node.shop.did == [] and node.shop.there == {} and not (node.folder / "packages").exists()
    node.present("gateway", "web")
    did = list(node.shop.did)
    gone = node.absent("gateway", check=True)
    assert sorted(gone.removed) == ["libweb", "web"] and node.shop.did == did and "web" in node.shop.there
    assert node.present("gateway", "web", latest=True, check=True).upgraded == [] and node.shop.did == did
    node.shop.newest = "3"
    told = node.present("gateway", "web", latest=True, check=True)
    assert told.upgraded == ["web"] and told.versions == {"web": "3"} and node.shop.did == did
    assert node.present("gateway", "web=4", check=True).versions == {"web": "4"} and node.shop.did == did
    node.shop.offers = mock.Mock(side_effect=failed(REASON, ["not in the lists"]))
    assert node.present("gateway", "web=4", check=True).versions == {"web": "2"}


def test_versions_are_told_by_bare_names_also_where_one_is_pinned(node):
    """The lock and an upgrade's judgement read them."""
    node.present("gateway", "web=2", "proxy")
    assert node.present("gateway", "web=2", "proxy", latest=True).versions == {"web": "2", "proxy": "2"}
    node.shop.newest = "3"
    told = node.present("gateway", "web=5", "proxy", latest=True, check=True)
    assert told.versions == {"web": "5", "proxy": "3"}


def test_lists_are_read_again_only_where_that_is_wanted(node):
    node.present("gateway", "web", refresh=False)
    assert node.shop.did == ["install web"]
    node.present("gateway", "web", latest=True)
    assert node.shop.did == ["install web", "refresh"], "nothing newer: nothing is installed"


def test_what_was_there_is_not_ours_and_stays(tmp_path):
    node = Node(tmp_path, web=1, libweb=1)
    told = node.present("gateway", "web")
    assert not told.installed and not told.upgraded and node.record("gateway")["ours"] == []
    gone = node.absent("gateway")
    assert gone.changed and gone.removed == [] and set(node.shop.there) == {"web", "libweb"}


def test_a_pinned_version_is_brought_and_told(tmp_path):
    node = Node(tmp_path, web=1, libweb=1)
    told = node.present("gateway", "web=5")
    assert (told.installed, told.upgraded) == (["web=5"], ["web"])
    assert told.before == "web 1\n" and told.after == "web 5\n" and node.record("gateway")["ours"] == []


def test_newer_ones_come_where_the_latest_is_wanted(tmp_path):
    node = Node(tmp_path, web=1, libweb=1)
    told = node.present("gateway", "web", latest=True)
    assert told.changed and told.upgraded == ["web"] and (told.before, told.after) == ("web 1\n", "web 2\n")
    assert node.shop.there["web"] == "2" and not node.present("gateway", "web", latest=True).changed
    assert not node.present("gateway", "web", latest=False).changed


def test_whoever_goes_last_takes_a_package_away(node):
    node.present("a", "web")
    node.present("b", "web")
    assert node.record("b")["ours"] == ["web"], "it was not there before either"
    first = node.absent("a")
    assert first.removed == [] and set(node.shop.there) == {"web", "libweb"}
    assert sorted(node.absent("b").removed) == ["libweb", "web"] and node.shop.there == {}


def test_a_dependency_stays_as_long_as_anybody_needs_it(node):
    node.present("a", "web")
    node.present("b", "proxy")
    assert node.absent("a").removed == ["web"] and node.record("b")["along"] == ["libweb"]
    assert sorted(node.absent("b").removed) == ["libweb", "proxy"]


def test_what_somebody_took_away_is_not_handed_over(node):
    node.present("a", "web")
    node.present("b", "proxy")
    del node.shop.there["libweb"]
    assert node.absent("a").removed == ["web"] and node.record("b")["along"] == []


def test_a_dependency_whose_removal_would_take_more_along_stays(node):
    node.present("a", "web")
    node.shop.there["proxy"] = "1"  # somebody else's
    node.shop.unneeded = lambda without: ["libweb"] if without else []
    assert node.absent("a").removed == ["web"] and set(node.shop.there) == {"libweb", "proxy"}


def test_a_dependency_that_another_owner_wants_becomes_its_own(node):
    node.present("a", "web")
    node.present("b", "libweb")
    node.absent("a")
    assert set(node.shop.there) == {"libweb"} and node.absent("b").removed == ["libweb"]


def test_what_somebody_elses_package_needs_is_kept_and_told(node):
    node.present("a", "web")
    node.shop.there["chat"] = "1"
    gone = node.absent("a")
    assert gone.removed == [] and gone.kept == ["web"] and "web" in node.shop.there


def test_what_was_unneeded_before_is_not_ours_to_tidy(tmp_path):
    node = Node(tmp_path, old=1)
    node.shop.by_itself.add("old")
    node.present("a", "web")
    assert sorted(node.absent("a").removed) == ["libweb", "web"] and "old" in node.shop.there


def test_what_was_displaced_comes_back(tmp_path):
    node = Node(tmp_path, timesyncd=1)
    node.present("host_tuning", "chrony")
    assert set(node.shop.there) == {"chrony"} and node.record("host_tuning")["displaced"] == ["timesyncd"]
    gone = node.absent("host_tuning", purge=True)
    assert gone.restored == ["timesyncd"] and gone.after == "timesyncd\n" and set(node.shop.there) == {"timesyncd"}
    assert node.shop.did[-3:] == ["purge chrony", "refresh", "install timesyncd"]


def test_what_an_owner_brought_and_another_displaced_is_not_brought_back(node):
    node.present("a", "timesyncd")
    node.present("b", "chrony")
    assert node.record("b")["displaced"] == []


def test_holds_are_ours_to_lift_and_others_are_not(node):
    node.present("a", "web", "proxy")
    node.shop.held_now.add("proxy")
    told = node.present("a", "web", "proxy", hold=True)
    assert told.changed and told.held == ["web"] and node.record("a")["held"] == ["web"]
    assert not node.present("a", "web", "proxy", hold=True).changed and not node.present("a", "web", "proxy").changed
    told = node.present("a", "web", "proxy", hold=False)
    assert told.changed and told.unheld == ["web"] and node.shop.held_now == {"proxy"}
    assert node.record("a")["held"] == []
    node.present("a", "web", "proxy", hold=True, check=True)
    assert node.shop.held_now == {"proxy"}


def test_a_hold_ends_with_its_owner_where_the_package_stays(node):
    node.present("a", "web", hold=True)
    node.shop.there["chat"] = "1"
    gone = node.absent("a")
    assert gone.unheld == ["web"] and node.shop.held_now == set()


def test_a_failed_installation_is_not_ours(node):
    node.shop.fails = True
    with pytest.raises(Refusal):
        node.present("a", "web", mask_units=["web.service"])
    assert node.record("a")["ours"] == [] == node.record("a")["along"] and node.record("a")["unfinished"]
    assert node.masks.leftovers() == [] and not (node.folder / "root/run/systemd/system/web.service").is_symlink()


def test_a_run_that_was_killed_is_finished_by_whoever_comes_next(node):
    node.shop.fails = True
    with pytest.raises(Refusal):
        node.present("a", "web")
    node.masks.put_for_now(["web.service"])
    with pytest.raises(Refusal):
        node.present("b", "proxy")
    assert node.absent("c").unmasked == ["web.service"], "what can't be completed can still be removed"
    node.shop.fails, node.shop.did = False, []
    node.masks.put_for_now(["web.service"])
    assert node.present("b", "proxy", check=True).unmasked == ["web.service"] and node.shop.did == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.shop, "fails", False)
        told = node.present("b", "proxy")
    assert told.unmasked == ["web.service"] and node.shop.did[0] == "wait" and not node.record("b")["unfinished"]


def test_units_are_masked_for_the_installation_or_for_as_long_as_it_is_ours(node):
    seen = {}
    real = node.shop.install

    def install(wanted, options):
        seen.update({name: (node.folder / f"root/{folder}/web.service").is_symlink()
                     for name, folder in (("now", "run/systemd/system"), ("kept", "etc/systemd/system"))})  # fmt: skip
        real(wanted, options)

    node.shop.install = install
    node.present("a", "web", mask_units=["web.service"])
    assert seen == {"now": True, "kept": False} and node.masks.leftovers() == [] and node.reloads == [1]
    node.absent("a")
    node.present("a", "web", mask_units=["web.service"], keep_masked=True)
    assert seen == {"now": False, "kept": True} and node.record("a")["masked"] == ["web.service"]
    gone = node.absent("a")
    assert gone.unmasked == ["web.service"] and not (node.folder / "root/etc/systemd/system/web.service").is_symlink()


def test_what_conflicts_is_refused_before_anything_comes(tmp_path):
    node = Node(tmp_path, podman=1)
    with pytest.raises(Refusal) as caught:
        node.present("docker", "web", conflicts=["podman", "other"])
    assert caught.value.rule == "LLM332" and node.shop.did == [] and "apt-get remove podman" in caught.value.remedy.en


def test_the_options_of_a_wish_reach_the_package_manager(node):
    told = []
    real = node.shop.install
    node.shop.install = lambda wanted, options: told.append(options) or real(wanted, options)
    node.present("a", "web", options=Options(release="x", recommends=True))
    node.shop.newest = "3"
    node.present("a", "web", latest=True, options=Options(release="x"))
    assert told == [Options(release="x", recommends=True), Options(release="x", only_upgrade=True)]
