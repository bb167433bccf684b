# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup is made, proved, encrypted, and the old ones go; a restore elsewhere brings everything back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import age, record
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import make as core

from tests.unit.module_utils._backup.conftest import config_of

real = pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")


def test_what_is_made_and_noted(node):
    told = core.make(config_of(node))
    path = Path(told["path"])
    assert path.stat().st_mode & 0o777 == 0o600 and path.name.startswith("appliance-")
    assert told["counts"] == {"users": 1, "chats": 3, "files": 0, "knowledge": 0} and not told["encrypted"]
    assert told["left_out"] == ["link"]
    note = record.read(str(node / "backup.json"))
    assert note["made"]["sha256"] == told["sha256"] and note["failed"] == {}
    assert sorted(p.name for p in (node / "backups").iterdir()) == [".lock", path.name]
    assert not list(node.glob("data.*"))


@real
def test_an_encrypted_one_leaves_nothing_in_clear(node):
    key = node / "key"
    subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
    told = core.make(config_of(node, recipients=[public]))
    assert told["encrypted"] and age.is_encrypted(Path(told["path"])) and told["path"].endswith(".tar.gz.age")
    assert sorted(p.name for p in (node / "backups").iterdir()) == [".lock", told["name"]]


def test_old_ones_go_by_the_rule_and_the_new_one_never(node):
    folder = node / "backups"
    folder.mkdir()
    for year in (2001, 2002, 2103):
        (folder / f"appliance-{year}0101T000000Z.tar.gz").write_text("x")
    (folder / "open-webui-before-upgrade-20010101T000000Z.tar.gz").write_text("x")
    told = core.make(config_of(node))
    assert told["removed"] == ["appliance-20010101T000000Z.tar.gz", "appliance-20020101T000000Z.tar.gz"]
    assert Path(told["path"]).exists()


def test_a_failure_is_noted_and_leaves_nothing(node):
    (node / "secrets/engine-key").write_text("two\nlines\n")
    with pytest.raises(ValueError, match="engine-key"):
        core.make(config_of(node))
    assert "engine-key" in record.read(str(node / "backup.json"))["failed"]["made"]["why"]
    assert [p.name for p in (node / "backups").iterdir()] == [".lock"]


def test_what_a_killed_one_left_goes_before_the_next_looks_for_room(node):
    left = node / "backups/.yitiji-made-20260101T000000Z"
    left.mkdir(parents=True)
    (left / "appliance-20260101T000000Z.tar.gz").write_text("all secrets")
    core.make(config_of(node))
    assert not left.exists()


def test_an_archive_that_cannot_be_proved_is_no_backup(node, monkeypatch):
    monkeypatch.setattr(core, "rehearse", lambda *given: (_ for _ in ()).throw(ValueError("other bytes")))
    with pytest.raises(ValueError, match="other bytes"):
        core.make(config_of(node))
    assert [p.name for p in (node / "backups").iterdir()] == [".lock"]


@pytest.mark.skipif(not shutil.which("rclone"), reason="rclone is not installed")
def test_a_copy_elsewhere_that_fails_is_told_and_the_backup_stands(node):
    (node / "there").mkdir()
    (node / "conf").write_text(f"[remote]\ntype = alias\nremote = {node / 'there'}\n")
    remote = {"settings": str(node / "conf"), "path": "x", "ca_file": "", "keep": {"last": 1, "daily": 0, "weekly": 0,
              "monthly": 0}, "prune": True, "seconds": 60}  # fmt: skip
    told = core.make(config_of(node, remote=remote))
    assert told["problem"] == "" and (node / "there/x" / told["name"]).exists()
    (node / "conf").write_text("[remote]\ntype = nonsense\n")
    told = core.make(config_of(node, remote=remote))
    assert "rclone" in told["problem"] and Path(told["path"]).exists()
    note = record.read(str(node / "backup.json"))
    assert "sent" in note["failed"] and "made" not in note["failed"]


def test_a_node_whose_page_never_ran(node):
    shutil.rmtree(node / "data")
    told = core.make(config_of(node))
    assert told["counts"] == {} and told["members"] == 13
