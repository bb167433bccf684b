# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image as it lies there, read without booting or mounting it."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._image_scan import scan

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


def test_the_playbook_looked_for_the_build_site(baked):
    if not baked.output:
        pytest.skip("the image that stood was used")
    told = baked.output.split("未发现: ")[1].splitlines()[0]
    for name in ("build address", "build folder", "key of the bake", "the lab's hub", "private key"):
        assert name in told
