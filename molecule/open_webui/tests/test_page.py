# SPDX-License-Identifier: GPL-3.0-or-later
import json
from pathlib import Path

import pytest

SECRETS = "/etc/yitiji/secrets"
PERSON = Path(__file__).resolve().parents[1] / "files/person.py"


@pytest.fixture
def person(host, root):
    """What a person sees and gets; skipped where nobody is."""
    if host.backend.get_pytest_id().endswith("mol13"):
        pytest.skip("nobody is here yet")

    def ask(email, *more):
        quoted = PERSON.read_text().replace("'", "'\\''")
        name = "open-webui-admin" if email == "admin@appliance.local" else f"open-webui-users/{email}"
        secret = f"{SECRETS}/{name}"
        return json.loads(root(f"python3 -c '{quoted}' {email} {secret} {' '.join(more)}"))

    return ask


def test_runs_as_nobody_with_nothing_to_write_but_its_data(root):
    form = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"
    told = root(f"docker inspect yitiji-open-webui --format '{form}'")
    assert told == "10002:10002 true [ALL]"


def test_no_secret_shows(root):
    for name in ("page-key", "open-webui-session", "open-webui-admin"):
        value = root(f"cat {SECRETS}/{name}")
        assert len(value) >= 20
        for place in ("docker inspect", "systemctl cat"):
            assert value not in root(f"{place} yitiji-open-webui"), f"{name} shows in {place}"
        for place in ("journalctl -b", "ps axww"):
            assert value not in root(place), f"{name} shows in {place}"


def test_passwords_are_closed(root):
    assert root(f"find {SECRETS} -type f -perm /077; find {SECRETS} -type d -perm /077") == ""


def test_an_upload_reaches_the_model(person, root):
    root("printf 'the word is blue-elephant' > /root/plan.txt")
    told = person("li@example.org", "/root/plan.txt")
    assert (told["signin"], told["role"], told["models"]) == (200, "user", ["echo"])
    assert (told["upload"], told["ask"], told["chat"]) == (200, 200, 200), told
    said = json.loads(told["said"])
    assert "blue-elephant" in json.dumps(said["asked"]), "the file's text is in what the engine was asked"
    assert said["temperature"] == 0.6
    assert not said["tools"], "plain vLLM answers 400 to automatic tools"


def test_a_user_without_rights_has_no_model_and_no_administration(person):
    told = person("guest@example.org")
    assert (told["signin"], told["role"], told["models"]) == (200, "user", [])
    assert told["users"] in (401, 403)


def test_the_administrator_sees_all(person):
    told = person("admin@appliance.local")
    assert (told["role"], told["models"], told["users"]) == ("admin", ["echo"], 200)
