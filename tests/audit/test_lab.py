# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit on an appliance: through its real page and API, a person shut at once, off again, and no trip when off."""

from __future__ import annotations

import json
import subprocess

import labctl
import pytest

from tests.audit.world import until

NODE = "gpu01"
PERSON = "audit@appliance.local"
USERS = {"open_webui_users": [{"email": PERSON}], "appliance_audit": True}


def play(name: str, **more) -> str:
    words = ["ansible-playbook", name, "-i", "inventories/lab", "-e", json.dumps(more)]
    done = subprocess.run(words, cwd=labctl.ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def node(text: str) -> str:
    return labctl.node(text, NODE)


def call(path: str, body=None, token: str = "") -> tuple[int, str]:
    """From another machine on the LAN."""
    more = ["-H", f"Authorization: Bearer {token}", "-w", "\n%{http_code}"]
    if body is not None:
        more += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    text, _newline, status = labctl.curl(*more, f"https://{labctl.ADDRESS}{path}").rpartition("\n")
    return int(status), text


def find(*words: str) -> list:
    return [json.loads(line) for line in node("yitiji-audit find " + " ".join(words)).splitlines()]


@pytest.fixture(scope="module", autouse=True)
def audited():
    play("site.yml", **USERS)
    again = play("site.yml", **USERS)
    assert "changed=0" in again
    yield
    play("site.yml")
    assert node("test -e /usr/local/bin/yitiji-audit && echo there || echo gone").strip() == "gone"


@pytest.fixture(scope="module")
def session() -> str:
    word = node(f"cat /etc/yitiji/secrets/open-webui-users/{PERSON}").strip()
    status, text = call("/api/v1/auths/signin", {"email": PERSON, "password": word})
    assert status == 200, text
    return json.loads(text)["token"]


def model() -> str:
    key = node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    return json.loads(call("/v1/models", token=key)[1])["data"][0]["id"]


def test_page_and_api_are_found_again(session):
    name, key = model(), node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    body = {"model": name, "messages": [{"role": "user", "content": "who-asked-this"}], "max_tokens": 8}
    assert call("/v1/chat/completions", body, key)[0] == 200
    assert call("/api/chat/completions", {**body, "stream": False}, session)[0] == 200
    rows = until(lambda: find("--user", PERSON, "--model", name), 20, "the page's is not there")
    assert rows[-1]["kind"] == "page" and rows[-1]["source"] == "10.77.0.1" and rows[-1]["answer_tokens"] > 0
    assert find("--user", "default", "--model", name)[-1]["kind"] == "api"
    signed = [row for row in find("--user", PERSON) if row["kind"] == "sign-in"]
    assert signed and signed[-1]["status"] == 200
    assert "head" in node("yitiji-audit verify")
    assert node("grep -rl who-asked-this /var/lib/yitiji/audit/log /var/log/nginx || :").strip() == ""


def test_only_auditors_read(session):
    modes = node("stat -c '%a %U:%G' /var/lib/yitiji/audit/log /var/lib/yitiji/audit/key /etc/yitiji/audit.json").split(
        "\n"
    )
    assert (
        modes[0] == "2750 root:yitiji-audit" and modes[1].startswith("400 root") and modes[2] == "640 root:yitiji-audit"
    )


def test_a_person_is_shut_at_once(session):
    told = play("playbooks/disable.yml", disable_person=PERSON)
    assert "changed=1" in told
    status, text = call("/api/chat/completions", {"model": model(), "messages": []}, session)
    assert status in (401, 403), text
    assert "[LLM885]" in subprocess.run(
        ["ansible-playbook", "playbooks/disable.yml", "-i", "inventories/lab", "-e", "disable_person=nobody@a.local"],
        cwd=labctl.ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
