# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile archives against the restore, and a hostile page against the making of a backup.

An archive carries its own digests, so whoever writes one can make them right: these are all sealed as ours are.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import restore as whole_node
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup, make_backup, restore

from tests.attack.archives import Archive, hostile_database
from tests.unit.module_utils._webui.page_data import ADMIN, NOW, page_data

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")
PAGE = 10001
SECRET = "the secret of somebody else"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A page's database, whole."""
    folder = tmp_path_factory.mktemp("page")
    page_data(folder / "data", chats=1)
    db = sqlite3.connect(folder / "data/webui.db")
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    return (folder / "data/webui.db").read_bytes()


@pytest.fixture
def node(monkeypatch):
    """A fresh node, in a folder that the page's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="attack-"))
    folder.chmod(0o711)
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets/engine-key").write_text("untouched\n")
    monkeypatch.setattr(restore, "run", lambda words, _s: subprocess.CompletedProcess(words, 0, "", ""))
    monkeypatch.setattr(restore.signal, "signal", lambda number, handler: None)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)  # deeper than Python goes


def put(node: Path, archive: Path) -> None:
    config = {
        "page": {"data_dir": str(node / "data"), "owner": PAGE, "unit": "yitiji-not-here", "database": "sqlite"},
        "secrets_dir": str(node / "secrets"), "tls_dir": str(node / "tls"), "restored_plan": str(node / "plan.json"),
        "site": {}, "state": {"open-webui.json": str(node / "open-webui.json")},
    }  # fmt: skip
    params = {"archive": str(archive), "config": config, "image": NOW, "admin": ADMIN, "replace": True}
    work = whole_node.Restore(params)
    work.judge()
    work.unpack()
    work.swap()


def state(node: Path):
    return sorted(
        (str(p.relative_to(node)), p.read_bytes() if p.is_file() else b"") for p in node.rglob("*") if p.name != "a.gz"
    )


def refused(node: Path, archive: Path) -> None:
    before = state(node)
    with pytest.raises(Refusal) as caught:
        put(node, archive)
    assert caught.value.rule == "LLM712"
    shutil.rmtree(node / "data.restore", ignore_errors=True)  # the module's own last step
    assert state(node) == before


def whole(database, **about) -> Archive:
    archive = Archive(**about).add("data/webui.db", database)
    return archive.add("secrets/open-webui-session", b"session\n")


def test_a_good_one_by_the_same_hand_goes_through(node, database):
    put(node, whole(database).sealed(node / "a.gz"))
    assert (node / "data/webui.db").stat().st_uid == PAGE


NAMES = [
    "secrets/vllm.env", "secrets/yitiji-open-webui.env", "secrets/open-webui.env", "secrets/engine.env",
    "secrets/open-webui-x.env", "secrets/.bashrc", "secrets/cron.d/x", "secrets/open-webui-session/x",
    "secrets/open-webui-users", "secrets/open-webui-users/a/b", "secrets/open-webui-users/.x", "secrets/docker.json",
    "secrets/-rf", "secrets/OPEN-WEBUI-X", "secrets/open-webui-x y", "secrets/../../etc/cron.d/x", "/etc/cron.d/x",
    "data/../secrets/engine-key", "data/./x", "data//x", "data/x/", "data", "secrets", "other/x", "../x", "data/x\ny",
    "data/\x1b[2J", "data/x\x7fy", "data/" + "d/" * 40 + "x", "data/" + "n" * 300, "./data/x", "",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_name_that_is_not_ours(node, database, name):
    refused(node, whole(database).add(name, b"x\n").sealed(node / "a.gz"))


@pytest.mark.parametrize("name", ["secrets/vllm.env", "/etc/cron.d/x", "data/../x"])
def test_such_a_name_in_a_long_names_record(node, database, name):
    refused(node, whole(database).add("data/innocent", b"x\n", pax={"path": name}).sealed(node / "a.gz"))


VALUES = {
    "two lines": b"a\nexport LD_PRELOAD=/tmp/x\n",
    "carriage return": b"a\rb\n",
    "zero byte": b"a\0b\n",
    "escape": b"a\x1b[2Jb\n",
    "not UTF-8": b"\xff\xfe\n",
    "empty": b"",
    "blank": b" \n",
    "large": b"a" * 100_000,
}


@pytest.mark.parametrize(
    "name", ["open-webui-oidc", "open-webui-users/li@example.org", "engine-key", "gateway-key-default"]
)
@pytest.mark.parametrize("what", VALUES)
def test_a_secret_that_is_more_than_one_line(node, database, name, what):
    archive = Archive().add("data/webui.db", database).add("secrets/" + name, VALUES[what])
    refused(node, archive.sealed(node / "a.gz"))


TYPES = {
    "symbolic link": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE, "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE, "pipe": tarfile.FIFOTYPE, "folder": tarfile.DIRTYPE, "old file": tarfile.AREGTYPE,
    "contiguous": tarfile.CONTTYPE, "GNU sparse": tarfile.GNUTYPE_SPARSE, "GNU long name": tarfile.GNUTYPE_LONGNAME,
    "GNU long link": tarfile.GNUTYPE_LONGLINK, "pax of all": tarfile.XGLTYPE, "Solaris pax": tarfile.SOLARIS_XHDTYPE,
    "unknown": b"Z",
}  # fmt: skip


PLACES = {
    "tls/ca.crt": b"#!/bin/sh\n",
    "tls/server.key": b"-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n",
    "tls/nginx.conf": b"x", "tls/live.crt": b"x", "tls/../nginx.conf": b"x", "site/x": b"x", "state/doctor.json": b"{}",
    "state/open-webui.json": b'{"ref": "x", "command": "y"}',
    "state/plan.json": b"[]", "etc/passwd": b"x",
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_another_file_for_the_places_of_root(node, database, name):
    refused(node, whole(database).add(name, PLACES[name]).sealed(node / "a.gz"))


@pytest.mark.parametrize("section", ["data/x", "secrets/open-webui-x"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_member_that_is_no_plain_file(node, database, kind, section):
    archive = whole(database).add(
        section, b"x\n" if TYPES[kind] in (b"7", b"\0", b"Z") else b"", TYPES[kind], link="/etc/passwd"
    )
    refused(node, archive.sealed(node / "a.gz"))


def test_the_same_name_twice(node, database):
    refused(node, whole(database).add("data/x", b"1").add("data/x", b"1").sealed(node / "a.gz"))


def test_a_file_and_a_folder_of_one_name(node, database):
    refused(node, whole(database).add("data/x", b"1").add("data/x/y", b"2").sealed(node / "a.gz"))


def bomb_header(archive):
    archive.add("data/x", size=(8 << 30) - 1, listed=False)
    archive.raw.write(b"\0" * (64 << 20))


def bomb_pax(archive):
    archive.add("data/x", pax={"size": "9" * 4000})


def bomb_record(archive):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 64 << 20
    archive.raw.write(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (64 << 20))


@pytest.mark.parametrize("bomb", [bomb_header, bomb_pax, bomb_record])
def test_a_bomb(node, database, bomb):
    archive = whole(database)
    bomb(archive)
    refused(node, archive.sealed(node / "a.gz"))


def test_more_than_the_disk_holds(node, database, monkeypatch):
    room = shutil.disk_usage(node)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: room)
    refused(node, whole(database).add("data/zeros", bytes(2 << 20)).sealed(node / "a.gz"))


MANIFESTS = {
    "version of words": {"version": "1.x"}, "version of signs": {"version": "0.1\n"},
    "version as a list": {"version": [1]},
    "huge version": {"version": "9" * 5000}, "admins as a number": {"admins": 7}, "no counts": {"users": None},
    "schema of truth": {"schema": "1"}, "kind as a list": {"kind": []},
}  # fmt: skip


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_lies_is_refused_or_not_believed(node, database, what):
    """Whatever it says: a refusal, or the truth from the database itself, never an unforeseen end."""
    archive = whole(database, **MANIFESTS[what]).sealed(node / "a.gz")
    if what == "no counts":
        put(node, archive)
        return
    with pytest.raises(Refusal):
        put(node, archive)


@pytest.mark.parametrize(
    "text", [b"[]", b"7", b"{", b'{"members": 7}', b'{"members": {"a": 7}}', b"[" * 100_000, b"\xff"], ids=repr
)
def test_a_manifest_of_another_form(node, database, text):
    refused(node, whole(database).sealed(node / "a.gz", manifest=text))


@pytest.mark.parametrize("tail", [b"#!/bin/sh\n", gzip.compress(b"x" * 600)], ids=["text", "gzip"])
def test_something_after_the_end(node, database, tail):
    refused(node, whole(database).sealed(node / "a.gz", tail=tail))


def test_a_database_that_never_answers(node, tmp_path, monkeypatch):
    monkeypatch.setattr(restore, "LOOK_SECONDS", 0.5, raising=False)
    archive = Archive().add("data/webui.db", hostile_database(tmp_path / "h.db")).sealed(node / "a.gz")
    work = threading.Thread(target=lambda: refused(node, archive), daemon=True)
    work.start()
    work.join(5)
    assert not work.is_alive()


LINKED = [".secrets-before", ".secrets-before/open-webui-users", "uploads", "webui.db"]


@pytest.mark.parametrize("where", LINKED)
def test_a_link_left_by_the_page(node, database, where):
    """What the page's container leaves leads nothing of ours anywhere."""
    outside = node / "outside"
    outside.mkdir()
    (node / "secrets/open-webui-session").write_text("of before\n")
    (node / "secrets/open-webui-users").mkdir()
    (node / "secrets/open-webui-users/li@example.org").write_text("of Li\n")
    (node / "data" / where).parent.mkdir(parents=True)
    (node / "data" / where).symlink_to(outside)
    put(node, whole(database).sealed(node / "a.gz"))
    assert list(outside.iterdir()) == []


@pytest.fixture
def page(node):
    """A page's data, and something outside that only root reads."""
    page_data(node / "data")
    for where, folders, names in os.walk(node / "data"):
        for name in [*folders, *names]:
            os.chown(Path(where, name), PAGE, PAGE, follow_symlinks=False)
    os.chown(node / "data", PAGE, PAGE)
    (node / "shadow").write_text(SECRET)
    (node / "shadow").chmod(0o600)
    (node / "etc").mkdir(mode=0o700)
    (node / "etc/plan.txt").write_text(SECRET)
    (node / "etc/plan.txt").chmod(0o600)
    (node / "backups").mkdir(mode=0o700)
    return node


def made(node: Path) -> bytes:
    told = make_backup.make({
        "directory": str(node / "backups"), "name": "x", "data_dir": str(node / "data"), "unit": "yitiji-not-here",
        "secrets_dir": str(node / "secrets"), "image": NOW, "keep": 0,
    })  # fmt: skip
    content = gzip.decompress(Path(told["path"]).read_bytes())
    Path(told["path"]).unlink()
    return content


@pytest.fixture(autouse=True)
def _no_systemd(monkeypatch):
    monkeypatch.setattr(make_backup, "run", lambda words, _s: subprocess.CompletedProcess(words, 3, "", ""))
    monkeypatch.setattr(make_backup.signal, "signal", lambda number, handler: None)


def plant_pipe(data: Path) -> None:
    os.mkfifo(data / "pipe")
    os.mkfifo(data / "uploads/pipe.db")


def plant_links(data: Path) -> None:
    (data / "shadow").symlink_to(data.parent / "shadow")
    (data / "uploads/folder").symlink_to(data.parent / "etc")
    (data / "cache.db").symlink_to(data.parent / "shadow")


def plant_names(data: Path) -> None:
    (data / "a\nb").write_text("x")
    Path(os.fsdecode(os.fsencode(data) + b"/\xff\xfe")).write_text("x", encoding="utf-8")
    (data / ("n" * 255)).write_text("x")


def plant_depth(data: Path) -> None:
    here = os.open(data, os.O_RDONLY)
    for _level in range(1500):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def plant_databases(data: Path) -> None:
    (data / "vector_db").mkdir()
    (data / "vector_db/x.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


PLANTS = [plant_pipe, plant_links, plant_names, plant_depth, plant_databases]


@pytest.mark.parametrize("plant", PLANTS)
def test_what_a_page_plants_neither_stops_a_backup_nor_gets_into_it(page, plant):
    plant(page / "data")
    done = []
    work = threading.Thread(target=lambda: done.append(made(page)), daemon=True)
    work.start()
    work.join(15)
    assert done, "no backup was made"
    assert SECRET.encode() not in done[0] and b"the plan" in done[0]


@pytest.mark.parametrize("kind", ["pipe", "link"])
@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
def test_a_page_that_spoils_its_own_database_is_named_at_once(page, suffix, kind):
    """It can end its own backup, as it can destroy its data; but nobody waits for ever, and nothing else gets in."""
    beside = page / f"data/webui.db{suffix}"
    beside.unlink(missing_ok=True)
    os.mkfifo(beside) if kind == "pipe" else beside.symlink_to(page / "shadow")
    said = []

    def attempt() -> None:
        with pytest.raises(ValueError, match=beside.name):
            made(page)
        said.append(True)

    work = threading.Thread(target=attempt, daemon=True)
    work.start()
    work.join(5)
    assert said


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_that_takes_a_files_place_at_the_wrong_moment(page, what):
    """A page that swaps a file of its own and a link to another's all the time, while backups are made."""
    place = page / "data/uploads" if what == "folder" else page / "data/uploads/plan.txt"
    target = page / "etc" if what == "folder" else page / "shadow"
    aside, link, stop = page / "aside", page / "link", threading.Event()

    def swap() -> None:
        while not stop.is_set():
            link.symlink_to(target)
            os.rename(place, aside)
            os.rename(link, place)
            os.rename(place, link)
            os.rename(aside, place)
            link.unlink()

    flipping = threading.Thread(target=swap, daemon=True)
    flipping.start()
    try:
        end, tried = time.monotonic() + 1.5, 0
        while time.monotonic() < end:
            tried += 1
            content = b""
            try:
                content = made(page)
            except (OSError, ValueError, backup.Moving):
                continue
            assert SECRET.encode() not in content, f"after {tried} backups"
    finally:
        stop.set()
        flipping.join()
