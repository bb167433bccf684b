# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that mean the same image: remembered, and read out of containerd's store."""

from __future__ import annotations

import hashlib
import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._system import image_names as core


def test_groups_are_joined_and_asked():
    text = core.joined([], ["a", "b"])
    assert core.groups(text) == [["a", "b"]]
    text = core.joined(core.groups(text), ["c", "d"])
    text = core.joined(core.groups(text), ["a", "e"])
    assert core.groups(text) == [["a", "e", "b"], ["c", "d"]]
    assert core.others(core.groups(text), "b") == ["a", "e"] and core.others(core.groups(text), "x", "") == []
    assert core.groups("") == core.groups("{") == core.groups("3") == []


class Store:
    def __init__(self, root):
        self.root, self.files = root, {}

    def put(self, value):
        text = json.dumps(value)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.files[f"{self.root}/{core.CONTENT}/sha256/{digest}"] = text
        return "sha256:" + digest


def test_configurations_of_this_machine(monkeypatch):
    monkeypatch.setattr(core.platform, "machine", lambda: "x86_64")
    for root in ("/var/lib/docker/containerd/daemon", "/var/lib/containerd"):
        store = Store(root)
        one = store.put({"config": {"digest": "sha256:amd"}, "layers": []})
        two = store.put({"config": {"digest": "sha256:arm"}, "layers": []})
        index = store.put(
            {
                "manifests": [
                    {"digest": one, "platform": {"architecture": "amd64"}},
                    {"digest": two, "platform": {"architecture": "arm64"}},
                ]
            }
        )
        for target, wanted in ((one, ["sha256:amd"]), (index, ["sha256:amd"]), ("sha256:none", []), ("x", [])):
            assert core.configurations(target, "/var/lib/docker", store.files.get) == wanted
        odd = store.put({"manifests": [3]})
        assert core.configurations(odd, "/var/lib/docker", store.files.get) == []
        store.files = dict.fromkeys(store.files, "{}")  # changed by hand
        assert core.configurations(one, "/var/lib/docker", store.files.get) == []


def nested(store, depth):
    inner = store.put({"config": {"digest": "sha256:deep"}, "layers": []})
    for _level in range(depth):
        inner = store.put({"manifests": [{"digest": inner}]})
    return inner


def test_indexes_in_indexes_are_followed_three_deep():
    store = Store("/var/lib/containerd")
    for depth, found in ((1, ["sha256:deep"]), (3, ["sha256:deep"]), (4, [])):
        assert core.configurations(nested(store, depth), "/d", store.files.get) == found


def test_a_file_of_groups_is_read_by_people_too():
    assert core.joined([], ["b", "a"]).endswith("]\n") and core.joined([["x"]], ["b", "a"]).count("\n") > 3
