# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image as it lies there, read without booting or mounting it."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.scan import scan
from conftest import PLAYBOOK, ROOT

SEED = "6f1c1d0e-5949-4a49-8000-000000000002"
CANARY = "a-canary-7f3d0c5e-that-must-not-be-shipped"


def table(raw) -> dict[str, dict]:
    said = subprocess.run(["sfdisk", "--json", raw], capture_output=True, text=True, check=True).stdout
    return {part["name"]: part for part in json.loads(said)["partitiontable"]["partitions"]}


def debugfs(raw, command: str, write: bool = False) -> str:
    where = f"{raw}?offset={table(raw)['root']['start'] * 512}"
    words = ["debugfs", *(["-w"] if write else []), "-R", command, where]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_it_has_what_each_firmware_wants(baked):
    assert list(table(baked.raw)) == ["bios", "esp", "models", "root"]
    with baked.raw.open("rb") as disk:
        assert b"GRUB" in disk.read(440)
    esp = f"{baked.raw}@@{table(baked.raw)['esp']['start'] * 512}"
    listed = subprocess.run(["mdir", "-/", "-b", "-i", esp, "::"], capture_output=True, text=True, check=True).stdout
    for name in ("BOOTX64.EFI", "grubx64.efi", "mmx64.efi", "debian/grub.cfg"):
        assert name.lower() in listed.lower()


def test_its_file_systems_are_whole(baked):
    for name in ("models", "root"):
        where = f"{baked.raw}?offset={table(baked.raw)[name]['start'] * 512}"
        done = subprocess.run(["e2fsck", "-fn", where], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_it_is_nobody_yet(baked):
    assert debugfs(baked.raw, "cat /etc/machine-id").strip() == "uninitialized"
    assert "ssh_host" not in debugfs(baked.raw, "ls /etc/ssh")
    assert re.findall(r"\w+-key", debugfs(baked.raw, "ls /etc/yitiji/secrets")) == []
    assert "local-kv.db" not in debugfs(baked.raw, "ls /var/lib/docker/network/files")
    assert "journal" not in debugfs(baked.raw, "ls /var/log/journal").replace("/var/log/journal", "")


def test_nothing_of_the_bake_is_in_it(baked):
    assert {"etc/machine-id", "etc/ssh/ssh_host_ed25519_key", "var/lib/docker/engine-id"} <= set(baked.values)
    hits = [hit for hit in scan(str(baked.raw), baked.values) if hit.what != "private key"]
    assert hits == []


def test_a_canary_would_be_found(baked, tmp_path):
    """The other way round: a file planted in a copy of the image is found, and stops the playbook."""
    planted = baked.raw.with_name("planted.raw")
    (tmp_path / "canary").write_text(CANARY)
    subprocess.run(["cp", "--sparse=always", baked.raw, planted], check=True)
    try:
        debugfs(planted, f"write {tmp_path / 'canary'} /opt/canary", write=True)
        hits = scan(str(planted), {"canary": CANARY})
    finally:
        planted.unlink()
    assert "canary" in [hit.what for hit in hits]


def test_the_weights_on_a_disk_of_their_own(baked):
    """The same tree once more, for a data disk, and as qcow2: the same bytes, other containers."""
    raw = baked.raw.with_name("apart.raw")
    told = {"tree": baked.tree, "dest": raw, "seed": SEED, "epoch": 1763683200, "weights": "disk", "qcow2": True}
    words = ["localhost", "-i", ROOT / "inventories/lab-disk", "-m", "yitiji.deepseek.disk_image"]
    ansible = [PLAYBOOK.with_name("ansible"), *words, "-a", json.dumps(told, default=str)]
    models, qcow2 = raw.with_name("apart-models.raw"), raw.with_suffix(".qcow2")
    try:
        done = subprocess.run([str(w) for w in ansible], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert list(table(raw)) == ["bios", "esp", "root"]
        assert "yitiji-lab" not in debugfs(raw, "ls -l /srv/models")
        assert "yitiji-models" in debugfs(raw, "cat /etc/fstab")
        label = subprocess.run(["e2label", models], capture_output=True, text=True, check=True).stdout.strip()
        assert label == "yitiji-models"
        for image in (models, f"{raw}?offset={table(raw)['root']['start'] * 512}"):
            assert subprocess.run(["e2fsck", "-fn", image], capture_output=True, check=False).returncode == 0
        for file in (baked.tree / "srv/models").rglob("*"):
            if file.is_file() and not file.is_symlink():
                path = f"/{file.relative_to(baked.tree / 'srv/models')}"
                cat = ["debugfs", "-R", f'cat "{path}"', models]
                assert subprocess.run(cat, capture_output=True, check=True).stdout == file.read_bytes(), path
        subprocess.run(["qemu-img", "compare", "-q", raw, qcow2], check=True)
        assert qcow2.stat().st_size < raw.stat().st_size
    finally:
        for image in (raw, models, qcow2):
            image.unlink(missing_ok=True)


def test_the_playbook_looked_for_the_build_site(baked):
    if not baked.output:
        pytest.skip("the image that stood was used")
    told = " ".join(baked.output.split("未发现: ")[1].split("\n\n")[0].replace("''", "'").split())  # YAML wraps it
    for name in ("build address", "build folder", "key of the bake", "the lab's hub", "private key"):
        assert name in told
