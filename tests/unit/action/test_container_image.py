# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action tells its module what is locked of an image, and keeps what it found for the lock."""

from __future__ import annotations

from unittest import mock

import pytest
from ansible_collections.yitiji.deepseek.plugins.action import container_image

A, B = ("sha256:" + letter * 64 for letter in "ab")
LOCKED = {"images": {"x": {"ref": "r/x:1", "digest": A}}}


@pytest.fixture
def act(monkeypatch):
    def call(known, answer, **args):
        task = mock.Mock(args={"ref": "r/x:1", **args})
        monkeypatch.setattr(container_image.Watched, "run", lambda *_given: dict(answer))
        templar = mock.Mock(template=lambda value: value)
        made = container_image.ActionModule(task, *(mock.Mock() for _other in range(3)), templar, mock.Mock())
        return made.run(None, known), task.args

    return call


def test_a_tag_is_locked_where_its_digest_is_the_locks(act):
    assert act({"appliance_locked": LOCKED}, {}, digest=A)[1]["locked"] is True
    for known, digest in (({}, A), ({"appliance_locked": LOCKED}, B), ({"appliance_locked": LOCKED}, "")):
        assert act(known, {}, digest=digest)[1] == {"ref": "r/x:1", "digest": digest}


def test_the_way_back_from_a_neighbour_has_its_own_time():
    made = container_image.ActionModule(*(mock.Mock() for _part in range(6)))
    alone = made.limit({"timeout": 60})
    assert made.limit({"timeout": 60, "neighbour": {"url": "https://h"}}) == alone + 60 > 120


def test_the_sites_mirrors_and_a_renewal_reach_the_module(act):
    _answer, args = act({"docker_registry_mirrors": ["https://m"], "__lock_renew": True}, {})
    assert args == {"ref": "r/x:1", "mirrors": ["https://m"], "renew": True}
    assert act({"docker_registry_mirrors": ["https://m"]}, {}, mirrors=["https://own"])[1]["mirrors"] == ["https://own"]


def test_what_was_found_is_kept_for_the_lock_image_by_image(act):
    (fact,) = act({}, {"id": A, "digest": B})[0]["ansible_facts"].items()
    assert fact[0].startswith("yitiji_image_") and fact[1] == {"ref": "r/x:1", "id": A, "digest": B}
    assert fact[0] not in act({}, {"id": A}, ref="r/y:1")[0]["ansible_facts"]
    (by_containerd,) = act({}, {"id": B, "digest": B})[0]["ansible_facts"].values()
    assert by_containerd == {"ref": "r/x:1", "digest": B}
    for nothing in ({}, {"id": "", "digest": ""}, {"id": A, "failed": True}):
        assert "ansible_facts" not in act({}, nothing)[0]
