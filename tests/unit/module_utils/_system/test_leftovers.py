# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays after an uninstallation is told, and removed when asked, and nothing of others with it."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import leftovers as core

SETTINGS = {
    "weights": "/srv/models", "page": "/var/lib/yitiji/open-webui", "backups": "/var/lib/yitiji/backups", "docker": "",
    "docker_there": False,
}  # fmt: skip
FILES = {
    "/srv/models/deepseek-ai/R1/model.safetensors": 100, "/var/lib/yitiji/open-webui/webui.db": 10,
    "/var/lib/yitiji/backups/a.tar": 20, "/var/lib/yitiji/kernel-settings.json": 3, "/etc/yitiji/secrets/engine-key": 4,
    "/var/lib/docker/overlay2/x/file": 50, "/var/lib/containerd/meta.db": 6, "/srv/site/index.html": 7,
    "/var/lib/dockerfiles/keep": 8,
}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    for path, size in FILES.items():
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_bytes(b"x" * size)
    (tmp_path / "srv/models/empty/folder").mkdir(parents=True)
    return str(tmp_path)


def kinds(rows):
    return [(row.kind, row.bytes) for row in rows]


def test_what_is_there_is_told_each_byte_once(root):
    assert kinds(core.look(SETTINGS, root)) == [
        ("weights", 100), ("page", 10), ("backups", 20), ("secrets", 4), ("state", 3), ("docker", 50), ("docker", 6),
    ]  # fmt: skip
    rows = core.told(core.look(SETTINGS, root))
    assert rows[0].endswith(": /srv/models (100 B)") and all(" / " in row for row in rows)
    assert kinds(core.look({**SETTINGS, "docker_there": True}, root))[-1] == ("state", 3), "somebody else's Docker"
    assert core.look(SETTINGS, root + "/srv/site") == []


def test_all_but_weights_and_others_is_removed(root):
    assert set(core.remove(SETTINGS, root)) == {
        "/var/lib/yitiji/open-webui", "/var/lib/yitiji/backups", "/var/lib/yitiji", "/etc/yitiji", "/var/lib/docker",
        "/var/lib/containerd",
    }  # fmt: skip
    files = (os.path.join(folder, name) for folder, _folders, names in os.walk(root) for name in names)
    left = sorted(os.path.relpath(path, root) for path in files)
    assert left == ["srv/models/deepseek-ai/R1/model.safetensors", "srv/site/index.html", "var/lib/dockerfiles/keep"]
    assert not os.path.exists(root + "/srv/models/empty")
    os.unlink(root + "/srv/models/deepseek-ai/R1/model.safetensors")
    assert core.remove(SETTINGS, root) == ["/srv/models"] and core.look(SETTINGS, root) == []


def test_a_link_is_removed_and_not_followed(root):
    os.symlink(root + "/srv/site", root + "/var/lib/yitiji/link")
    core.remove({**SETTINGS, "docker_there": True}, root)
    assert os.path.exists(root + "/srv/site/index.html") and os.path.exists(root + "/var/lib/docker/overlay2/x/file")


def test_another_file_system_stays(root, monkeypatch):
    real = os.lstat

    def lstat(path):
        state = real(path)
        if str(path).startswith(root + "/var/lib/yitiji/backups"):
            return os.stat_result([*state[:2], state.st_dev + 1, *state[3:]])
        return state

    monkeypatch.setattr(core.os, "lstat", lstat)
    core._remove(root + "/var/lib/yitiji", real(root + "/var/lib/yitiji").st_dev)
    assert os.listdir(root + "/var/lib/yitiji") == ["backups"]
    assert os.path.exists(root + "/var/lib/yitiji/backups/a.tar")


def test_of_very_many_files_a_part_is_counted(root, monkeypatch):
    for number in range(4):
        with open(f"{root}/srv/models/{number}", "wb") as stream:
            stream.write(b"x")
    monkeypatch.setattr(core, "MOST", 5)
    assert core.look(SETTINGS, root)[0].bytes == 104
    monkeypatch.setattr(core, "MOST", 2)
    assert core.look(SETTINGS, root)[0].bytes == 2


def test_a_link_that_leads_nowhere_is_not_told_as_gone(root):
    os.rename(root + "/srv/models", root + "/srv/elsewhere")
    os.symlink("/nowhere", root + "/srv/models")
    assert "/srv/models" not in core.remove(SETTINGS, root) and os.path.islink(root + "/srv/models")
