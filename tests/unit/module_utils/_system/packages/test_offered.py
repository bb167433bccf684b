# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package manager is asked once for all owners, and each refusal names its own packages."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import record as records
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.manager import (
    Options,
    Steps,
    failed,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages.offered import Ask, offered

OLDER = Options(downgrade=True)


class Manager:
    """Offers what it was told; two sets may exclude each other."""

    program = "apt-get"

    def __init__(self, offers=(), there=None, apart=()):
        self.known, self.there, self.apart, self.asked = set(offers), there or {}, set(apart), []

    def installed(self):
        return self.there

    def fits(self, version, wanted):
        return fnmatchcase(version, wanted)

    def offers(self, wanted, options):
        self.asked.append((list(wanted), options))
        unknown = sorted(name for name in wanted if not {name, name.partition("=")[0]} & self.known)
        if unknown or (self.apart and self.apart <= set(wanted)):
            raise failed(say("packages.install", names=list(wanted)), unknown or ["they exclude each other"])
        parts = [name.partition("=") for name in wanted]
        return Steps({**{name: version or "9" for name, _sign, version in parts}, "along": "9"}, {}, [])


@pytest.fixture
def state(tmp_path):
    (tmp_path / records.FOLDER).mkdir()
    return tmp_path


def test_one_question_for_those_with_the_same_options(state):
    manager = Manager("abcd", {"a": "1"})
    asks = [Ask("x", ["a", "b"]), Ask("y", ["b", "c"]), Ask("z", ["d"], OLDER), Ask("none", [])]
    answer = offered(manager, str(state), asks)
    assert (answer.missing, answer.refusals) == (["b", "c", "d"], [])
    assert manager.asked == [(["b", "c"], Options()), (["d"], OLDER)]


def test_nothing_is_asked_where_all_is_there(state):
    manager = Manager("", {"a": "1", "b": "2"})
    assert offered(manager, str(state), [Ask("x", ["a"]), Ask("y", ["b=2*"])])[:2] == ([], []) and manager.asked == []


def test_a_refusal_names_the_packages_of_its_owner_alone(state):
    answer = offered(Manager("bd"), str(state), [Ask("x", ["a"]), Ask("y", ["b"]), Ask("z", ["c", "d"])])
    told = [refusal.reason.en for refusal in answer.refusals]
    assert told == ["could not install a: a", "could not install c, d: c"]
    assert [refusal.rule for refusal in answer.refusals] == ["LLM117"] * 2


def test_packages_of_two_owners_that_exclude_each_other(state):
    answer = offered(Manager("ab", apart="ab"), str(state), [Ask("x", ["a"]), Ask("y", ["b"])])
    assert [refusal.reason.en for refusal in answer.refusals] == ["could not install a, b: they exclude each other"]


def test_an_owner_alone_is_asked_once(state):
    manager = Manager("")
    assert len(offered(manager, str(state), [Ask("x", ["a"])]).refusals) == 1 and len(manager.asked) == 1


def test_what_a_killed_run_left_is_completed_first(state):
    (state / records.FOLDER / "gateway.json").write_text(json.dumps({"unfinished": True}), encoding="utf-8")
    manager = Manager("")
    assert offered(manager, str(state), [Ask("x", ["a"])]) == (["a"], [], {}) and manager.asked == []


def test_what_cannot_stand_beside_is_told_for_each_owner_that_lacks_something(state):
    manager = Manager(["a", "b=2*", "c"], {"a": "1", "runc": "1", "podman-docker": "4"})
    asks = [
        Ask("there", ["a"], conflicts=["runc"]),
        Ask("x", ["b=2*"], conflicts=["docker.io", "runc", "podman-docker"]),
    ]
    (refusal,) = offered(manager, str(state), asks).refusals
    assert refusal.rule == "LLM332" and refusal.reason.en.startswith("runc, podman-docker can't be there beside b,")
    assert "apt-get remove runc podman-docker" in refusal.remedy.en and "docker_source" in refusal.remedy.zh
    assert offered(manager, str(state), [Ask("x", ["c"], conflicts=["docker.io"])]).refusals == []


def test_versions_of_all_that_is_wanted_are_told(state):
    """What is installed, what would be, and what an owner has from elsewhere; not what only comes along."""
    (state / records.FOLDER / "docker.json").write_text(json.dumps({"wanted": ["ce"]}))
    manager = Manager("ab", {"a": "1", "ce": "5", "other": "6"})
    answer = offered(manager, str(state), [Ask("x", ["a", "b"])])
    assert answer.versions == {"a": "1", "b": "9", "ce": "5"}


def test_locked_versions_are_asked_for(state):
    manager = Manager("ab")
    answer = offered(manager, str(state), [Ask("x", ["a=1*", "b"])], {"a": "1.2", "c": "7"})
    assert manager.asked == [(["a=1.2", "b"], Options())] and answer.versions == {"a": "1.2", "b": "9"}


def test_another_version_than_the_locked_one_is_refused_before_anything_is_asked(state):
    manager = Manager("ab", {"a": "2", "c": "7"})
    asks = [Ask("x", ["a", "b=3*"]), Ask("y", ["a", "c"])]
    with pytest.raises(Refusal) as caught:
        offered(manager, str(state), asks, {"a": "1", "b": "2.5", "c": "7"})
    told = caught.value
    assert told.rule == "LLM594" and "a 1 -> 2, b 2.5 -> 3*" in told.reason.en and manager.asked == []
    assert "`apt-get install a=1`" in told.remedy.en


def test_newer_ones_are_told_where_they_are_wanted(state):
    """An upgrade is judged by them before anything is changed."""
    manager = Manager("ab", {"a": "1", "b": "1"})
    answer = offered(manager, str(state), [Ask("x", ["a"], OLDER, latest=True), Ask("y", ["b"])])
    assert answer[:2] == ([], []) and answer.versions == {"a": "9", "b": "1"}
    assert manager.asked == [(["a"], OLDER._replace(only_upgrade=True))]


def test_a_newer_one_that_can_t_come_is_refused(state):
    (refusal,) = offered(Manager("", {"a": "1"}), str(state), [Ask("x", ["a"], latest=True)]).refusals
    assert refusal.rule == "LLM117"


def test_a_version_that_is_named_takes_the_place_of_the_installed_one(state):
    assert offered(Manager("a", {"a": "1"}), str(state), [Ask("x", ["a=2"])]).versions == {"a": "2"}


def test_a_locked_version_has_no_newer_one(state):
    manager = Manager("a", {"a": "1"})
    assert offered(manager, str(state), [Ask("x", ["a"], latest=True)], {"a": "1"}).versions == {"a": "1"}
