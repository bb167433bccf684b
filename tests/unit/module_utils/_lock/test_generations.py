# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run left is found on the node, and what later drifted."""

from __future__ import annotations

import os

from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations as core


def test_ours_are_found_and_keys_are_not(tmp_path):
    for path in (
        "etc/systemd/system/yitiji-vllm.service", "etc/systemd/system/yitiji-x.service.d/a.conf",
        "etc/systemd/system/nginx.service.d/yitiji-sandbox.conf", "etc/yitiji/doctor.json", "etc/yitiji/guard.d/e.json",
        "etc/yitiji/secrets/yitiji-vllm.env", "etc/nginx/conf.d/yitiji.conf", "etc/nginx/yitiji/api.js",
        "etc/yitiji/monitoring/rules/a.yml", "var/lib/yitiji/open-webui.json",
        "etc/yitiji/secrets/engine-key", "etc/yitiji/tls/ca.key", "etc/nginx/yitiji/keys.conf",
        "etc/systemd/system/x.service",
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "etc/yitiji/link.json").symlink_to("doctor.json")
    found = core.look(f"{tmp_path}/")
    assert len(found) == 10
    assert not [path for path in found if "key" in path or "link" in path or path.endswith("x.service")]
    unit = found["/etc/systemd/system/yitiji-vllm.service"]
    assert unit["text"] == "etc/systemd/system/yitiji-vllm.service" and unit["uid"] == os.getuid()


def test_an_edit_a_new_file_and_one_that_is_gone_are_told():
    was = {"files": {"/a": {"text": "1"}, "/b": {"text": "1"}, "/c": {"text": "1"}}}
    assert core.edited(was, {"/a": {"text": "2"}, "/b": {"text": "1"}, "/d": {}}) == ["/a", "/c", "/d"]


def test_what_moved():
    assert core.moved({"nginx": "1", "docker": "2", "gone": "3"}, {"nginx": "1", "docker": "4", "more": "5"}) == [
        "docker 2 -> 4", "gone 3 -> -",
    ]  # fmt: skip


def test_ids_of_images_that_are_there():
    said = {"a:1": "sha256:1\n", "b:1": ""}
    assert core.ids(["b:1", "a:1"], lambda words: said[words[-1]]) == {"a:1": "sha256:1"}
