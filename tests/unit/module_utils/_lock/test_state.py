# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan follows what is locked, or is refused with what differs."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import state as core

from tests.unit.module_utils._lock.a_state import FILES, NODES, VERSION, A, B, C, images, locked, plan


def follow(made, lock, version=VERSION):
    return core.follow(made, lock, version, "site/lock.yml")


def refused(made, lock, version=VERSION):
    with pytest.raises(Refusal) as caught:
        follow(made, lock, version)
    assert caught.value.rule == "LLM592" and "site/lock.yml" in caught.value.reason.en
    return caught.value.reason.en


def test_a_plan_with_a_lock_is_pinned_and_no_longer_warned_of():
    made = plan()
    assert any(row["id"] == "LLM527" for row in made["warnings"])
    found = follow(made, locked(made))
    assert [(image["digest"], image["id"]) for image in found["images"]] == [(A, B)] * 2
    assert found["image"]["digest"] == found["chat"]["image"]["digest"] == A
    assert not any(row["id"] == "LLM527" for row in found["warnings"]) and made["image"]["digest"] is None


def test_what_was_locked_of_it_is_followed_to_the_very_same_plan():
    """The second run plans what the first one saved."""
    first = core.pin(plan(), images(plan()))
    assert follow(plan(), core.complete(first, VERSION, NODES, {})) == first


def test_one_pin_is_enough():
    made = plan()
    assert not any(row["id"] == "LLM527" for row in core.pin(made, images(made, digest=""))["warnings"])
    assert core.pin(made, {})["warnings"] == made["warnings"]


def test_what_the_site_pins_otherwise_is_refused():
    told = refused(plan(images={"vllm-cuda": {"digest": C}}), locked())
    assert f"images.vllm-cuda.digest: {A} -> {C}" in told and "open-webui" not in told
    assert "images.vllm-cuda.ref: docker.io/" in refused(
        plan(images={"vllm-cuda": {"ref": "own.example/vllm:9"}}), locked()
    )


def test_another_model_engine_or_collection_is_refused():
    assert "models: deepseek-ai/" in refused(plan(model="deepseek-r1-1.5b"), locked())
    told = refused(plan(engine="sglang"), locked())
    assert "engine: vllm 0.32.0 -> sglang" in told and "images: vllm-cuda -> sglang-cuda" in told
    assert "collection: 1.2.3 -> 2.0.0" in refused(plan(), locked(), "2.0.0")


def test_a_file_that_moved_on_the_hub_is_refused_by_its_name():
    files = copy.deepcopy(FILES)
    files[1].update(sha256="3" * 64)
    told = refused(plan(files), locked())
    assert "model.safetensors (9000 B, sha256 222222222222 -> 333333333333)" in told and "config.json" not in told


def test_long_lists_are_cut():
    many = [{"path": f"part-{n:02}.safetensors", "size": n, "sha256": ""} for n in range(1, 20)]
    assert "… (+11)" in refused(plan([{**row, "size": 99} for row in many]), locked(plan(many)))


def test_a_plan_made_without_the_hub_takes_the_locked_files():
    """So a bundle or a disk gets them."""
    made = plan(files=[])
    assert made["model"]["manifest"] is None
    found = follow(made, locked())["model"]["manifest"]
    assert found["files"] == FILES and found["sha256"] == locked()["models"][made["model"]["id"]]["manifest"]


def test_hashes_that_the_source_does_not_tell_are_the_locked_ones():
    bare = [{**row, "sha256": ""} for row in FILES]
    assert follow(plan(bare), locked())["model"]["manifest"]["files"] == FILES


def test_files_that_the_plan_no_longer_wants_are_refused():
    made = plan(files=[])
    made["model"]["exclude"] = ["*.safetensors"]
    assert "1 locked files are not wanted" in refused(made, locked())


def test_a_deployment_may_grow():
    """A model beside, or an image that the lock does not know, is none of what is locked."""
    lock = locked()
    del lock["images"]["open-webui"]
    found = follow(plan(), lock)
    assert found["image"]["digest"] == A and found["chat"]["image"]["digest"] is None


def test_an_image_that_the_lock_names_must_be_pinned_by_something():
    """Until there is a lock, and for what it does not know yet, a name is enough."""
    made = plan()
    bare = core.complete(made, VERSION, NODES, {})
    assert core.unpinned(made, {}) == []
    assert core.unpinned(made, bare) == sorted(image["ref"] for image in made["images"])
    assert core.unpinned(follow(made, locked()), locked()) == []
    assert core.unpinned(core.pin(made, images(made, digest="")), bare) == []  # its own id is as good
    del bare["images"]["open-webui"]
    assert core.unpinned(made, bare) == [made["image"]["ref"]]


def test_an_image_without_a_digest_is_left_out_of_a_lock_or_keeps_the_one_of_before():
    """Else the next run would refuse it (LLM589), although a bare node can't know it yet."""
    made = plan()
    bare = core.complete(made, VERSION, NODES, {})
    state, left = core.lockable(bare, {})
    assert state["images"] == {} and left == [image["ref"] for image in made["images"]]
    assert core.unpinned(made, state) == []
    state, left = core.lockable(bare, locked())
    assert (state["images"], left) == (locked()["images"], [])
    other = copy.deepcopy(locked())
    other["images"]["open-webui"]["ref"] += "-other"
    state, left = core.lockable(bare, other)
    assert "open-webui" not in state["images"] and len(left) == 1
    assert core.lockable(locked(), {}) == (locked(), [])
