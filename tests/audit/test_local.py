# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asked what and when: through a real nginx with the role's own site, kept by the real collector."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.audit.world import MODELS, TEAMS, World, jwt, until

MARK = "secret-of-the-question"


def body(model: str, words: int, tokens: int, stream: bool = False, usage: bool = False) -> dict:
    text = " ".join([MARK] * (words - 1) + [str(tokens)])
    more = {"stream": True, **({"stream_options": {"include_usage": True}} if usage else {})} if stream else {}
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    found = World(tmp_path_factory.mktemp("world")).start()
    yield found
    found.stop()


def recorded(world, least: int) -> list:
    return until(lambda: len(found := world.find()) >= least and found, 30, "not recorded")


def test_a_thousand_requests_are_each_found_again(world):
    rng = random.Random(25)

    def one(number: int) -> dict:
        model = rng.choice(MODELS)
        words, tokens, stream, usage = 2 + number % 7, rng.randint(1, 60), number % 3 == 0, number % 2 == 0
        asked = body(model, words, tokens, stream, usage)
        began = time.time()
        if number % 2:
            team = rng.choice(["default", "research"])
            status, headers, text = world.post("/v1/chat/completions", asked, TEAMS[team])
            who = {"team": team}
        else:
            user = f"id-{rng.randrange(20)}"
            who = {"user": user, "person": f"person{user[3:]}@example.com"}
            status, headers, text = world.post("/api/chat/completions", asked, jwt(user))
        assert status == 200, text
        assert ("[DONE]" in text) == stream and text.count("答") == tokens
        return {**who, "model": model, "words": words, "tokens": tokens, "id": headers.get("X-Request-Id"),
                "known": usage or not stream, "began": began, "ended": time.time()}  # fmt: skip

    with ThreadPoolExecutor(16) as pool:
        asked = list(pool.map(one, range(1000)))
    rows = [row for row in recorded(world, 1500) if row["kind"] in ("api", "page")]
    assert len(rows) == 1000
    by_id = {row["id"]: row for row in rows if row["kind"] == "api"}
    taken = set()
    for number, wanted in enumerate(asked):
        if "team" in wanted:
            row = by_id[wanted["id"]]
            assert row["source"] == "127.0.0.1"
        else:  # the page's own request has the number of another one
            since, until_ = wanted["began"], wanted["ended"]
            fits = [
                row for row in rows
                if row.get("user") == wanted["user"] and row["model"] == wanted["model"]
                and row.get("answer_tokens", row.get("answer_pieces")) == wanted["tokens"]
                and row["id"] not in taken
                and row.get("prompt_tokens") == (wanted["words"] if wanted["known"] else None)
                and since - 0.01 <= stamp_of(row) <= until_
            ]  # fmt: skip
            assert fits, (number, wanted)
            row = min(fits, key=lambda row: row["seconds"])
            taken.add(row["id"])
            assert row["person"] == wanted["person"] and row["source"] == "127.0.0.1", row
        assert row["model"] == wanted["model"] and row["status"] == 200
        if wanted["known"]:
            assert (row["prompt_tokens"], row["answer_tokens"]) == (wanted["words"], wanted["tokens"]), row
        else:
            assert "answer_tokens" not in row and row["answer_pieces"] == wanted["tokens"]
    for team in ("default", "research"):
        wanted = sum(row.get("team") == team for row in asked)
        assert len(world.find("--user", team)) == wanted
    someone = [row for row in asked if row.get("user") == "id-3"]
    found = world.find("--user", "person3@example.com")
    assert len([row for row in found if row["kind"] == "page"]) == len(someone)
    assert len([row for row in found if row["kind"] == "web"]) == len(someone)
    both = world.find("--user", "default", "--model", MODELS[0])
    assert len(both) == sum(r.get("team") == "default" and r["model"] == MODELS[0] for r in asked)
    assert world.find("--since", time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 5))) == []
    done = world.command("verify")
    assert done.returncode == 0, done.stdout


def stamp_of(row: dict) -> float:
    import calendar

    return calendar.timegm(time.strptime(row["time"][:19], "%Y-%m-%dT%H:%M:%S")) + float(row["time"][19:23])


def test_without_content_no_word_of_it_is_kept(world):
    for path in [*world.folder.joinpath("audit").rglob("*"), *world.folder.joinpath("logs").rglob("*")]:
        if path.is_file() and path.name != "reserve":
            data = path.read_bytes()
            assert MARK.encode() not in data and "答".encode() not in data, path


def test_strangers_sign_ins_and_refusals_are_recorded(world):
    before = len(world.find())
    world.post("/v1/chat/completions", body(MODELS[0], 2, 1), "no key of anybody")
    world.post("/v1/chat/completions", body(MODELS[0], 2, 1), TEAMS["shut"])
    world.post("/v1/chat/completions", {**body(MODELS[0], 2, 1), "n": 999}, TEAMS["default"])
    world.post("/api/chat/completions", body(MODELS[0], 2, 1), jwt("nobody"))
    for password in ("wrong", "right"):
        world.post("/api/v1/auths/signin", {"email": "Li@example.com", "password": password})
    world.post("/api/v1/users/id-4/update", {"role": "admin"}, jwt("id-1"))
    until(lambda: len(world.find()) >= before + 7, 10, "not recorded")
    rows = world.find()[before:]
    told = [(row["kind"], row["status"], row.get("team"), row.get("person"), row.get("refused")) for row in rows]
    assert sorted(told, key=str) == sorted(
        [("api", 401, None, None, None), ("api", 403, "!shut", None, None), ("api", 400, "default", None, "n"),
         ("web", 401, None, None, None), ("sign-in", 400, None, "li@example.com", None),
         ("sign-in", 200, None, "li@example.com", None), ("manage", 200, None, "person1@example.com", None)], key=str,
    )  # fmt: skip
    assert "right" not in json.dumps(rows).replace("wrong", "")


@pytest.mark.parametrize(
    ("path", "kind", "went"),
    [
        *((path, "api", "/v1/chat/completions") for path in
          ("//v1/chat/completions", "/%761/chat/completions", "/x/../v1/chat/completions", "/v1/chat//completions")),
        ("/api/v1/auths/sign%69n", "sign-in", "/api/v1/auths/signin"),
        ("/api/v1/u%73ers/id-4/update", "manage", "/api/v1/users/id-4/update"),
        ("/api/v1/groups", "manage", "/api/v1/groups"),
        ("/api/ch%61t/completions?x=1", "web", "/api/chat/completions"),
    ],
)  # fmt: skip
def test_a_path_that_is_spelled_otherwise_is_recorded_all_the_same(world, path, kind, went):
    """nginx takes it for the same, so the audit and the quotas do."""
    before = len(world.find())
    asked = {**body(MODELS[0], 2, 1), "email": "li@example.com", "password": "wrong"}
    world.post(path, asked, TEAMS["default"] if kind == "api" else jwt("id-1"))
    rows = recorded(world, before + 1)[before:]
    assert (kind, f"POST {went}") in [(row["kind"], row["request"]) for row in rows], rows


def test_a_large_body_of_the_page_is_recorded_under_its_own_path(world):
    before = len(world.find())
    world.post("/api/v1/configs/import", {"config": "x" * 200_000}, jwt("id-1"))
    rows = recorded(world, before + 1)[before:]
    assert [(row["kind"], row["request"]) for row in rows] == [("manage", "POST /api/v1/configs/import")]


def test_bytes_that_are_no_text_stop_neither_the_collector_nor_a_reader(world):
    before = len(world.find())
    assert world.post("/v1/%ff%fe", {}, "no key of anybody")[0] in (401, 404)
    rows = recorded(world, before + 1)[before:]
    assert rows[0]["request"].isascii() and rows[0]["request"].startswith("POST /v1/")
    world.stop_collector()
    world.start_collector()
    world.post("/v1/chat/completions", body(MODELS[0], 2, 1), "no key of anybody")
    assert len(recorded(world, before + 2)) == before + 2
    assert world.command("verify").returncode == 0


def test_of_several_cookies_none_names_a_person(world):
    """The page takes the last one, whose signature it knows; who would forge the first names somebody else."""
    before = len(world.find())
    for cookies in (f"token={jwt('id-2')}; token={jwt('id-1')}", f"x=1; token={jwt('id-1')}"):
        world.post("/api/v1/users/id-4/update", {"role": "user"}, headers={"Cookie": cookies})
    rows = recorded(world, before + 2)[before:]
    assert [row.get("person") or row.get("user") for row in rows] == [None, "person1@example.com"]


def test_a_new_file_of_nginx_loses_nothing(world):
    import os
    import signal

    before = len(world.find("--user", "research"))
    door = world.connect()
    spool = world.folder / "logs/yitiji-audit"
    for number in range(40):
        if number == 20:
            os.rename(spool / "spool.log", spool / "spool.1")
            os.kill(world.nginx.pid, signal.SIGUSR1)
        status, _headers, _text = world.post(
            "/v1/chat/completions", body(MODELS[1], 2, 3), TEAMS["research"], door=door
        )
        assert status == 200
    until(lambda: len(world.find("--user", "research")) == before + 40, 20, "some are missing")


def test_a_collector_that_dies_records_each_once(world):
    before = len(world.find("--user", "default"))
    world.collector.kill()
    world.collector.wait()
    for _number in range(20):
        assert world.post("/v1/chat/completions", body(MODELS[0], 3, 2), TEAMS["default"])[0] == 200
    world.start_collector()
    until(lambda: len(world.find("--user", "default")) == before + 20, 20, "not once each")
    assert world.command("verify").returncode == 0
