# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backup and restore of the users' data: whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import sys
import tarfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import data

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "service"))
from run_module import run

ADMIN = "admin@appliance.local"
NOW, OLD, NEW = ({"ref": f"x/open-webui:{v}-slim", "id": f"sha256:{v}"} for v in ("0.12.4", "0.11.0", "0.13.0"))


def page_data(folder: Path, chats: int = 3) -> Path:
    """Data as a page that was killed leaves them: a part is only in the log of the database."""
    (folder / "uploads").mkdir(parents=True)
    (folder / "uploads/plan.txt").write_text("the plan")
    (folder / "cache/embedding/model").mkdir(parents=True)
    (folder / "cache/embedding/model/big.bin").write_bytes(b"made again")
    (folder / "link").symlink_to("/etc/passwd")
    live = folder.parent / "live.db"
    db = sqlite3.connect(live)
    db.execute("PRAGMA journal_mode=WAL")
    db.executescript(
        'CREATE TABLE "user" (email TEXT, role TEXT); CREATE TABLE chat (id INTEGER); CREATE TABLE file (id INTEGER);'
        "CREATE TABLE knowledge (id INTEGER); CREATE TABLE alembic_version (version_num TEXT);"
        f"INSERT INTO \"user\" VALUES ('{ADMIN}', 'admin'); INSERT INTO alembic_version VALUES ('abc');"
    )
    db.executemany("INSERT INTO chat VALUES (?)", [(i,) for i in range(chats)])
    db.commit()
    for suffix in ("", "-wal", "-shm"):
        shutil.copyfile(f"{live}{suffix}", f"{folder / 'webui.db'}{suffix}")
    db.close()
    return folder


@pytest.fixture
def node(tmp_path):
    page_data(tmp_path / "data")
    users = tmp_path / "secrets/open-webui-users"
    users.mkdir(parents=True)
    for name in ("open-webui-session", "open-webui-admin", "engine-key", "open-webui-users/li@example.org"):
        (tmp_path / "secrets" / name).write_text(f"value of {name}\n")
    return tmp_path


def backup(node: Path, **more) -> dict:
    folder = {"directory": str(node / "backups"), "data_dir": str(node / "data"), "secrets_dir": str(node / "secrets")}
    return run("open_webui_backup", {**folder, "unit": "yitiji-not-here", "image": NOW, **more})


def restore(node: Path, archive, check: bool = False, **more) -> dict:
    given = {
        "archive": str(archive), "data_dir": str(node / "data"), "secrets_dir": str(node / "secrets"),
        "owner": os.getuid(), "unit": "yitiji-not-here", "image": NOW, "admin": ADMIN, **more,
    }  # fmt: skip
    return run("open_webui_restore", given, check)


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
    assert told["failed"] and told["rule"] == "LLM712", told
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
    assert Path(told["before"], ".secrets-before/open-webui-session").read_text() == "of before\n"
    assert not list(fresh.glob("*.restore"))


def test_data_in_use_are_not_replaced_unless_asked(node):
    archive = backup(node)["path"]
    before = fingerprint(node)
    told = restore(node, archive)
    assert told["rule"] == "LLM713" and "open_webui_restore_replace" in told["msg"]
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
    member, text = members[core.MANIFEST]
    text = json.dumps({**json.loads(text), **change}).encode()
    members[core.MANIFEST] = (member, text)
    if seal:
        members[core.SEAL] = (members[core.SEAL][0], hashlib.sha256(text).hexdigest().encode())


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


BROKEN = {
    "cut": lambda a: a.write_bytes(a.read_bytes()[:-200]) and a,
    "empty": lambda a: a.write_bytes(b"") or a,
    "a flipped bit": lambda a: a.write_bytes(a.read_bytes()[:300] + b"\x55" + a.read_bytes()[301:]) and a,
    "no archive": lambda a: a.write_text("hello") and a,
    "plain gzip": lambda a: a.write_bytes(gzip.compress(b"hello" * 1000)) and a,
    "changed": lambda a: rewritten(a, tamper),
    "a path out of it": lambda a: rewritten(a, smuggle),
    "a link": lambda a: rewritten(a, link),
    "one file less": lambda a: rewritten(a, lambda m: m.pop("data/uploads/plan.txt")),
    "no manifest": lambda a: rewritten(a, lambda m: [m.pop(core.MANIFEST), m.pop(core.SEAL)]),
    "manifest changed": lambda a: rewritten(a, lambda m: set_manifest(m, seal=False, host="x")),
    "foreign": lambda a: rewritten(a, lambda m: set_manifest(m, kind="other")),
    "newer form": lambda a: rewritten(a, lambda m: set_manifest(m, schema=2)),
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
    [({"image": OLD}, "LLM704"), ({"image": {"ref": "x/open-webui"}}, "LLM704"), ({"admin": "else@x.org"}, "LLM713")],
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


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ("ghcr.io/open-webui/open-webui:v0.12.4", "0.12.4"),
        ("yitiji.local:5000/open-webui:0.12.4-slim", "0.12.4"),
        ("x/open-webui:0.12.4@sha256:abc", "0.12.4"),
        ("localhost:5000/open-webui", ""),
        ("x/open-webui:main", ""),
    ],
)
def test_version_of(ref, version):
    assert data.version_of(ref) == version


def test_which_image_is_another():
    assert data.changes_image({}, NOW), "nobody knows what ran before"
    assert not data.changes_image({**NOW, "digest": ""}, {**NOW, "digest": None})
    assert data.changes_image(NOW, {**NOW, "id": "sha256:other"})
    assert not data.changes_image({"ref": "a", "id": ""}, {"ref": "a", "id": "sha256:x"})


def rules(found, record, image, database="sqlite"):
    return [one.rule for one in data.judge(found, record, image, database)]


def test_what_may_go_on_with_the_data(node):
    found = data.info(node / "data")
    empty = {"exists": False}
    assert rules(found, {**NOW, "database": "sqlite"}, NOW) == []
    assert rules(found, {**NOW, "database": "sqlite"}, NEW) == []
    assert rules(found, {**NOW, "database": "sqlite"}, OLD) == ["LLM704"]
    assert rules(empty, {**NOW, "database": "sqlite"}, OLD) == []
    assert rules(found, {**NOW, "database": "sqlite"}, NOW, "postgresql") == ["LLM713"]
    assert rules(found, {}, NOW, "postgresql") == ["LLM713"]
    assert rules(empty, {}, NOW, "postgresql") == []
    assert rules(empty, {**NOW, "database": "postgresql"}, NOW) == ["LLM713"]


def test_a_database_that_cannot_be_read_counts_as_used(tmp_path):
    (tmp_path / "webui.db").write_text("not a database")
    found = data.info(tmp_path)
    assert found["problem"] and data.in_use(found)


def test_a_name_in_the_archive_stays_below_its_folder():
    assert core.safe("data/uploads/a..b")
    assert not any(core.safe(n) for n in ("data", "/data/x", "data/../x", "other/x", "../data/x", ""))


def test_messages_name_the_archive():
    with pytest.raises(Refusal) as caught:
        core.read(Path(__file__))
    assert "test_webui_backup.py" in caught.value.reason.en
