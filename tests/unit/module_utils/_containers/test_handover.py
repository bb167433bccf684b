# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image's archive for other nodes is whole, or not there at all."""

from __future__ import annotations

import json
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._containers import handover as core

ID = "sha256:" + "a" * 64
FOUND = {"Id": ID, "Size": 5 << 30}
Usage = namedtuple("Usage", "total used free")
Disk = namedtuple("Disk", "st_dev")


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Saves with this much free on the disk."""
    (tmp_path / "images").mkdir()
    monkeypatch.setenv("FAKE_DOCKER", str(tmp_path / "images"))
    script, path = tmp_path / "docker", tmp_path / "handed/image.tar"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("fake_docker.py")} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(core, "LOOK", 0.05)

    def save(ref="r/x:1", free=6 << 30, timeout=30.0, driver="overlayfs", root=str(tmp_path / "images")):
        monkeypatch.setattr(core.shutil, "disk_usage", lambda folder: Usage(0, 0, free))
        engine = {"path": str(script), "storage_driver": driver, "data_root": root}
        seen = []
        core.save(engine, FOUND, ref, str(path), timeout, lambda done, total: seen.append((done, total)))
        return seen

    return save, path, tmp_path / "images"


def test_it_is_saved_under_its_tag_where_that_is_this_image(node):
    save, path, images = node
    assert save()[-1] == (path.stat().st_size, 5 << 30)
    assert path.read_text() == f"archive of {ID}\n" and path.stat().st_mode & 0o777 == 0o644
    (images / "r_x:1").write_text(json.dumps({"Id": "sha256:another"}))
    save()
    assert path.read_text() == f"archive of {ID}\n"
    (images / "r_x:1").write_text(json.dumps({"Id": ID}))
    save("r/x:1@sha256:" + "d" * 64)
    assert path.read_text() == "archive of r/x:1\n"


def test_without_room_nothing_is_written(node):
    save, path, _images = node
    save()
    with pytest.raises(Refusal) as caught:
        save(free=(6 << 30) - 1)
    assert caught.value.rule == "LLM333" and "6.0 GiB are needed" in caught.value.reason.en and not path.exists()


def test_dockers_own_store_needs_the_room_twice(node, monkeypatch):
    """It writes the layers below its data root before the archive."""
    save, path, images = node
    with pytest.raises(Refusal) as caught:
        save(free=(11 << 30) - 1, driver="overlay2")
    assert caught.value.rule == "LLM333" and "11.0 GiB are needed" in caught.value.reason.en and not path.exists()
    save(free=11 << 30, driver="overlay2")
    assert path.exists()
    stat = core.os.stat
    monkeypatch.setattr(  # on a disk of its own
        core.os, "stat", lambda place, **how: Disk(2) if str(place) == str(images) else stat(place, **how)
    )
    save(free=6 << 30, driver="overlay2")
    monkeypatch.setattr(core.shutil, "disk_usage", lambda place: Usage(0, 0, 1 if place == str(images) else 6 << 30))
    assert f"{images} has 0.0 GiB" in core.lacking([(str(path.parent), 5 << 30), (str(images), 5 << 30)]).en


def test_half_an_archive_does_not_stay(node):
    save, path, images = node
    (images / "full").touch()
    with pytest.raises(Refusal, match="no space left") as caught:
        save()
    assert caught.value.rule == "LLM333" and not path.exists()


def test_it_ends(node, monkeypatch):
    save, path, images = node
    monkeypatch.setattr(core, "_name", lambda *_given: ID)
    (images.parent / "docker").write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(Refusal, match="time is up"):
        save(timeout=0.2)
    assert not path.exists()


def test_a_folder_that_cannot_be_made_is_no_failure_of_another_kind(node):
    save, path, _images = node
    path.parent.write_text("a file")
    with pytest.raises(Refusal) as caught:
        save()
    assert caught.value.rule == "LLM333"
