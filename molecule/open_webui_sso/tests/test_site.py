# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the site's own directory and provider, data in its own database, documents searched by its own embedder."""

import json
from pathlib import Path

import pytest
import yaml

VISIT = (Path(__file__).resolve().parents[1] / "files/visit.py").read_text().replace("'", "'\\''")
VARS = yaml.safe_load((Path(__file__).resolve().parents[1] / "vars.yml").read_text())
WORD = "blue-elephant"


@pytest.fixture
def visit(root):
    return lambda *words: json.loads(root(f"python3 -c '{VISIT}' " + " ".join(f"'{word}'" for word in words)))


@pytest.fixture
def select(root):
    return lambda query: root(f"runuser -u postgres -- psql -At webui -c '{query}'")


def test_somebody_of_the_directory_comes_in(visit):
    status, me = visit("ldap", "wang", "wang-of-the-directory")
    assert (status, me["email"], me["role"]) == (200, "wang@example.org", "user")


@pytest.mark.parametrize(("user", "password"), [("wang", "guessed"), ("wang", ""), ("nobody", "wang-of-the-directory")])
def test_nobody_else_does(visit, user, password):
    assert visit("ldap", user, password)[0] == 400


def test_the_provider_sends_somebody_back_signed_in(visit):
    told = visit("oidc", "zhao@example.org")
    assert told["provider"].startswith("http://10.77.0.113:9400/oauth2/authorize"), told
    assert told["landed"].startswith("http://127.0.0.1:8080/auth"), told
    assert (told["me"]["email"], told["me"]["role"]) == ("zhao@example.org", "user"), told


def test_people_are_in_the_sites_own_database(select, root):
    found = select('SELECT email FROM "user" ORDER BY email').split()
    assert found == ["admin@appliance.local", "wang@example.org", "zhao@example.org"]
    assert root("find /var/lib/yitiji/open-webui -name 'webui.db*'") == ""


def test_a_question_brings_the_passage_that_is_meant_and_not_the_whole(visit, root, select):
    """Forty passages of their own words; the one asked for reaches the engine, most others do not."""
    passage = "Chapter {0}. The storeroom number {0} on floor {0} keeps screws, paint and ladders of kind {0}. "
    chapters = [passage.format(number) * 9 for number in range(100, 140)]
    chapters[27] = f"The password of the annual raffle is {WORD}. Whoever wins the annual raffle gets a bicycle. " * 9
    root("cat >/root/handbook.txt <<'END'\n" + "\n\n".join(chapters) + "\nEND")
    question = "What is the password of the annual raffle?"
    told = visit("ask", "wang", "wang-of-the-directory", "/root/handbook.txt", question)
    assert (told["upload"], told["ask"]) == (200, 200), told
    asked = json.dumps(json.loads(told["said"]["choices"][0]["message"]["content"])["asked"])
    assert WORD in asked, "the passage is in what the engine was asked"
    assert len(asked) < 12_000 < len("\n\n".join(chapters)), "the whole file is not"
    assert int(select("SELECT count(*) FROM document_chunk")) >= 30


def test_no_secret_shows(root):
    for place in ("docker inspect yitiji-open-webui", "systemctl cat yitiji-open-webui", "ps axww", "journalctl -b"):
        told = root(place)
        assert told
        assert [name for name, value in VARS["passwords"].items() if value in told] == [], place


def test_a_backup_will_know_where_the_data_are(root):
    assert json.loads(root("cat /var/lib/yitiji/open-webui.json"))["database"] == "postgresql"
