# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit does when a quota is used up, the disk full, a hand on the records, and when nobody records."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.audit.test_local import MARK, body
from tests.audit.world import MODELS, TEAMS, World, jwt, until


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The audit and nginx' logs on a file system of their own, of 192 MiB."""
    folder = tmp_path_factory.mktemp("small")
    place = folder / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "audit-test", place], check=True)
    world = World(
        folder / "world", gateway_audit_when_full="refuse", gateway_audit_reserve_mb=64, gateway_audit_content=True,
        gateway_audit_dir=str(place / "audit"), gateway_api_log=str(place / "logs/yitiji-api.log"),
        gateway_quotas=[{"team": "research", "requests": 5}, {"person": "*", "tokens": 100},
                        {"person": "person1@example.com", "tokens": 10}],
    )  # fmt: skip
    for name in ("logs/yitiji-audit", "audit/log"):
        (place / name).mkdir(parents=True)
    world.place = place
    world.start()
    yield world
    world.stop()
    subprocess.run(["umount", place], check=True)


def ask(world, team: str = "default", tokens: int = 1):
    return world.post("/v1/chat/completions", body(MODELS[0], 2, tokens), TEAMS[team])


def refused(world, who: str) -> bool:
    return who in json.loads(world.state.read_text())["over"]


def test_a_team_and_a_person_are_refused_for_the_rest_of_the_day(small):
    for _number in range(5):
        assert ask(small, "research")[0] == 200
    until(lambda: refused(small, "team research"), 5, "not over")
    status, headers, text = ask(small, "research")
    assert status == 429, text
    error = json.loads(text)["error"]
    midnight = time.strftime("%Y-%m-%d 00:00", time.localtime(time.time() + 86400))
    assert error["code"] == "quota_exceeded" and "[LLM881]" in error["message"] and midnight in error["message"]
    assert "当日的请求次数已用完（5）" in error["message"] and "used up" not in error["message"]
    assert 0 < int(headers["Retry-After"]) <= 86400 + 3600
    assert ask(small)[0] == 200, "another team"
    for tokens in (8, 4):
        status, _headers, _text = small.post("/api/chat/completions", body(MODELS[0], 2, tokens), jwt("id-1"))
        assert status == 200
    until(lambda: refused(small, "person person1@example.com"), 5, "not over")
    assert small.post("/api/chat/completions", body(MODELS[0], 2, 1), jwt("id-1"))[0] == 429
    assert small.post("/api/chat/completions", body(MODELS[0], 2, 1), jwt("id-2"))[0] == 200
    told = small.command("today").stdout
    assert "team research" in told and " 5/5 " in told and "16/10" in told


def test_content_is_kept_where_that_is_wanted(small):
    assert ask(small, tokens=3)[0] == 200
    rows = until(
        lambda: [row for row in small.find("--user", "default") if "答答答" in row.get("answer", "")], 5, "none"
    )
    assert MARK in rows[0]["question"]


def test_no_password_is_kept_with_it(small):
    before = len(small.find())
    small.post("/api/v1/auths/signin", {"email": "li@example.com", "password": "Secret-of-Li"})
    small.post("/api/v1/auths/add", {"email": "wu@example.com", "password": "Secret-of-Wu"}, jwt("id-1"))
    rows = until(lambda: len(found := small.find()) >= before + 2 and found[before:], 10, "not recorded")
    assert sorted(row["kind"] for row in rows) == ["manage", "sign-in"] and not any("question" in row for row in rows)
    for path in small.place.rglob("*"):
        if path.is_file() and path.name != "reserve":
            assert b"Secret-of-" not in path.read_bytes(), path


def test_a_collector_that_only_hangs_is_noticed(small):
    """Its last word says that all is well, and would for ever."""
    os.kill(small.collector.pid, signal.SIGSTOP)
    try:
        os.utime(small.state, (time.time() - 90,) * 2)
        status, _headers, text = ask(small)
        assert status == 503 and "LLM882" in text, text
    finally:
        os.kill(small.collector.pid, signal.SIGCONT)
    until(lambda: ask(small)[0] == 200, 15, "not open again")


def test_a_collector_that_starts_again_knows_todays_use(small):
    small.stop_collector()
    assert ask(small)[0] in (200, 503)
    small.state.unlink()  # as systemd removes it
    status, _headers, text = ask(small)
    assert status == 503 and "LLM882" in text, "nobody records"
    small.start_collector()
    until(lambda: ask(small)[0] == 200, 5, "not open again")
    assert ask(small, "research")[0] == 429


def test_a_full_disk_refuses_and_loses_nothing(small):
    def kept() -> int:
        return sum(row["status"] == 200 for row in small.find("--user", "default"))

    time.sleep(2)  # until the last test's are there
    recorded = kept()
    asked, filler = 0, small.place / "filler"
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
    over = False
    for _step in range(400):
        if not over:
            try:
                os.write(handle, bytes(1 << 20))
            except OSError:
                over = True
        status = ask(small)[0]
        assert status in (200, 503)
        asked += status == 200
        if status == 503:
            break
        time.sleep(0.05)
    assert status == 503, "still open"
    os.close(handle)
    assert "[LLM882]" in ask(small)[2]
    assert not over, "the disk was full before the collector looked"
    until(lambda: kept() >= recorded + asked, 10, f"{asked} asked, {recorded} before")
    assert kept() == recorded + asked
    filler.unlink()
    until(lambda: ask(small)[0] == 200, 10, "not open again")
    kinds = [json.loads(line).get("kind") for _w, line in lines_of(small)]
    assert "full" in kinds and "room" in kinds
    done = small.command("verify")
    assert done.returncode == 0, done.stdout
    assert "<2>[LLM882]" in (small.folder / "collector.log").read_text()


def lines_of(world):
    for path in sorted(Path(world.config["folder"]).glob("audit-*")):
        for line in path.read_text().splitlines():
            yield path, line


def test_a_hand_on_the_records_is_noticed(small):
    small.stop_collector()
    key = small.place / "audit/verify-key"
    done = small.command("verify", "--key", str(key))
    assert done.returncode == 0 and " 0 seals" not in done.stdout, done.stdout
    path = sorted(Path(small.config["folder"]).glob("audit-*"))[0]
    subprocess.run(["chattr", "-i", "-a", path], check=False)
    lines = path.read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if '"team":"research"' in line)
    for what, changed, found in (
        ("changed", [*lines[:number], lines[number].replace("research", "nobodyyy"), *lines[number + 1 :]],
         f"{path.name}:{number + 1}: 记录 {number + 1} 被修改"),
        ("deleted", [*lines[:number], *lines[number + 1 :]], f"{path.name}:{number + 1}: 记录 {number + 1}"),
        ("cut", [*lines[:-1], lines[-1][:40]], f"{path.name}:{len(lines)}: 不是完整的记录"),
    ):  # fmt: skip
        path.write_text("".join(changed))
        done = small.command("verify")
        assert done.returncode == 1 and found in done.stdout, (what, done.stdout)
    path.write_text("".join(lines))
    assert small.command("verify").returncode == 0
