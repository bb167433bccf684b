# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sealing a tree: what goes, what stays, and that nothing outside the tree is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import seal as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk.paths import inside, match

ROOT = Path(__file__).resolve().parents[3]
RULES = core.with_sources(
    yaml.safe_load((ROOT / "plugins/catalog/seal/seal.yml").read_text()), ["deb http://m.example s main"]
)
LEFT = {  # what a baked and used machine holds, by the entry that takes it
    "machine-id": "etc/machine-id",
    "host-keys": "etc/ssh/ssh_host_ed25519_key",
    "journal": "var/log/journal/abc/system.journal",
    "logs": "var/log/nginx/access.log",
    "apt": "var/lib/apt/lists/mirror.example_dists_trixie_InRelease",
    "histories": "home/op/.bash_history",
    "controller": "root/.ansible/tmp/x",
    "docker-identity": "var/lib/docker/engine-id",
    "docker-network": "var/lib/docker/network/files/local-kv.db",
    "secrets": "etc/yitiji/secrets/engine-key",
    "appliance-state": "var/lib/yitiji/open-webui/webui.db",
    "appliance-units": "etc/systemd/system/yitiji-vllm.service",
    "timers": "var/lib/systemd/timers/stamp-apt.timer",
    "leases": "var/lib/dhcp/dhclient.leases",
    "random-seed": "var/lib/systemd/random-seed",
    "account-backups": "etc/passwd-",
    "grubenv": "boot/grub/grubenv",
    "build": "etc/yitiji/bake.json",
    "network": "etc/systemd/network/10-yitiji-bake.network",
    "people": "root/.docker/config.json",
    "weights-stamp": "srv/models/deepseek-ai/m/.yitiji-verified.json",
    "temporary": "var/tmp/x",
    "apt-sources-others": "etc/apt/sources.list.d/site.sources",
    "caches": "var/cache/ldconfig/aux-cache",
}
STAYS = [
    "etc/passwd",
    "var/lib/docker/overlay2/l/A",
    "usr/bin/tool",
    "etc/yitiji/first-boot.json",
    "srv/models/m/w.gguf",
]


@pytest.fixture
def tree(tmp_path):
    for path in [*LEFT.values(), *STAYS, "etc/apt/sources.list"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("0123456789abcdef0123456789abcdef\n")
    return tmp_path


def test_containerd_stays_where_it_holds_the_images(tree):
    records = tree / "var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db"
    blob = tree / "var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/0a"
    for path in (records, blob):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    core.seal(str(tree), RULES)
    assert records.exists() and blob.exists()
    blob.unlink()
    core.seal(str(tree), RULES)
    assert not records.exists()


@pytest.mark.parametrize("rule", sorted(LEFT))
def test_every_trace_is_found_by_its_entry(tree, rule):
    found = [t.path for t in core.traces(str(tree), RULES) if t.rule == rule]
    assert [path for path in found if LEFT[rule] == path or LEFT[rule].startswith(path + "/")]


def test_a_sealed_tree_has_no_trace(tree):
    assert core.seal(str(tree), RULES)
    assert core.traces(str(tree), RULES) == []
    assert core.seal(str(tree), RULES) == []


def test_what_is_not_named_stays(tree):
    core.seal(str(tree), RULES)
    assert [p for p in STAYS if not (tree / p).exists()] == []
    assert (tree / "var/log/nginx/access.log").read_text() == ""


def test_a_clone_takes_it_as_its_first_boot(tree):
    core.seal(str(tree), RULES)
    assert (tree / "etc/machine-id").read_text() == "uninitialized\n"
    assert "disable *" in (tree / "etc/systemd/system-preset/00-yitiji.preset").read_text()
    assert (tree / "etc/apt/sources.list").read_text() == "deb http://m.example s main\n"
    assert os.readlink(tree / "etc/resolv.conf").endswith("stub-resolv.conf")


def test_dry_changes_nothing(tree):
    before = sorted(str(p) for p in tree.rglob("*"))
    assert core.seal(str(tree), RULES, dry=True)
    assert sorted(str(p) for p in tree.rglob("*")) == before


def test_a_link_never_leads_out(tmp_path):
    outside, tree = tmp_path / "outside", tmp_path / "tree"
    (outside / "journal").mkdir(parents=True)
    (outside / "journal/kept").write_text("x")
    (tree / "var").mkdir(parents=True)
    (tree / "var/log").symlink_to(outside)
    (tree / "etc").mkdir()
    (tree / "etc/systemd").symlink_to(outside)
    assert match(str(tree), "var/log/**") == [] and match(str(tree), "var/log/journal/*") == []
    with pytest.raises(ValueError, match="link"):
        inside(str(tree), "etc/systemd/x")
    assert (outside / "journal/kept").exists()


def test_values_of_the_machine_are_remembered(tree):
    (tree / "etc/ssh/ssh_host_ed25519_key.pub").write_text("ssh-ed25519 AAAAC3Nz root@build\n")
    known = core.identities(str(tree))
    assert known["etc/machine-id"] == "0123456789abcdef0123456789abcdef"
    assert known["etc/ssh/ssh_host_ed25519_key.pub"] == "AAAAC3Nz"
    assert "etc/yitiji/secrets/engine-key" in known


def test_a_machine_that_runs_keeps_what_it_stands_on():
    live, tree = core.for_root("/", RULES), core.for_root("/srv/tree", RULES)
    assert set(tree) - set(live) == {"volatile", "controller"}
    assert not [p for rule in live.values() for p in rule.get("clear", []) if p in ("run", "tmp")]


def test_every_entry_says_why():
    raw = yaml.safe_load((ROOT / "plugins/catalog/seal/seal.yml").read_text())
    assert [name for name, rule in raw.items() if not rule.get("why")] == []
