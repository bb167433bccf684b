# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as the plan saw them, and as they are now."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry, Manifest, Standing
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights import planned as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._weights.request import Request

A, B = "a" * 64, "b" * 64
FILES = (Entry("x.json", 1, A), Entry("y.json", 2, ""))


def request(**more):
    return Request("o/m", "/d", **more)


def test_without_a_plan_whatever_is_listed_is_taken():
    assert core.as_planned(request(), "hub", FILES) == list(FILES)


def test_hashes_come_from_either_side():
    now = [Entry("x.json", 1, ""), Entry("y.json", 2, B)]
    assert core.as_planned(request(files=FILES), "hub", now) == [Entry("x.json", 1, A), Entry("y.json", 2, B)]


@pytest.mark.parametrize("now", [
    [Entry("x.json", 1, B), FILES[1]], [Entry("x.json", 3, A), FILES[1]], [FILES[0]], [*FILES, Entry("z.json", 1, A)],
])  # fmt: skip
def test_files_that_moved_since_the_plan_are_refused(now):
    with pytest.raises(Refusal) as caught:
        core.as_planned(request(files=FILES), "https://hub", now)
    assert caught.value.rule == "LLM620" and "https://hub" in caught.value.reason.en + caught.value.remedy.en


def test_only_what_is_wanted_is_compared():
    more = [*FILES, Entry("z.bin", 1, A)]
    assert core.as_planned(request(files=FILES, include=("*.json",)), "hub", more) == more
    assert core.as_planned(request(files=FILES, exclude=("z*",)), "hub", more) == more


KNOWN = {"identity": "/id", "peers": "/peers", "mirrors": ("https://10.0.0.1:1", "https://10.0.0.2:1")}


@pytest.mark.parametrize(("more", "fine"), [
    (KNOWN, True), ({**KNOWN, "identity": ""}, False), ({**KNOWN, "peers": ""}, False),
    ({**KNOWN, "mirrors": ("https://10.0.0.1:1", "http://10.0.0.2:1")}, False),
    ({"mirrors": ("http://10.0.0.1:1",)}, False),
    ({"mirrors": ("http://10.0.0.1:1",), "manifest_sha256": A}, True),
    ({"mirrors": ("http://10.0.0.1:1",), "files": FILES[:1]}, True),
    ({"mirrors": ("http://10.0.0.1:1",), "files": FILES}, False),
])  # fmt: skip
def test_a_neighbour_is_known_or_has_nothing_to_choose(more, fine):
    if fine:
        return core.vouched(request(**more))
    with pytest.raises(Refusal) as caught:
        core.vouched(request(**more))
    assert caught.value.rule == "LLM641" and "10.0.0.1" in caught.value.reason.en + caught.value.remedy.en
    return None


def test_a_list_is_the_one_that_somebody_vouched_for():
    whole = Manifest("o/m", "r", FILES[:1])
    core.pinned(request(), "w", Manifest("o/m", "r", FILES))
    core.pinned(request(manifest_sha256=whole.digest()), "w", whole)
    bare = Manifest("o/m", "r", FILES)
    for manifest, digest, why in ((whole, A, whole.digest()), (bare, bare.digest(), "no hash of y.json")):
        with pytest.raises(Refusal) as caught:
            core.pinned(request(manifest_sha256=digest), "w", manifest)
        assert caught.value.rule == "LLM640" and why in caught.value.reason.en


def test_verified_files_stay_although_the_model_moved_and_that_is_a_warning():
    warnings = []
    standing = Standing(Manifest("o/m", "r", [Entry("x.json", 3, A), FILES[1]]), (), "")
    assert core.standing_differs(request(), standing, warnings) == []
    assert core.standing_differs(request(files=FILES), Standing(None, (), "x"), warnings) == []
    assert core.standing_differs(request(files=standing.manifest.files), standing, warnings) == [] and warnings == []
    assert core.standing_differs(request(files=FILES), standing, warnings) == ["x.json (1 B -> 3 B)"]
    assert len(warnings) == 1 and "LLM620" in warnings[0] and "x.json" in warnings[0]


@pytest.mark.parametrize(("count", "end"), [(1, "w0"), (20, "w19"), (21, "w19, ... (21)")])
def test_a_message_names_twenty(count, end):
    assert core.few([f"w{number}" for number in range(count)]).endswith(end)
