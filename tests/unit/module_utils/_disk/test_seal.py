# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealing a tree: what goes, what stays, and that nothing outside the tree is touched."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._disk import seal as core

from tests.unit.module_utils._disk.used_tree import LEFT, STAYS

ROOT = Path(__file__).resolve().parents[4]


RULES = core.with_sources(
    yaml.safe_load((ROOT / "plugins/catalog/seal/seal.yml").read_text()), ["deb http://m.example s main"]
)


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


# A clone has them from the start: its first boot and what the hardware wants; the share of weights ends with each run.
STAYING = {"yitiji-first-boot-page", "yitiji-nvidia-devices", "yitiji-nvidia-devices-again", "yitiji-weights-share"}
NAMES = re.compile(
    r"/etc/systemd/system/(yitiji-[a-z-]*[a-z])|^__\w+_(?:unit|sessions|service): (yitiji-[a-z-]+)$"
    r"|^ +name: (yitiji-[a-z-]+)(?:\.\w+)?$",
    re.MULTILINE,
)


def units() -> list[str]:
    files = [path for kind in ("tasks", "vars") for path in sorted(ROOT.glob(f"roles/*/{kind}/*.yml"))]
    return sorted({name for path in files for names in NAMES.findall(path.read_text()) for name in names if name})


@pytest.mark.parametrize("unit", sorted({*units()} - STAYING))
def test_units_of_an_appliance_go(tmp_path, unit):
    """They come from a plan and from settings of one site; a clone's first boot makes its own."""
    place = tmp_path / "etc/systemd/system"
    (place / "timers.target.wants").mkdir(parents=True)
    made = [place / f"{unit}.service", place / f"timers.target.wants/{unit}.timer"]
    for path in made:
        path.touch()
    core.seal(str(tmp_path), RULES)
    assert [path.name for path in made if path.exists()] == []


def test_the_search_for_units_finds_them():
    assert {"yitiji-open-webui", "yitiji-metrics", "yitiji-watch", *STAYING} <= {*units()}


OF_ONE_SITE = (
    "var/lib/yitiji/open-webui.before-20260101T030000Z/webui.db",
    "var/lib/yitiji/open-webui.before-20260101T030000Z.secrets/open-webui-session",
    "var/lib/yitiji/open-webui.incoming.tar.gz",
    "var/lib/yitiji/backup-incoming/appliance.tar",
    "var/lib/yitiji/backup.json",
    "var/lib/yitiji/restored-plan.json",
    "etc/yitiji/backup.json",
    "etc/yitiji/backup/rclone.conf",
    "etc/yitiji/firewall.nft",
    "etc/yitiji/gateway-sources.nft",
)


@pytest.mark.parametrize("path", OF_ONE_SITE)
def test_people_and_places_of_one_site_go(tmp_path, path):
    """The page's data of before a restore as well: every clone would have them."""
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text("x")
    core.seal(str(tmp_path), RULES)
    assert not file.exists()
