# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator of the page, and code in a container: no program runs, no key of the engine, no network."""

from __future__ import annotations

import json
import shlex

import labctl
import pytest

PAGE, ENGINE = "yitiji-open-webui", "yitiji-vllm"
HUB = "10.77.0.1:8801"  # another machine on the node's network, which notes each request
EMAIL = "admin@appliance.local"


@pytest.fixture(scope="module")
def admin(appliance):
    """The page's API as its administrator, through the gateway; status and text."""
    password = appliance.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    body = json.dumps({"email": EMAIL, "password": password})
    url = appliance.url + "/api/v1/auths/signin"
    token = json.loads(appliance.curl("-sk", "-H", "Content-Type: application/json", "-d", body, url))["token"]

    def call(method: str, path: str, data=None) -> tuple[int, str]:
        more = ["-H", "Content-Type: application/json", "-d", json.dumps(data)] if data is not None else []
        said = appliance.curl(
            "-sk", "-m", "60", "-X", method, "-H", f"Authorization: Bearer {token}", *more, "-w", "\n%{http_code}",
            appliance.url + path,
        )  # fmt: skip
        text, _newline, status = said.rpartition("\n")
        return int(status), text

    return call


MARK = "/tmp/attack-ran"
CODE = f"open({MARK!r}, 'w').close()\n"
PLUGINS = {
    "a function": ("/api/v1/functions/create", "/api/v1/functions/id/attack/delete"),
    "a tool": ("/api/v1/tools/create", "/api/v1/tools/id/attack/delete"),
}


@pytest.mark.parametrize("kind", sorted(PLUGINS))
def test_a_program_of_his_in_the_container(appliance, admin, kind):
    create, delete = PLUGINS[kind]
    said = admin("POST", create, {"id": "attack", "name": "attack", "content": CODE, "meta": {"description": ""}})
    admin("DELETE", delete)
    ran = appliance.node(f"docker exec {PAGE} sh -c 'rm {MARK} && echo it ran' 2>/dev/null; true")
    assert "it ran" not in ran, said


def test_the_engines_key_in_the_pages_settings(appliance, admin):
    key = appliance.node("cat /etc/yitiji/secrets/engine-key").strip()
    assert [path for path in ("/openai/config", "/api/v1/configs/export") if key in admin("GET", path)[1]] == []


FETCHES = {
    "verify a connection": ("/openai/verify", lambda url: {"url": url, "key": "x"}),
    "verify another kind": ("/ollama/verify", lambda url: {"url": url, "key": "x"}),
    "read a web page": ("/api/v1/retrieval/process/web", lambda url: {"url": url, "collection_name": "attack"}),
    "verify a tool server": (
        "/api/v1/configs/tool_servers/verify",
        lambda url: {"url": url, "path": "openapi.json", "auth_type": "none", "config": {}, "type": "openapi"},
    ),
}


@pytest.mark.parametrize("way", sorted(FETCHES))
def test_another_machine_through_the_page(admin, way):
    path, body = FETCHES[way]
    name = "attack-" + way.replace(" ", "-")
    admin("POST", path, body(f"http://{HUB}/{name}"))
    assert not [row for row in labctl.hub_log() if name in str(row)]


def test_the_engines_figures_through_the_page(admin):
    said = admin("POST", "/openai/verify", {"url": f"http://{ENGINE}:8000/metrics?", "key": "x"})
    assert "vllm:" not in said[1] and "cache_config_info" not in said[1]


# --- code in a container, however it came there ---


def reach(appliance, container: str, host: str, port: int) -> bool:
    code = (
        "import socket,sys\n"
        f"s=socket.socket(socket.AF_INET, socket.SOCK_STREAM); s.settimeout(3)\n"
        f"s.connect(({host!r}, {port}))\n"
        "print('reached')"
    )
    words = f"docker exec {container} python3 -c {shlex.quote(code)} 2>&1; true"
    return "reached" in appliance.node(words)


def gateway_of(appliance, container: str) -> str:
    form = "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}"
    return appliance.node(f"docker inspect --format '{form}' {container}").strip()


@pytest.mark.parametrize("container", [PAGE, ENGINE])
@pytest.mark.parametrize(
    "target", ["another machine", "the node's SSH", "the node's gateway", "SSH at the bridge", "the page's port"]
)
def test_what_code_in_a_container_reaches(appliance, container, target):
    place = {
        "another machine": ("10.77.0.1", 8801),
        "the node's SSH": (appliance.address, 22),
        "the node's gateway": (appliance.address, 443),
        "SSH at the bridge": (gateway_of(appliance, container), 22),
        "the page's port": (gateway_of(appliance, container), 8080),
    }[target]
    assert not reach(appliance, container, *place)


def test_the_engine_from_the_page(appliance):
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = appliance.node(f"docker inspect --format '{form}' {ENGINE}").strip()
    assert not reach(appliance, PAGE, address, 8000)


@pytest.mark.parametrize("container", [PAGE, ENGINE])
def test_a_name_server(appliance, container):
    # That there is no such name is an answer, too.
    code = (
        "import socket\n"
        "try: socket.gethostbyname('no-such-name.example.org'); print('reached')\n"
        "except socket.gaierror as error: print('reached' if error.errno == socket.EAI_NONAME else error)"
    )
    said = appliance.node(f"docker exec {container} python3 -c {shlex.quote(code)} 2>&1; true")
    assert "reached" not in said


def test_the_engines_key_in_the_pages_container(appliance):
    key = appliance.node("cat /etc/yitiji/secrets/engine-key").strip()
    inside = f"docker exec {PAGE} sh -c 'cat /run/yitiji/* /proc/1/environ 2>/dev/null; true'"
    told = appliance.node(f"{inside}; docker inspect {PAGE}")
    assert key not in told


def test_the_pages_key_at_the_engine_and_outside(appliance):
    key = appliance.node(f"docker exec {PAGE} sh -c '. /run/yitiji/secret.env; echo $OPENAI_API_KEYS'").strip()
    header = f"Authorization: Bearer {key}"
    inside = appliance.node(
        f"curl -s -o /dev/null -w '%{{http_code}}' -m 10 -H '{header}' http://127.0.0.1:8000/v1/models"
    )
    outside = appliance.curl("-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", header, appliance.url + "/v1/models")
    assert key and (inside.strip(), outside.strip()) == ("401", "401")


def test_each_container_has_a_user_of_its_own(appliance):
    users = appliance.node("docker ps -q | xargs docker inspect --format '{{.Config.User}}'").split()
    assert len(users) == len(set(users)) > 1 and not any(user.startswith("0") for user in users)


@pytest.mark.parametrize("limit", ["--pids-limit", "--memory"])
def test_each_container_has_limits(appliance, limit):
    """By its unit: a kernel like the lab's nodes' lets Docker discard what it can't enforce."""
    names = appliance.node("docker ps --format '{{.Names}}'").split()
    assert names and [name for name in names if f"{limit} " not in appliance.node(f"systemctl cat {name}")] == []


def test_every_unit_can_do_little(appliance):
    names = appliance.node("cd /etc/systemd/system; ls -d yitiji-*.service nginx.service.d 2>/dev/null").split()
    told = {}
    for name in [name[: -len(".d")] if name.endswith(".d") else name for name in names]:
        said = appliance.node(f"systemd-analyze security --no-pager {name} | tail -1")
        told[name] = float(said.rpartition(": ")[2].split()[0])
    assert told and {name: value for name, value in told.items() if value > 4.0} == {}
