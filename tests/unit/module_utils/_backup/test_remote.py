# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies elsewhere by the real rclone, to a folder that stands for the other machine."""

from __future__ import annotations

import configparser
import shutil

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import remote as core

RULE = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0}
SFTP = {"kind": "sftp", "host": "h", "user": "u", "path": "p", "host_key": "ssh-ed25519 AAAA"}
real = pytest.mark.skipif(not shutil.which("rclone"), reason="rclone is not installed")


@pytest.fixture
def there(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "conf").write_text(f"[remote]\ntype = alias\nremote = {tmp_path / 'there'}\n")
    return core.Remote({"settings": str(tmp_path / "conf"), "path": "host", "ca_file": ""}, 60)


@real
def test_a_copy_is_read_back_and_old_ones_go(tmp_path, there):
    (tmp_path / "x").write_bytes(b"x" * 100000)
    with (tmp_path / "x").open("rb") as stream:
        digest = core.hashlib.sha256(stream.read()).hexdigest()
    names = [f"appliance-2026010{day}T000000Z.tar.gz.age" for day in (1, 2, 3)]
    for name in names:
        there.send(str(tmp_path / "x"), name, digest)
    (tmp_path / "there/host/of-others").write_text("x")
    assert sorted(p.name for p in (tmp_path / "there/host").iterdir()) == [*names, "of-others"]
    assert there.prune("appliance", RULE, names[2]) == names[:2]
    assert sorted(p.name for p in (tmp_path / "there/host").iterdir()) == [names[2], "of-others"]


@real
def test_other_bytes_there_never_get_the_backups_name(tmp_path, there):
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(ValueError, match="other bytes"):
        there.send(str(tmp_path / "x"), "appliance-20260101T000000Z.tar.gz", "0" * 64)
    assert [p.name for p in (tmp_path / "there/host").iterdir()] == ["appliance-20260101T000000Z.tar.gz.part"]


@real
def test_what_fails_is_told(tmp_path, there):
    with pytest.raises(ValueError, match="rclone copyto"):
        there.send(str(tmp_path / "none"), "x", "")


def parsed(text: str) -> dict:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return dict(parser["remote"])


def test_settings_of_both_kinds():
    sftp = parsed(core.settings_file(SFTP, "/etc/f", {"s3_secret_key": ""}))
    assert sftp["known_hosts_file"] == "/etc/f/known-hosts" and sftp["port"] == "22"
    s3 = {"kind": "s3", "endpoint": "https://s3.example.com", "access_key": "a", "path": "b"}
    told = parsed(core.settings_file(s3, "/etc/f", {"s3_secret_key": "s"}))
    assert (told["endpoint"], told["secret_access_key"]) == ("https://s3.example.com", "s")


def test_the_host_key_is_pinned():
    assert core.known_hosts(SFTP) == "h ssh-ed25519 AAAA\n"
    assert core.known_hosts({**SFTP, "port": 2222}) == "[h]:2222 ssh-ed25519 AAAA\n"
