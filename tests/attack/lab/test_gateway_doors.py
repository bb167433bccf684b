# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in, names, versions, logs: what a stranger tries at the door."""

from __future__ import annotations

import json
import re

import labctl
import pytest

ADMIN = "admin@appliance.local"
STRANGER, OWNER = "10.77.0.242", "10.77.0.243"
WAYS = {
    "as it is written": ADMIN,
    "in capitals": ADMIN.upper(),
    "with a letter that folds to another": ADMIN.replace("appliance", "appl\u0131ance"),
}


@pytest.fixture(scope="module", autouse=True)
def two_machines():
    for address in (STRANGER, OWNER):
        labctl.lab("run", "ip", "address", "replace", f"{address}/24", "dev", "br0")
    yield
    for address in (STRANGER, OWNER):
        labctl.lab("run", "ip", "address", "del", f"{address}/24", "dev", "br0", check=False)


def sign_in(appliance, source: str, email: str, password: str, *more: str) -> str:
    body = json.dumps({"email": email, "password": password})
    return appliance.curl(
        "-o", "/dev/null", "-w", "%{http_code}", "--interface", source, "-H", "Content-Type: application/json",
        "-d", body, *more, f"{appliance.url}/api/v1/auths/signin",
    )  # fmt: skip


def test_a_stranger_locks_the_administrator_out(appliance, tmp_path):
    """He tries his account again and again, spelled so and so; the administrator comes in from his own browser."""
    password = appliance.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    jar = ["-b", str(tmp_path / "jar"), "-c", str(tmp_path / "jar")]
    assert sign_in(appliance, OWNER, ADMIN, password, *jar) == "200"
    for email in WAYS.values():
        for _ in range(12):
            sign_in(appliance, STRANGER, email, "wrong")
    assert sign_in(appliance, OWNER, ADMIN, password, *jar) == "200"


def test_a_new_browser_is_let_in_by_whoever_is_on_the_node(appliance):
    password = appliance.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    for _ in range(20):
        sign_in(appliance, STRANGER, ADMIN, "wrong")
    appliance.node(f"gateway-unlock {OWNER} 1")
    assert sign_in(appliance, OWNER, ADMIN, password) == "200"


def test_one_password_for_many_accounts(appliance):
    told = [sign_in(appliance, STRANGER, f"user{n}@example.org", "Spring2026") for n in range(40)]
    print(f"\n    {told.count('429')} of {len(told)} attempts refused")
    assert told.count("429") >= 25


@pytest.mark.parametrize(
    "host", ["evil.example", "10.77.0.200", "appliance.local.evil.example", "10.77.0.11.evil.example"]
)
@pytest.mark.parametrize("url", ["http://{}/", "https://{}/", "https://{}/v1/models", "https://{}/api/config"])
def test_another_name_is_pointed_at_the_appliance(appliance, url, host):
    told = appliance.curl("-o", "/dev/null", "-w", "%{http_code}", "-H", f"Host: {host}", url.format(appliance.address))
    assert told == "421"


@pytest.mark.parametrize("path", ["/api/config", "/api/version", "/api/version/", "/api/changelog"])
def test_strangers_learn_no_version(appliance, path):
    told = appliance.curl("-i", f"{appliance.url}{path}")
    assert not re.search(r"\b\d+\.\d+\.\d+\b", told.replace(appliance.address, "")), told[:500]


@pytest.mark.parametrize("path", ["/", "/v1/models", "/clients/", "/help/", "/help/LLM209", "/nowhere"])
def test_no_header_names_a_version(appliance, path):
    head = appliance.curl("-I", f"{appliance.url}{path}").lower()
    assert not re.search(r"(nginx|uvicorn|python|webui)/", head) and "x-powered-by" not in head


def test_the_page_may_load_and_send_only_here(appliance):
    head = appliance.curl("-I", f"{appliance.url}/").lower()
    policy = re.search(r"content-security-policy: (.*)", head)
    assert policy and "default-src 'self'" in policy[1] and "object-src 'none'" in policy[1]
    assert not re.search(r"https?:|\*|'unsafe-eval'", policy[1])


def test_a_local_user_reads_who_asked_when(appliance):
    appliance.curl("-o", "/dev/null", f"{appliance.url}/v1/models")
    for _round in range(2):
        found = appliance.node("find /var/log/nginx -type f -perm /o+rwx; stat -c %a /var/log/nginx/yitiji-api.log")
        assert found.split() == ["640"]
        appliance.node("logrotate --force /etc/logrotate.d/nginx && sleep 1")


def test_a_user_asks_who_else_there_is(appliance):
    """As a user without rights, made for this."""
    password = appliance.node("cat /etc/yitiji/secrets/open-webui-admin").strip()

    def post(path: str, body: dict[str, str], token: str = "") -> dict[str, str]:
        auth = ["-H", f"Authorization: Bearer {token}"] if token else []
        words = ["-H", "Content-Type: application/json", *auth, "-d", json.dumps(body), f"{appliance.url}{path}"]
        return json.loads(appliance.curl("--interface", OWNER, *words))

    appliance.node(f"gateway-unlock {OWNER} 1", check=False)
    admin = post("/api/v1/auths/signin", {"email": ADMIN, "password": password})["token"]
    person = {"name": "a", "email": "guest@appliance.local", "password": "Guest-2026-guest", "role": "user"}
    post("/api/v1/auths/add", person, admin)
    guest = post("/api/v1/auths/signin", {"email": person["email"], "password": person["password"]})["token"]
    for path in ("/api/v1/users/search?query=", "/api/v1/users/search/?query=a", "/api/v1/users/", "/api/v1/users/all"):
        told = appliance.curl("-H", f"Authorization: Bearer {guest}", f"{appliance.url}{path}")
        assert ADMIN not in told, path
