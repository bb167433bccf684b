# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installed and remembered; removed is only what was not there before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.modules.apt_node import Node, wait_for

NGINX = {"nginx": "1.22.1-9", "nginx-common": "1.22.1-9"}


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_four_states(node):
    node.has("vim")
    answers = node.four_states(names=["nginx", "openssl"])
    assert answers[0]["installed"] == answers[1]["installed"] == ["nginx", "openssl"]
    assert answers[0]["diff"] == answers[1]["diff"] == {"before": "", "after": "nginx\nopenssl\n"}
    assert answers[3]["installed"] == [] and answers[3]["diff"] == {"before": "", "after": ""}
    assert node.installed() == {"vim": "1", **NGINX, "openssl": "3.0"}
    answers = node.four_states(state="absent")
    assert answers[0]["removed"] == answers[1]["removed"] == ["nginx", "openssl", "nginx-common"]
    assert node.installed() == {"vim": "1"}
    assert list(node.state_dir.iterdir()) == [], "nothing is remembered of what is gone"


def test_check_mode_writes_nothing(node):
    before = node.read()
    node.run(check=True, names=["nginx=1.18*"], hold=True, mask_units=["nginx.service"])
    assert node.read() == before and not node.state_dir.exists() and node.masks() == []
    assert not [call for call in node.calls() if "update" in call.split()]


def test_a_pinned_package_that_was_there_is_not_ours(node):
    """It changes its version as asked, and stays when the owner goes."""
    node.has("nginx", "1.22.1-9")
    node.has("nginx-common", "1.22.1-9", auto=True)
    assert node.run(names=["nginx=1.22*"])["installed"] == []
    assert node.record()["ours"] == []
    changed = node.run(names=["nginx=1.18*"], allow_downgrade=True)
    assert changed["installed"] == ["nginx=1.18*"] and changed["upgraded"] == ["nginx"]
    assert changed["diff"] == {"before": "nginx 1.22.1-9\n", "after": "nginx 1.18.0-1\n"}
    assert node.record()["ours"] == []
    assert node.run(state="absent")["removed"] == []
    assert node.installed() == {"nginx": "1.18.0-1", "nginx-common": "1.22.1-9"}


def test_a_pinned_package_that_came_is_ours_by_its_name(node):
    node.four_states(names=["nginx=1.18*"])
    assert node.record()["ours"] == ["nginx"] and node.record()["along"] == ["nginx-common"]
    assert node.installed()["nginx"] == "1.18.0-1"


def test_newer_versions_within_the_pin(node):
    node.has("nginx", "1.18.0-1")
    node.has("nginx-common", "1.22.1-9", auto=True)
    answers = node.four_states(names=["nginx", "openssl"], state="latest")
    assert node.installed()["nginx"] == "1.22.1-9"
    assert answers[1]["upgraded"] == ["nginx"] and node.record()["ours"] == ["openssl"]
    node.has("nginx", "1.18.0-1")
    assert not node.run(names=["nginx=1.18*", "openssl"], state="latest")["upgraded"]


def test_options_reach_apt(node):
    node.run(names=["nginx"], default_release="backports", allow_downgrade=True, allow_change_held=True)
    (call,) = [c for c in node.calls() if " install " in c and " -s" not in c]
    for word in ("--no-install-recommends", "--allow-downgrades", "--allow-change-held-packages", "-t backports"):
        assert word in call
    assert "DPkg::Lock::Timeout=300" in call and "--force-confold" in call
    node.run(names=["openssl"], install_recommends=True, update_cache=False)
    calls = [c for c in node.calls() if c.startswith("apt-get")]
    assert " --install-recommends" in calls[-1] and sum(" update" in c for c in calls) == 1


# several owners


def test_two_owners_of_one_package(node):
    node.run(names=["nginx"])
    node.run(owner="weights", names=["nginx", "openssl"])
    assert node.record("weights")["ours"] == ["nginx", "openssl"], "nobody had it before us"
    assert node.run(state="absent")["removed"] == []
    assert node.installed() == {**NGINX, "openssl": "3.0"}
    assert sorted(node.run(owner="weights", state="absent")["removed"]) == ["nginx", "nginx-common", "openssl"]
    assert node.installed() == {}


def test_what_was_there_stays_whoever_wants_it(node):
    node.has("openssl", "3.0")
    node.run(names=["nginx", "openssl"])
    node.run(owner="weights", names=["nginx", "openssl"])
    node.run(owner="weights", state="absent")
    node.run(state="absent")
    assert node.installed() == {"openssl": "3.0"}


def test_what_came_along_goes_with_the_last_who_needs_it(node):
    node.run(names=["nginx"])
    node.run(owner="monitoring", names=["prometheus"])
    assert node.run(state="absent")["removed"] == ["nginx"]
    assert node.run(owner="monitoring", state="absent")["removed"] == ["prometheus", "nginx-common"]
    assert node.installed() == {}


def test_a_dependency_that_another_owner_wants_stays(node):
    node.run(names=["nginx"])
    node.run(owner="weights", names=["nginx-common"])
    assert node.run(state="absent")["removed"] == ["nginx"]
    assert node.run(owner="weights", state="absent")["removed"] == ["nginx-common"]


def test_what_others_packages_depend_on_stays(node):
    node.run(names=["nginx", "openssl"])
    node.has("nginx-module", "1")
    answer = node.run(state="absent")
    assert answer["removed"] == ["openssl"] and answer["kept"] == ["nginx"]
    assert node.installed() == {**NGINX, "nginx-module": "1"}


def test_what_was_unneeded_already_is_left_alone(node):
    """An autoremove of everything would tidy up the customer's node."""
    node.has("old-library", auto=True)
    node.run(names=["nginx"])
    node.run(state="absent")
    assert node.installed() == {"old-library": "1"}


def test_what_was_displaced_comes_back(node):
    node.has("systemd-timesyncd", "252")
    node.four_states(owner="host_tuning", names=["chrony"])
    assert node.installed() == {"chrony": "4.3"}
    answers = node.four_states(owner="host_tuning", state="absent", purge=True)
    assert answers[0]["restored"] == answers[1]["restored"] == ["systemd-timesyncd"]
    assert node.installed() == {"systemd-timesyncd": "252"} and "chrony" not in node.read()["config"]


# holds


def test_holds(node):
    state = node.read()
    node.write({**state, "held": ["openssl"]})
    answers = node.four_states(names=["nginx", "openssl"], hold=True)
    assert answers[0]["held"] == answers[1]["held"] == ["nginx"]
    assert node.read()["held"] == ["openssl", "nginx"]
    answers = node.four_states(names=["nginx", "openssl"], hold=False)
    assert answers[1]["unheld"] == ["nginx"]
    assert node.read()["held"] == ["openssl"], "another's hold is not ours to lift"


def test_a_hold_goes_with_its_owner_where_the_package_stays(node):
    node.has("openssl", "3.0")
    node.run(names=["openssl"], hold=True)
    assert node.run(state="absent")["unheld"] == ["openssl"]
    assert node.read()["held"] == [] and node.installed() == {"openssl": "3.0"}


def test_held_packages_that_need_each_other_go_together(node):
    """apt 3 would not take one of them alone, as the other one is held."""
    node.run(names=["nginx-common", "nginx"], hold=True)
    assert node.read()["held"] == ["nginx-common", "nginx"]
    assert sorted(node.run(state="absent")["removed"]) == ["nginx", "nginx-common"]
    assert node.installed() == {}


def test_a_held_package_changes_only_when_asked(node):
    node.has("openssl", "2.0")
    node.write({**node.read(), "held": ["openssl"]})
    refused = node.run(names=["openssl=3.0"])
    assert refused["failed"] and refused["rule"] == "LLM117" and "Held packages" in refused["msg"]
    assert node.run(names=["openssl=3.0"], allow_change_held=True)["upgraded"] == ["openssl"]


# refusals


def test_a_failed_installation_is_told_and_is_not_ours(node):
    (node.home / "broken").write_text("")
    refused = node.run(names=["nginx"], mask_units=["nginx.service"])
    assert refused["rule"] == "LLM117" and "404" in refused["msg"] and "处理办法" in refused["msg"]
    assert node.masks() == [] and node.record()["ours"] == []
    (node.home / "broken").unlink()
    node.has("nginx", "1.22.1-9")  # somebody else does
    node.run(names=["nginx"])
    assert node.run(state="absent")["removed"] == []


def test_an_unknown_package_is_refused_before_anything_is_changed(node):
    (node.home / "unreachable").write_text("")
    refused = node.run(names=["nginx", "nonsense"])
    assert "Unable to locate package nonsense" in refused["msg"] and "Could not connect" in refused["msg"]
    assert node.installed() == {} and not node.state_dir.exists()
    assert node.run(names=["nginx"])["changed"], "lists that could not be read are no failure while they suffice"


@pytest.mark.parametrize(
    ("names", "said"),
    [(["nginx", "nonsense"], "Unable to locate package nonsense"), (["nginx=9.*"], "Version '9.*' for 'nginx'")],
)
def test_what_cannot_be_installed_is_refused_without_a_change(node, names, said):
    before = node.read()
    refused = node.run(names=names, state="offered")
    assert refused["failed"] and refused["rule"] == "LLM117" and said in refused["msg"] and "处理办法" in refused["msg"]
    assert node.read() == before and not node.state_dir.exists() and not (node.home / "root").exists()
    assert [call for call in node.calls() if "update" in call and "Dir::State::lists=" not in call] == []


def test_what_a_killed_run_left_is_completed_and_not_refused(node):
    node.run(names=["nginx"])
    record = node.state_dir / "packages" / "gateway.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "unfinished": True}))
    assert not node.run(names=["nonsense"], state="offered").get("failed")
    assert not node.run(names=["nonsense"], state="offered", owner="weights").get("failed")


def test_what_can_be_installed_is_not_refused(node):
    before = node.read()
    answer = node.run(names=["nginx=1.22.*", "openssl"], state="offered")
    assert not answer["changed"] and answer["installed"] == ["nginx=1.22.*", "openssl"]
    assert node.read() == before and not node.state_dir.exists()
    looks = [call for call in node.calls() if call.endswith(" update")]  # for sources that fail, in a folder of its own
    assert len(looks) == 1 and "Dir::State::lists=/" in looks[0] and "Packages::DefaultEnabled=false" in looks[0]
    node.has("openssl", "3.0")
    assert node.run(names=["openssl"], state="offered")["installed"] == []


def test_a_package_that_only_newer_lists_know_is_not_refused(node):
    """The node's lists may be old or not there yet; they are read into another folder, which is gone afterwards."""
    state = node.read()
    node.write({**state, "newer": {"fresh": {"versions": ["1"]}}})
    assert node.run(names=["fresh"], state="offered")["installed"] == ["fresh"]
    folder = next(word for call in node.calls() for word in call.split() if word.startswith("Dir::State::lists="))
    assert not Path(folder.partition("=")[2]).exists()


ASKS = [{"owner": "gateway", "names": ["nginx", "fresh"]}, {"owner": "weights", "names": ["fresh", "openssl"]}]


def test_all_owners_are_asked_at_once(node):
    """Alone they are two processes with three questions each; together one, whose fresh lists serve all."""
    node.write({**node.read(), "newer": {"fresh": {"versions": ["1"]}}})
    before = node.read()
    for ask in ASKS:
        assert node.run(state="offered", **ask)["installed"] == ask["names"]
    alone = [call for call in node.calls() if call.startswith("apt-get")]
    told = node.run(state="offered", asks=[*ASKS, {"owner": "docker", "names": ["fresh"], "allow_downgrade": True}])
    assert told["installed"] == ["nginx", "fresh", "openssl"] and not told["changed"]
    together = [call for call in node.calls() if call.startswith("apt-get")][len(alone) :]
    assert (len(alone), len(together)) == (6, 5)
    assert sum(" update" in call for call in alone) == 2 and sum(" update" in call for call in together) == 1
    assert node.read() == before and not node.state_dir.exists()


def test_all_that_is_refused_is_told_at_once(node):
    told = node.run(state="offered", asks=[*ASKS, {"owner": "docker", "names": ["openssl"]}])
    assert told["rule"] == "LLM117" and told["msg"].count("[LLM117]") == 4  # two owners, two languages
    assert "install nginx, fresh:" in told["msg"] and "install fresh, openssl:" in told["msg"]


@pytest.mark.parametrize("lock", ["dpkg/lock-frontend", "lists/lock"])
def test_who_uses_the_package_manager(node, lock):
    path = node.home / lock
    path.parent.mkdir()
    path.write_text("")
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        refused = node.run(names=["nginx"], lock_timeout=1)
        assert refused["rule"] == "LLM118" and f"({other.pid})" in refused["msg"]
        waiting = node.start(names=["nginx"], lock_timeout=60)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(2)
        other.communicate("")
    assert json.loads(waiting.communicate(timeout=60)[0])["changed"]


def test_two_calls_at_once(node):
    """The second one waits, also when the first takes the last record away."""
    node.run(names=["nginx"])
    (node.home / "slow").write_text("")
    first = node.start(state="absent")
    wait_for((node.home / "working").exists)
    others = [node.start(state="absent"), node.start(owner="weights", state="absent")]
    with pytest.raises(subprocess.TimeoutExpired):
        others[0].wait(2)
    (node.home / "slow").unlink()
    answers = [json.loads(other.communicate(timeout=60)[0]) for other in (first, *others)]
    assert [answer.get("changed") for answer in answers] == [True, False, False], answers
    assert node.installed() == {} and list(node.state_dir.iterdir()) == []


# records of earlier versions


@pytest.mark.parametrize("owner", ["docker", "firewall", "gateway", "monitoring", "nvidia_container_toolkit"])
def test_the_list_of_an_earlier_version(node, owner):
    """nginx was ours, openssl the customer's; what came along is gone too, although the list does not name it."""
    for name, version in {**NGINX, "openssl": "3.0"}.items():
        node.has(name, version, auto=name == "nginx-common")
    node.has("old-library", auto=False)
    node.state_dir.mkdir()
    earlier = node.state_dir / f"{owner.replace('_', '-')}-packages"
    earlier.write_text("nginx\n")
    node.four_states(owner=owner, state="absent")
    assert node.installed() == {"openssl": "3.0", "old-library": "1"} and not earlier.exists()


def test_the_list_of_an_earlier_version_is_carried_on(node):
    node.has("nginx", "1.22.1-9")
    node.has("nginx-common", "1.22.1-9", auto=True)
    node.state_dir.mkdir()
    (node.state_dir / "gateway-packages").write_text("nginx\n")
    node.run(names=["nginx", "openssl"])
    assert node.record()["ours"] == ["nginx", "openssl"] and not (node.state_dir / "gateway-packages").exists()
    node.run(state="absent")
    assert node.installed() == {}


def test_an_earlier_list_of_another_owner_counts(node):
    node.has("nginx", "1.22.1-9")
    node.state_dir.mkdir()
    (node.state_dir / "gateway-packages").write_text("nginx\n")
    node.run(owner="weights", names=["nginx"])
    assert node.run(owner="weights", state="absent")["removed"] == []
    assert node.run(state="absent")["removed"] == ["nginx"]


def test_the_clock_of_an_earlier_version(node):
    node.has("chrony", "4.3")
    node.state_dir.mkdir()
    (node.state_dir / "time-packages").write_text("installed/systemd-timesyncd/252\n")
    assert node.run(owner="host_tuning", state="absent")["restored"] == ["systemd-timesyncd"]
    assert node.installed() == {"systemd-timesyncd": "252"}


def test_a_source_that_fails_is_named_before_anything_is_changed(node):
    """It warns where all can be installed without it, and comes first where something can't."""
    failing = "Err:1 http://third.example/d stable InRelease\n  Could not resolve 'third.example'\n"
    node.write({**node.read(), "says": failing})
    told = node.run(names=["nginx"], state="offered")
    assert not told.get("failed") and "LLM175" in str(told["warnings"]) and "third.example" in str(told["warnings"])
    told = node.run(names=["nonsense"], state="offered")
    assert told["failed"] and told["rule"] == "LLM175" and "LLM117" in told["msg"]
    node.has("nginx", "1.22.1-9")
    assert not node.run(names=["nginx"], state="offered").get("warnings")  # nothing is needed of any source
