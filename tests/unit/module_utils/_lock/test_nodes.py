# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of a run left behind becomes a state; and what is locked goes into a bundle."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import nodes as core

from tests.unit.module_utils._lock.a_state import A, B, locked, plan

DEBIAN = {"ids": ["debian"], "versions": ["12", "bookworm"], "architecture": "x86_64"}
FACTS = {
    core.FIRST: {"docker.io": "20", "nginx": "1"},
    core.PACKAGES + "docker": {"docker.io": "21"},
    core.PACKAGES + "a": {"extra": "2"},
    core.IMAGE + "0a": {"ref": "r/x:1", "digest": A},
    "other": 1,
}


def test_what_a_role_installed_is_newer_than_what_was_asked_before():
    variables = {"n1": {"ansible_facts": FACTS, "appliance_distribution": DEBIAN}, "n2": {}}
    assert core.found(["n1", "n2"], variables) == {
        "n1": {
            "system": "debian 12 x86_64",
            "packages": {"docker.io": "21", "nginx": "1", "extra": "2"},
            "images": {"r/x:1": {"ref": "r/x:1", "digest": A}},
        },
        "n2": {},
    }


def test_what_a_role_removed_again_is_no_part_of_the_node():
    """nginx, which served weights to the other nodes; on the head, where the gateway has it too, it stays."""
    removed = {**FACTS, core.PACKAGES + "weights": {"nginx": "", "nginx-common": ""}}
    head = {**removed, core.PACKAGES + "gateway": {"nginx": "1"}}
    for facts, there in ((removed, {}), (head, {"nginx": "1"})):
        variables = {"n1": {"ansible_facts": facts, "appliance_distribution": DEBIAN}}
        assert core.found(["n1"], variables)["n1"]["packages"] == {"docker.io": "21", "extra": "2", **there}


def test_the_heads_word_on_an_image_counts():
    made = plan()
    ref = made["image"]["ref"]
    nodes = {"n1": {"images": {ref: {"digest": A}}}, "n2": {"images": {ref: {"digest": B}}}, "n3": {}}
    found = core.pinned(made, nodes)
    assert found["image"]["digest"] == A and found["chat"]["image"]["digest"] is None


def test_a_bundle_gets_the_locked_versions_of_that_system():
    row = {"role": "gateway", "packages": ["nginx", "other"], "distribution": DEBIAN}
    assert core.fixed(row, locked())["packages"] == ["nginx=1.22.1-9", "other"]
    newer = {**row, "distribution": {**DEBIAN, "versions": ["13"]}}
    assert core.fixed(newer, locked()) == newer and core.fixed(row, {}) == row
    assert core.fixed({"models": []}, locked()) == {"models": [], "packages": []}
