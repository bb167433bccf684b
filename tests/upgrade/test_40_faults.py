# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong: before anything is switched the old one serves on, after that it is back by itself. One by one."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from typing import Any

import asked
import labctl
import pytest
import sitectl

SEEN: dict[str, Any] = {}
IMAGES = "docker images --all --no-trunc --quiet | sort -u"
DATABASE = "/var/lib/yitiji/open-webui/webui.db"


def statement(sql: str) -> str:
    """On the page's database."""
    return labctl.node(
        f"python3 -c \"import sqlite3; db = sqlite3.connect('{DATABASE}'); db.execute('{sql}'); db.commit()\""
    )


@pytest.fixture(scope="module", autouse=True)
def there(before):
    asked.appliance(before)
    SEEN.update(left=labctl.node(asked.LEFT), images=labctl.node(IMAGES), had=asked.everything())


def as_it_was(done: sitectl.Run, down: asked.Downtime) -> None:
    """Nothing was switched."""
    print(
        f"    refused after {done.seconds:.0f} s, {down.seconds:.0f} s without an answer: {done.failures()[-1][:300]}"
    )
    assert labctl.node(asked.LEFT) == SEEN["left"] and labctl.node(IMAGES) == SEEN["images"]
    assert labctl.node("test -e /var/lib/yitiji/generations/unfinished || echo none").strip() == "none"
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]


@pytest.fixture
def damaged():
    """An archive whose layer is not what its image says."""
    folder = labctl.CACHE / "images/damaged"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/other"))
    described = {
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": {"Entrypoint": ["vllm", "serve"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(b'whole').hexdigest()}"]},
    }  # fmt: skip
    config = json.dumps(described).encode()
    image = {
        "ref": "yitiji.local/vllm-cpu:0.32.9",
        "id": f"sha256:{hashlib.sha256(config).hexdigest()}",
        "version": "0.32.0",
    }
    parts = {
        f"{image['id'][7:]}.json": config, "layer.tar": layer.getvalue(),
        "manifest.json": json.dumps([{"Config": f"{image['id'][7:]}.json", "RepoTags": [image["ref"]],
                                      "Layers": ["layer.tar"]}]).encode(),
    }  # fmt: skip
    with tarfile.open(folder / "image.tar", "w") as tar:
        for name, blob in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            tar.addfile(info, io.BytesIO(blob))
    yield image
    shutil.rmtree(folder)


def test_a_damaged_image_changes_nothing(before, damaged):
    archives = [{"url": f"{labctl.HUB}/files/damaged/image.tar"}]
    to = {
        "appliance_images": {**asked.images("webui_before"), "vllm-cpu": damaged},
        "appliance_image_archives": archives,
    }
    with asked.Downtime() as down:
        done = asked.run("fault-image", before, "upgrade", to=to)
    assert not done.ok and any("Fetch and verify the images" in row for row in done.failures()), done.story()
    print(
        f"    refused after {done.seconds:.0f} s, {down.seconds:.0f} s without an answer: {done.failures()[-1][:300]}"
    )
    as_it_was(done, down)


def test_a_disk_that_fills_while_it_fetches_changes_nothing(before, options):
    place = f"/srv/models/{asked.OWNER}/{asked.B}"
    labctl.node(f"rm -rf {place}; mkdir -p {place}; mount -t tmpfs -o size=100M none {place}")

    def fill(_kill):
        labctl.node(f"head -c 120M /dev/zero >{place}/rest || true", check=False)

    watch = sitectl.when("debug", fill, "Say what changes, and how long nobody is answered")
    try:
        with asked.Downtime() as down:
            done = asked.run("fault-disk", before, "upgrade", options, watch, to={"appliance_model": asked.B})
        told = str(done.failures())
        assert not done.ok and "Bring the weights" in told and "LLM584" not in told, done.story()
    finally:
        labctl.node(f"umount {place}; rm -rf {place}")
    as_it_was(done, down)


def test_an_answer_that_is_not_the_expected_one_is_taken_back(before, options):
    with asked.Downtime() as down:
        done = asked.run("fault-verify", before, "upgrade", options, to={"appliance_model": asked.ODD},
                         verify_expect=labctl.ANSWER)  # fmt: skip
    told = asked.taken_back(done, SEEN["left"])
    print(f"    failed and back in {done.seconds:.0f} s, {down.seconds:.0f} s without an answer: {told[:300]}")
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]


def test_a_migration_that_fails_is_taken_back(before):
    """The new page makes a table that is there already, and ends."""
    statement("create table skill_history (id integer)")
    with asked.Downtime() as down:
        done = asked.run("fault-migration", before, "upgrade", to={"appliance_images": asked.images()},
                         open_webui_start_timeout=90)  # fmt: skip
    told = asked.taken_back(done, SEEN["left"])
    print(
        f"    failed and back in {done.seconds:.0f} s, {down.seconds:.0f} s without an answer of the API: {told[:300]}"
    )
    assert asked.answers(asked.A) and asked.everything() == SEEN["had"]
    statement("drop table skill_history")


def test_site_has_nothing_to_do_on_what_is_back(before, options):
    asked.nothing_changed(asked.run("fault-site", before, "site", options))
