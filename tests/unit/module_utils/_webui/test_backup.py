# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup and restore of the users' data: whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import archive as archives
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

from tests.unit.module_utils._webui.page_data import ADMIN, NEW, NOW, OLD, page_data
from tests.unit.modules.run_module import run


def backup(node: Path, **more) -> dict:
    folder = {"directory": str(node / "backups"), "data_dir": str(node / "data"), "secrets_dir": str(node / "secrets")}
    return run("open_webui_backup", {**folder, "unit": "yitiji-not-here", "image": NOW, **more})


def restore(node: Path, archive, check: bool = False, **more) -> dict:
    config = {
        "page": {"data_dir": str(node / "data"), "unit": "yitiji-not-here", "owner": os.getuid(), "database": "sqlite"},
        "secrets_dir": str(node / "secrets"), "tls_dir": str(node / "tls"), "site": {}, "note": str(node / "note"),
        "state": {"open-webui.json": str(node / "open-webui.json")}, "restored_plan": str(node / "plan.json"),
    }  # fmt: skip
    given = {"archive": str(archive), "config": config, "image": NOW, "admin": ADMIN, **more}
    return run("backup_restore", given, check)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """An archive made once, for those who break copies of it."""
    folder = tmp_path_factory.mktemp("good")
    page_data(folder / "data")
    (folder / "secrets").mkdir()
    (folder / "secrets/open-webui-session").write_text("value\n")
    return Path(backup(folder)["path"])


def fingerprint(folder: Path) -> str:
    told = [
        (p.relative_to(folder).as_posix(), p.lstat().st_mode, p.read_bytes() if p.is_file() else b"")
        for p in sorted(folder.rglob("*"))
        if not p.name.endswith("-shm")  # locks of whoever reads the database
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_what_is_in_an_archive(node):
    told = backup(node)
    archive = Path(told["path"])
    assert told["counts"] == {"users": 1, "chats": 3, "files": 0, "knowledge": 0}
    assert archive.stat().st_mode & 0o777 == 0o600 and archive.parent.stat().st_mode & 0o777 == 0o700
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == told["sha256"]
    manifest = core.read(archive)
    assert sorted(manifest["members"]) == [
        "data/uploads/plan.txt",
        "data/webui.db",
        "secrets/open-webui-admin",
        "secrets/open-webui-session",
        "secrets/open-webui-users/li@example.org",
    ]
    assert (manifest["version"], manifest["revision"], manifest["admins"]) == ("0.12.4", "abc", [ADMIN])
    assert [p.name for p in archive.parent.iterdir() if p.name != ".lock"] == [archive.name]


def test_a_node_without_data_makes_none(tmp_path):
    (tmp_path / "data").mkdir()
    told = backup(tmp_path)
    assert told["changed"] is False and told["path"] == ""


def test_a_broken_database_is_told_and_leaves_nothing(node):
    raw = bytearray((node / "data/webui.db").read_bytes())
    raw[4096:4196] = b"\xff" * 100
    (node / "data/webui.db").write_bytes(raw)
    for side in ("-wal", "-shm"):
        (node / f"data/webui.db{side}").unlink()
    told = backup(node)
    assert told["failed"] and told["rule"] == "LLM725", told
    assert [p.name for p in (node / "backups").iterdir()] == [".lock"]


def test_old_archives_go_and_leftovers_of_killed_runs(node):
    folder = node / "backups"
    folder.mkdir(mode=0o700)
    for year in (2001, 2002, 2003):
        (folder / f"open-webui-{year}0101T000000Z.tar.gz").write_text("x")
    (folder / (core.PART + "killed")).mkdir()
    told = backup(node, keep=2)
    assert told["removed"] == ["open-webui-20010101T000000Z.tar.gz", "open-webui-20020101T000000Z.tar.gz"]
    assert not (folder / (core.PART + "killed")).exists()


def stamped(folder: Path, name: str, year: int) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{name}-{year}0101T000000Z.tar.gz"
    path.write_text("x")
    return path


def test_the_archive_just_made_stays_beside_those_of_before_an_upgrade(node):
    """Their names sort last; the series used to be one, and the new archive was the oldest of it."""
    for year in (2001, 2002, 2003):
        stamped(node / "backups", "open-webui-before-upgrade", year)
    told = backup(node, keep=2)
    assert Path(told["path"]).exists() and told["removed"] == []
    assert len(list((node / "backups").glob("open-webui-before-upgrade-*"))) == 3


def test_the_archive_just_made_stays_when_the_clock_was_ahead(node):
    later = [stamped(node / "backups", "open-webui", year) for year in (2101, 2102, 2103)]
    told = backup(node, keep=2)
    assert Path(told["path"]).exists() and told["removed"] == [later[0].name, later[1].name]


def test_a_link_among_the_archives_is_left_alone(node):
    target = stamped(node, "x", 2000)
    (node / "backups").mkdir(mode=0o700)
    (node / "backups/open-webui-20000101T000000Z.tar.gz").symlink_to(target)
    assert backup(node, keep=1)["removed"] == []


def test_a_fresh_node_gets_everything(node, tmp_path_factory):
    archive = backup(node)["path"]
    fresh = tmp_path_factory.mktemp("fresh")
    page_data(fresh / "data", chats=0)
    (fresh / "secrets").mkdir()
    (fresh / "secrets/open-webui-session").write_text("of before\n")
    before = fingerprint(fresh)
    assert restore(fresh, archive, check=True)["changed"]
    assert fingerprint(fresh) == before, "check mode changes nothing"
    told = restore(fresh, archive)
    assert told["counts"]["chats"] == 3, told
    assert (fresh / "data/uploads/plan.txt").read_text() == "the plan"
    assert data.info(fresh / "data")["chats"] == 3
    assert (fresh / "secrets/open-webui-session").read_text() == "value of open-webui-session\n"
    assert (fresh / "secrets/open-webui-users/li@example.org").stat().st_mode & 0o777 == 0o600
    assert Path(told["kept"], "secrets/open-webui-session").read_text(encoding="utf-8") == "of before\n"
    assert not list(fresh.glob("*.restore"))


def test_data_in_use_are_not_replaced_unless_asked(node):
    archive = backup(node)["path"]
    before = fingerprint(node)
    told = restore(node, archive)
    assert told["rule"] == "LLM726" and "backup_replace" in told["msg"]
    assert fingerprint(node) == before
    assert Path(restore(node, archive, replace=True)["before"], "uploads/plan.txt").exists()


def rewritten(archive: Path, change) -> Path:
    """The archive again, its members and manifest changed by `change(members)`, sealed anew."""
    with tarfile.open(archive) as tar:
        members = {m.name: (m, tar.extractfile(m).read()) for m in tar.getmembers()}
    change(members)
    target = archive.with_name("changed.tar.gz")
    with tarfile.open(target, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, (member, content) in members.items():
            member.name, member.size = name, len(content)
            tar.addfile(member, io.BytesIO(content))
    return target


def set_manifest(members, seal=True, **change):
    member, text = members[archives.MANIFEST]
    text = json.dumps({**json.loads(text), **change}).encode()
    members[archives.MANIFEST] = (member, text)
    if seal:
        members[archives.SEAL] = (members[archives.SEAL][0], hashlib.sha256(text).hexdigest().encode())


def tamper(members):
    members["data/uploads/plan.txt"] = (members["data/uploads/plan.txt"][0], b"a lie..")


def smuggle(members):
    member = tarfile.TarInfo("data/../../etc/x")
    items = list(members.items())
    members.clear()
    members.update([("data/../../etc/x", (member, b"x")), *items])


def link(members):
    member = members["data/uploads/plan.txt"][0]
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"


def flipped(data, place):
    """Another byte for sure: a fixed one stands there already once in 256 archives."""
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


BROKEN = {
    "cut": lambda a: a.write_bytes(a.read_bytes()[:-200]) and a,
    "empty": lambda a: a.write_bytes(b"") or a,
    "a flipped bit": lambda a: a.write_bytes(flipped(a.read_bytes(), 300)) and a,
    "no archive": lambda a: a.write_text("hello") and a,
    "plain gzip": lambda a: a.write_bytes(gzip.compress(b"hello" * 1000)) and a,
    "changed": lambda a: rewritten(a, tamper),
    "a path out of it": lambda a: rewritten(a, smuggle),
    "a link": lambda a: rewritten(a, link),
    "one file less": lambda a: rewritten(a, lambda m: m.pop("data/uploads/plan.txt")),
    "no manifest": lambda a: rewritten(a, lambda m: [m.pop(archives.MANIFEST), m.pop(archives.SEAL)]),
    "manifest changed": lambda a: rewritten(a, lambda m: set_manifest(m, seal=False, host="x")),
    "foreign": lambda a: rewritten(a, lambda m: set_manifest(m, kind="other")),
    "newer form": lambda a: rewritten(a, lambda m: set_manifest(m, schema=3)),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_archive_changes_nothing(good, tmp_path, tmp_path_factory, how):
    archive = BROKEN[how](Path(shutil.copy(good, tmp_path / "copy.tar.gz")))
    fresh = tmp_path_factory.mktemp("fresh")
    page_data(fresh / "data", chats=0)
    (fresh / "secrets").mkdir()
    before = fingerprint(fresh)
    told = restore(fresh, archive)
    assert told["failed"] and told["rule"] == "LLM712" and "处理办法" in told["msg"], told
    assert fingerprint(fresh) == before


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"image": OLD}, "LLM722"), ({"image": {"ref": "x/open-webui"}}, "LLM722"), ({"admin": "else@x.org"}, "LLM729")],
)
def test_another_version_or_administrator_changes_nothing(good, tmp_path_factory, change, rule):
    fresh = tmp_path_factory.mktemp("fresh")
    (fresh / "secrets").mkdir()
    before = fingerprint(fresh)
    assert restore(fresh, good, **change)["rule"] == rule
    assert fingerprint(fresh) == before


def test_an_older_backup_fits_a_newer_page(good, tmp_path_factory):
    told = restore(tmp_path_factory.mktemp("fresh"), good, image=NEW)
    assert told.get("changed"), told


def test_a_name_in_the_archive_stays_below_its_folder():
    def accepted(name):
        return archives.plain(name) and core.may(name)

    assert accepted("data/uploads/a..b")
    assert not any(accepted(n) for n in ("data", "/data/x", "data/../x", "other/x", "../data/x", ""))


def test_messages_name_the_archive():
    with pytest.raises(Refusal) as caught:
        core.read(Path(__file__))
    assert "test_backup.py" in caught.value.reason.en
