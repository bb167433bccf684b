# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: which files, which services, what it needs, and that the record of the data comes last."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._upgrade import back
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import backup, data, restore

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


def test_a_drop_in_restarts_its_unit():
    found = back.way(row(), then(**{f"{UNIT}.d/limits.conf": file("x")}))
    assert found.restart == ["yitiji-vllm.service"]


def test_the_data_moved_where_another_image_took_them():
    assert back.page_moves(row(), then(**{back.RECORD: record("2")}))
    assert not back.page_moves(row(), then())
    assert not back.page_moves(row(), {})


def test_the_first_snapshot_since_the_generation_counts(tmp_path):
    for stamp in ("20260101T000000Z", "20260201T000000Z", "20260301T000000Z"):
        (tmp_path / f"{back.SNAPSHOT}-{stamp}.tar.gz").write_text("")
    since = int(time.mktime(time.strptime("20260115", "%Y%m%d")))
    assert back.snapshot(str(tmp_path), since).endswith("20260201T000000Z.tar.gz")
    assert back.snapshot(str(tmp_path), 1 << 40) == ""


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
