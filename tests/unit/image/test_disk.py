# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The layout of a disk, its texts, the search through it, and the list of what a tree holds."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import layout as lay
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import sbom as manifest
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.machine import command
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.scan import CHUNK, scan
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.tree import Tree, key, set_stage, stands
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.write import kernel_of, used
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs.collection import pack

WORD = "PRIVATE"
SEED = "6f1c1d0e-5949-4a49-8000-000000000002"


def test_root_is_last_and_nothing_overlaps():
    disk = lay.layout(3000, 500)
    assert [p.name for p in disk.parts] == ["bios", "esp", "models", "root"]
    for one, two in zip(disk.parts, disk.parts[1:]):
        assert one.start + one.size <= two.start
    assert disk.part("root").start + 3000 < disk.size
    assert [p.name for p in lay.layout(3000).parts] == ["bios", "esp", "root"]


def test_the_texts_name_the_same_root():
    root = lay.identifier(SEED, "rootfs")
    assert (
        root in lay.fstab(SEED, True) and root in lay.grub_stub(SEED) and root in lay.grub_menu(SEED, "6.12.1", "quiet")
    )
    assert "/boot/vmlinuz-6.12.1 " in lay.grub_menu(SEED, "6.12.1") and "configfile" not in lay.grub_stub(SEED, False)
    assert "yitiji-models" in lay.fstab(SEED, True) and "device-timeout" not in lay.fstab(SEED, True)
    none = lay.fstab(SEED, False).splitlines()[-1]
    assert none.startswith("LABEL=yitiji-models /srv/models") and "nofail,x-systemd.device-timeout=15s" in none


def test_ids_come_from_the_seed_alone():
    assert lay.table(lay.layout(3000), SEED) == lay.table(lay.layout(3000), SEED)
    assert lay.identifier(SEED, "a") != lay.identifier(SEED, "b")


def test_grub_is_told_where_its_core_is():
    sector = lay.boot_sector(bytes(512))
    assert len(sector) == 440 and sector[0x5C:0x64] == (2048).to_bytes(8, "little") and sector[0x66:0x68] == b"\x90\x90"
    assert lay.core(bytes(1024))[0x1F4:0x1FC] == (2049).to_bytes(8, "little")
    with pytest.raises(ValueError, match="core"):
        lay.core(bytes(lay.MIB + 1))


def test_the_newest_kernel(tmp_path):
    (tmp_path / "boot").mkdir()
    for version in ("6.12.9-amd64", "6.12.41-amd64"):
        (tmp_path / "boot" / f"vmlinuz-{version}").touch()
    assert kernel_of(str(tmp_path)) == "6.12.41-amd64"


def test_hard_links_count_once(tmp_path):
    (tmp_path / "a").write_bytes(bytes(5000))
    os.link(tmp_path / "a", tmp_path / "b")
    assert used(str(tmp_path)) == (8192, 2)


def test_the_search_finds_text_binary_and_keys(tmp_path):
    image, machine = tmp_path / "disk.raw", "0123456789abcdef0123456789abcdef"
    body = "A" * 64
    with image.open("wb") as f:
        f.truncate(3 * CHUNK)
        f.seek(CHUNK - 3)
        f.write(b"builder.example")  # across two blocks
        f.seek(2 * CHUNK)
        f.write(bytes.fromhex(machine))
        f.write(f"-----BEGIN {WORD} KEY-----\n{body}\n{body}\n".encode())
        f.write(f"-----BEGIN {WORD} KEY-----\0its own words".encode())
    hits = scan(str(image), {"host": "builder.example", "id": machine, "not there": "nowhere.example"})
    assert [(h.what, h.offset) for h in hits] == [
        ("host", CHUNK - 3), ("id", 2 * CHUNK), ("private key", 2 * CHUNK + 16)]  # fmt: skip


def test_a_key_that_is_published_anyway_is_let_pass(tmp_path):
    image = tmp_path / "disk.raw"
    text = "-----BEGIN RSA " + WORD + " KEY-----\n" + ("B" * 64 + "\n") * 3 + "-----END RSA PRIVATE KEY-----\n"
    image.write_text(text)
    found = scan(str(image), {})
    assert len(found) == 1
    assert scan(str(image), {}, published=[found[0].digest]) == []


def test_two_trees_are_compared(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_text("x")
        (tmp_path / name / "other").write_text(name)
        (tmp_path / name / "link").symlink_to("same")
    (tmp_path / "two/more").touch()
    one, two = (manifest.describe(str(tmp_path / name)) for name in ("one", "two"))
    assert manifest.parse(manifest.text(one)) == one
    assert manifest.differences(one, two) == ["more", "other"]
    assert manifest.explain(["more", "other"], {"o*": "known"}) == {"": ["more"], "known": ["other"]}


def test_a_bake_goes_on_until_it_is_sealed(tmp_path):
    tree = Tree(str(tmp_path / "tree"), str(tmp_path), "trixie", ["a"], ["deb x"], 1)
    assert not stands(tree)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree.json").write_text(f'{{"key": "{key(tree)}", "stage": "made"}}')
    assert stands(tree) and not stands(tree._replace(packages=["b"]))
    set_stage(tree.path, "sealed")
    assert not stands(tree)


def test_the_container_is_kept_from_the_machine():
    words = command("/t", "n", "br0", own_systemd=True)
    assert "--keep-unit" not in words and "--network-bridge=br0" in words
    assert any(w.startswith("--drop-capability=") and "CAP_SYS_MODULE" in w for w in words)


def test_the_collection_is_packed_without_tests_and_alike(tmp_path):
    for path in ("plugins/modules/a.py", "plugins/modules/__pycache__/a.pyc", "roles/r/tasks/main.yml", "tests/t.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    packed = pack({"ns.name": str(tmp_path)})
    assert packed == pack({"ns.name": str(tmp_path)})
    assert b"ansible_collections/ns/name/roles/r/tasks/main.yml" in packed
    assert b"__pycache__" not in packed and b"tests/t.py" not in packed
