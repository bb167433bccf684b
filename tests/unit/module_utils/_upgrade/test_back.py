# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: which files, which services, what it needs, and that the record of the data comes last."""

from __future__ import annotations

import calendar
import contextlib
import functools
import json
import os
import sqlite3
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock import generations
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import back
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup, data, restore

from tests.unit.module_utils._upgrade import a_node
from tests.unit.module_utils._webui import page_data

UNIT = "/etc/systemd/system/yitiji-vllm.service"
TIMER = "/etc/systemd/system/yitiji-watch.timer"
JOB = "/etc/systemd/system/yitiji-watch.service"
ENV = "/etc/yitiji/secrets/yitiji-vllm.env"
SITE = "/etc/nginx/conf.d/yitiji.conf"
STARTS = "\n[Install]\nWantedBy=multi-user.target\n"


def file(text):
    return {"mode": 0o644, "uid": os.getuid(), "gid": os.getgid(), "text": text}


def record(version):
    return file(json.dumps({"ref": f"r/open-webui:{version}", "id": f"sha256:{version}"}))


def then(**more):
    texts = {UNIT: f'ExecStartPre=cat "{ENV}"{STARTS}', TIMER: f"[Timer]{STARTS}", JOB: "[Service]\n",
             ENV: "KEY=1", SITE: "server a"}  # fmt: skip
    return {**{path: file(text) for path, text in texts.items()}, back.RECORD: record("1"), **more}


def row(**more):
    stamp = more.pop("stamp", "/")
    model = {"stamp": stamp}
    plan = {"model": model, "models_beside": [], "nodes": {"n1": {"units": [{"name": "yitiji-vllm"}]}}}
    return {"number": 1, "files": then(), "images": {"r/a:1": "sha256:a"}, "plan": plan, "at": 0, **more}


def test_the_reason_is_what_the_task_said_or_the_first_item_that_failed():
    loop = {"msg": "One or more items failed", "results": [{"msg": "fine"}, {"failed": True, "msg": "LLM141 x"}]}
    assert [back.reason(row) for row in (loop, {"msg": "LLM1"}, {}, {"results": [], "msg": "y"})] == [
        "LLM141 x", "LLM1", "", "y",
    ]  # fmt: skip


def test_nothing_is_done_where_nothing_differs():
    assert back.way(row(), then())[:6] == ([], [], [], [], [], "")


def test_an_env_file_restarts_the_unit_that_names_it_and_no_job_of_a_timer():
    found = back.way(row(), then(**{ENV: file("KEY=2"), JOB: file("[Service]\nNice=1\n")}))
    assert found.write == [JOB, ENV] and found.restart == ["yitiji-vllm.service"] and found.enable == []


def test_a_unit_that_came_is_stopped_and_one_that_went_is_enabled_again():
    other = "/etc/systemd/system/yitiji-llama-cpp.service"
    there = {path: text for path, text in then(**{other: file(STARTS)}).items() if path != UNIT}
    found = back.way(row(), there)
    assert found.stop == ["yitiji-llama-cpp.service"] and found.remove == [other]
    assert found.enable == found.restart == ["yitiji-vllm.service"]


@pytest.mark.parametrize(
    ("path", "verb"),
    [(SITE, "reload"), ("/etc/systemd/system/nginx.service.d/yitiji-sandbox.conf", "restart"), (ENV, "")],
)
def test_nginx_is_reloaded_or_restarted(path, verb):
    assert back.way(row(), then(**{path: file("other")})).nginx == verb


def test_another_page_restarts_no_engine():
    """Its unit names its own file and a folder beside the page's record."""
    page = "/etc/systemd/system/yitiji-open-webui.service"
    engine = file(f'ExecStartPre=cat "{UNIT}"\nExecStart=docker run -v /var/lib/yitiji/cache:/c{STARTS}')
    generation = row(files=then(**{UNIT: engine, page: file(f"old{STARTS}")}))
    there = then(**{UNIT: engine, page: file(f"new{STARTS}"), back.RECORD: record("2")})
    assert back.way(generation, there).restart == ["yitiji-open-webui.service"]


def test_a_drop_in_restarts_its_unit():
    found = back.way(row(), then(**{f"{UNIT}.d/limits.conf": file("x")}))
    assert found.restart == ["yitiji-vllm.service"]


def archived(folder, stamp, version, revision="abc"):
    """An archive as role open_webui makes it before another image goes on with the data."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{back.SNAPSHOT}-{stamp}.tar.gz"
    backup.write(path, folder / "none", {}, {"image": json.loads(record(version)["text"]), "revision": revision})
    return str(path)


def test_the_data_moved_where_another_image_changed_them(tmp_path):
    page = page_data.page_data(tmp_path / "page")
    changed = archived(tmp_path / "a", "20260201T000000Z", "1", "older")

    def asked(there, folder="a", arrived=True):
        return back.taken_over(row(), there, str(tmp_path / folder), page, arrived)

    other = then(**{back.RECORD: record("2")})
    assert asked(other) == (True, changed)
    assert asked(other, "none") == (True, ""), "nobody knows"
    assert asked(then()) == asked({}) == (False, "")
    same = archived(tmp_path / "b", "20260201T000000Z", "1")
    assert asked(other, "b") == (False, same), "of the same revision, so that nothing written since is lost"
    assert asked(other, "b", arrived=False) == (True, same), "a migration that failed may have changed them"


def test_the_newest_snapshot_of_the_generations_own_image_counts(tmp_path):
    folder, stamps = tmp_path / "a", [f"2026{month}01T000000Z" for month in ("01", "02", "03", "04")]
    found = [archived(folder, stamp, version) for stamp, version in zip(stamps, "1112")]
    since, one = calendar.timegm(time.strptime("20260115", "%Y%m%d")), json.loads(record("1")["text"])
    assert back.snapshot(str(folder), since, one) == (found[2], "abc")
    os.unlink(found[2])
    os.unlink(found[1])
    assert back.snapshot(str(folder), since, one) == ("", ""), "older than the generation"


@pytest.mark.parametrize(
    ("given", "archive", "moves", "said", "told"),
    [
        (row(), "", False, "sha256:a", ""),
        (row(), "x.tar.gz", True, "sha256:a", ""),
        (row(), "", True, "sha256:a", back.SNAPSHOT),
        (row(), "", False, "", "r/a:1 sha256:a"),
        (row(stamp="/none/stamp"), "", False, "sha256:a", "/none/stamp"),
    ],
)
def test_what_is_gone_is_refused_before_anything_is_changed(given, archive, moves, said, told):
    def judged():
        back.judge(given, archive, moves, lambda _words, _seconds: said)

    if not told:
        return judged()
    with pytest.raises(Refusal) as caught:
        judged()
    assert caught.value.rule == "LLM583" and told in caught.value.message("n1")


def test_files_images_and_services_are_brought_back_the_record_last(tmp_path):
    done = []
    there = then(**{back.RECORD: record("2"), SITE: file("server b"), "/etc/yitiji/new.json": file("{}")})
    for path, content in there.items():
        place = tmp_path / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content["text"])
    (tmp_path / SITE[1:]).unlink()
    (tmp_path / SITE[1:]).parent.rmdir()
    reloaded = tmp_path / back.RELOADED
    reloaded.parent.mkdir(parents=True)
    reloaded.write_text("digest")
    work = back.Back(row(), {}, lambda words, _seconds: done.append(" ".join(words)), f"{tmp_path}/")
    found = back.way(row(), there)
    work.images()
    work.files(found)
    noted = tmp_path / back.RECORD[1:]
    assert noted.read_text() == there[back.RECORD]["text"], "until the data are back"
    assert (tmp_path / SITE[1:]).read_text() == "server a" and not (tmp_path / "etc/yitiji/new.json").exists()
    work.start(found, False)
    assert noted.read_text() == record("1")["text"] and not reloaded.exists()
    assert done == ["docker image tag sha256:a r/a:1", "systemctl daemon-reload", "systemctl reload nginx"]


def test_units_are_enabled_and_restarted_together():
    done = []
    other = "/etc/systemd/system/yitiji-other.service"
    work = back.Back(row(), {}, lambda words, _seconds: done.append(" ".join(words)))
    work.start(back.Way([], [other], [], ["a.service"], ["a.service", "b.timer"], "", {}), False)
    assert done == ["systemctl enable --quiet a.service", "systemctl reset-failed a.service b.timer",
                    "systemctl restart a.service b.timer"]  # fmt: skip


def test_after_a_kill_what_was_written_is_started(monkeypatch, tmp_path):
    unit = tmp_path / "a.service"
    unit.write_text("changed")
    text = back.systemd.note("a", [str(unit)]).replace(back.systemd.unit_path("a"), str(tmp_path / "none"))
    noted = {"a": "0", "b": back.systemd.digest([str(unit)])}
    monkeypatch.setattr(back.systemd, "started_from", noted.get)
    starts = {"a.service": text, "b.service": text, "c.timer": "[Timer]"}
    done = []
    work = back.Back(row(), {}, lambda words, _seconds: done.append(" ".join(words)), f"{tmp_path}/")
    work.start(back.Way([], [], [], [], [], "", starts), True)
    assert done == ["systemctl enable --quiet a.service b.service c.timer", "systemctl reset-failed a.service",
                    "systemctl restart a.service", "systemctl reload nginx"]  # fmt: skip
    del done[:]
    head_less = row(files={path: text for path, text in then().items() if path != SITE})
    back.Back(head_less, {}, work.do, f"{tmp_path}/").start(back.Way([], [], [], [], [], "", {}), True)
    assert done == [], "a node without a gateway has no nginx"


root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


@root
def test_the_data_of_the_snapshot_come_back_and_those_of_now_stay_beside(tmp_path, monkeypatch):
    """With a real archive and real databases."""
    ran = []
    monkeypatch.setattr(restore, "run", lambda words, _seconds: ran.append(words))
    folder, secrets = tmp_path / "page", tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    (tmp_path / "then").mkdir()
    page_data.page_data(tmp_path / "then/page", 1)
    archive = tmp_path / f"{back.SNAPSHOT}-20260201T000000Z.tar.gz"
    about = {"version": "0.8.1", "admins": [page_data.ADMIN], "chats": 1}
    backup.write(archive, tmp_path / "then/page", {}, about)
    page_data.page_data(folder)
    given = {
        "data_dir": str(folder),
        "secrets_dir": str(secrets),
        "owner": os.getuid(),
        "unit": "u",
        "admin": page_data.ADMIN,
    }
    files = then(**{back.RECORD: file(json.dumps({"ref": "r/open-webui:v0.8.1"}))})
    before = back.Back(row(files=files), given, lambda *_given: "").data(str(archive))
    assert data.info(folder)["chats"] == 1 and data.info(Path(before))["chats"] == 3
    assert ran == [["systemctl", "stop", "u"]] and not list(tmp_path.glob("*.restore"))


@pytest.mark.parametrize(
    ("began", "line", "seconds"), [("@100\n", "196.4 n1 x: startup", 96), ("", "", 0), ("@9", "odd", 0)]
)
def test_how_long_an_engine_took(began, line, seconds):
    assert back.start_seconds(row(), lambda words, _seconds: began if words[0] == "systemctl" else line) == seconds


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A node on which release 1 serves."""
    node = a_node.Node(tmp_path_factory.mktemp("node") / "first")
    page_data.page_data(node.data)
    with contextlib.closing(sqlite3.connect(node.data / "webui.db")) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("UPDATE alembic_version SET version_num = '1'")
        db.commit()
    assert a_node.run(node, lambda: node.upgrade("1")) == 0
    return node


@pytest.fixture(scope="module")
def second(first):
    """The same after an upgrade to release 2, on which somebody has begun a chat."""
    node = first.copy(first.folder.with_name("second"))
    assert a_node.run(node, lambda: node.upgrade("2")) == 0
    node.write_a_chat()
    return node


def kills(node, job):
    """The node after a kill before each change that the job makes, and then as it is when nothing kills it."""
    for count in range(1, 1000):
        killed = node.copy(node.folder.with_name("killed"))
        ended = a_node.run(killed, functools.partial(job, killed), count)
        assert ended in (0, a_node.KILLED)
        yield killed
        if ended == 0:
            return
    raise AssertionError("it does not end")


def finished(killed, job):
    node = killed.copy(killed.folder.with_name("again"))
    assert a_node.run(node, lambda: job(node)) == 0
    assert not generations.unfinished(node.kept) and not list(node.data.parent.glob("*.restore"))
    return node


@root
def test_an_upgrade_killed_before_any_of_its_changes_goes_on_or_back(first, second):
    count = 0
    for killed in kills(first, lambda node: node.upgrade("2")):
        count += 1
        there = finished(killed, lambda node: node.upgrade("2"))
        assert there.serves() == second.serves() and there.chats() == [3]
        assert generations.before(generations.rows(there.kept))["number"] == 1
        if generations.unfinished(killed.kept) or killed.newest()["number"] > 1:
            home = finished(killed, lambda node: node.go())
            assert home.serves() == first.serves() and home.newest()["verdict"] == "rolled back"
        else:
            assert killed.serves() == first.serves(), "nothing was changed before the note"
    assert count > 20


@root
def test_a_way_back_killed_before_any_of_its_changes_goes_on_or_there_again(first, second):
    count = 0
    for killed in kills(second, lambda node: node.go()):
        count += 1
        assert killed.chats()[0] and 4 in killed.chats(), "at no moment without data"
        if killed.newest()["verdict"] == "there" or generations.unfinished(killed.kept):
            home = finished(killed, lambda node: node.go())
            assert home.serves() == first.serves() and home.chats()[0] == 3 and 4 in home.chats()
        there = finished(killed, lambda node: node.upgrade("2"))
        assert there.serves() == second.serves() and 4 in there.chats()
    assert count > 20


@root
def test_repeated_before_it_was_asked_it_comes_to_the_same_generation(first, second):
    """Who waits for an engine in vain and asks again must not go one further."""
    third = second.copy(second.folder.with_name("third"))
    third.upgrade("3")
    for _turn in range(2):
        told = back.go({"page": third.page, "by": "", "failed": {}}, third.ask, third.do, root=third.root)
        assert told["number"] in (2, third.newest()["number"]) and third.serves() == second.serves()
    rows = generations.rows(third.kept)
    assert [row["verdict"] for row in rows].count("rolled back") == 1, "and is told once"
    assert generations.unfinished(third.kept) == 2


@root
def test_who_serves_what_the_others_go_to_stays(second):
    node, wanted = second.copy(second.folder.with_name("stays")), second.newest()["plan"]
    given = {"page": node.page, "by": "", "failed": {}, "wanted": wanted, "node": "n1"}
    told = back.go(given, node.ask, node.do, root=node.root)
    assert not told["changed"] and told["plan"] == wanted and node.serves() == second.serves()
    assert not generations.unfinished(node.kept) and node.newest()["number"] == 2


def test_data_in_postgresql_are_left_to_the_site(tmp_path):
    mine = then(**{back.RECORD: file(json.dumps({"ref": "r/open-webui:1", "id": "1", "database": "postgresql"}))})
    there = then(**{back.RECORD: record("2")})
    assert back.taken_over(row(files=mine), there, str(tmp_path), tmp_path, True) == (False, "")
