# SPDX-License-Identifier: GPL-3.0-or-later
"""The API in front of a stand-in engine: keys, routes, limits, errors, replicas. nginx is real."""

import json
import time
from pathlib import Path

import pytest

ASK = "curl -sS -k -m 20"
HERE = "https://127.0.0.1"
FIXTURES = Path(__file__).resolve().parents[3] / "tests/fixtures/routes"
PUBLISHED = {"GET /v1/models", "POST /v1/chat/completions", "POST /v1/completions", "POST /v1/embeddings"}
PAGE = {"GET /health", "GET /ready", "ANY /static"}  # the chat page's own
SECRETS = "/etc/yitiji/secrets"


def bearer(team):
    return f'-H "Authorization: Bearer $(cat {SECRETS}/gateway-key-{team})"'


def ask(root, path, options="", team="research"):
    """Status, headers, body of one request."""
    auth = bearer(team) if team else ""
    told = root(f"{ASK} -i {auth} {options} {HERE}{path}").replace("\r", "")
    head, _blank, body = told.partition("\n\n")
    lines = head.splitlines()
    return int(lines[0].split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}, body


def refused(answer, status, code):
    got, headers, body = answer
    assert got == status, body
    assert headers["content-type"] == "application/json"
    error = json.loads(body)["error"]
    assert error["code"] == code and set(error) == {"message", "type", "param", "code"}
    assert " / " in error["message"], "in both languages"
    return headers, error


def reached(root):
    return root("cat /run/engine-8001.log /run/engine-8002.log 2>/dev/null")


def test_a_key_opens_the_door_and_the_engines_own_key_is_used(root):
    status, _headers, body = ask(root, "/v1/models", "-H 'Cookie: session=1'")
    assert status == 200 and json.loads(body)["data"][0]["id"] == "stand-in"
    last = reached(root).splitlines()[-1]
    assert "Cookie" not in last and "session=1" not in last
    for team in ("research", "slow"):
        assert root(f"cat {SECRETS}/gateway-key-{team}") not in last
    assert root(f"cat {SECRETS}/engine-key") in last


@pytest.mark.parametrize(
    "options", ["", "-H 'Authorization: Bearer nope'", "-H 'Authorization: Basic YTpi'", "-H 'x-api-key: a'"]
)
def test_without_a_valid_key(root, options):
    headers, _error = refused(ask(root, "/v1/models", options, team=""), 401, "invalid_api_key")
    assert headers["www-authenticate"] == "Bearer"


def test_the_engines_key_opens_nothing_from_outside(root):
    options = f'-H "Authorization: Bearer $(cat {SECRETS}/engine-key)"'
    refused(ask(root, "/v1/models", options, team=""), 401, "invalid_api_key")


def test_a_suspended_key(root):
    refused(ask(root, "/v1/models", team="resting"), 403, "key_suspended")


def test_a_key_of_which_only_the_hash_is_known(root):
    options = "-H 'Authorization: Bearer a-key-that-only-its-owner-knows-0123456789'"
    assert ask(root, "/v1/models", options, team="")[0] == 200
    assert root(f"ls {SECRETS}/gateway-key-outside 2>/dev/null") == ""


def test_nginx_knows_no_teams_key(root):
    for team in ("research", "slow", "narrow", "resting"):
        assert root(f"nginx -T 2>/dev/null | grep -cF -e $(cat {SECRETS}/gateway-key-{team})") == "0"
        assert root(f"grep -rlF -e $(cat {SECRETS}/gateway-key-{team}) /var/log /etc/nginx") == ""


@pytest.mark.parametrize("fixture", sorted(FIXTURES.glob("vllm-*.json")), ids=lambda path: path.stem)
def test_every_route_that_is_not_published_is_refused(root, fixture):
    rows = [row for row in json.loads(fixture.read_text())["routes"] if row not in PUBLISHED | PAGE]
    rows += ["POST /v1/new_in_a_later_version", "GET /v1", "GET /v1/", "DELETE /v1/models", "GET /v1/chat/completions",
             "POST /v1/chat/completions/", "POST //pause", "POST /v1/../pause", "POST /v1/%2e%2e/pause", "POST /pause/",
             "POST /v1/chat/completions%2f..%2f..%2f..%2fpause", "GET /metrics/x", "POST /v1/models"]  # fmt: skip
    verbs = {"ANY": "GET", "WEBSOCKET": "GET"}
    script = [f": >/run/engine-{port}.log" for port in (8001, 8002)]
    for row in rows:
        verb, path = row.split()
        path = path.replace("{response_id}", "resp_1")
        script.append(
            f"{ASK} -g --path-as-is -o /dev/null -w '%{{http_code}} %{{content_type}} {row}\\n' "
            f"{bearer('research')} -X {verbs.get(verb, verb)} -d '' {HERE}{path}"
        )
    told = root("\n".join(script)).splitlines()
    assert len(told) == len(rows) > 70
    assert [line for line in told if not line.startswith("404 application/json ")] == []
    assert reached(root) == ""


def test_what_an_error_repeats_stays_json(root):
    _headers, error = refused(ask(root, "/v1/%22%7d,%0a%3cb%3e"), 404, "unknown_url")
    assert "?" in error["message"]


@pytest.mark.parametrize("body", ['{"n": 10000}', '{"n": "10000"}', '{"unheard_of": 1}', '{"n": 1', "[]"])
@pytest.mark.parametrize("how", ["", "-H 'Transfer-Encoding: chunked'", "-H 'Content-Type: application/json'"])
def test_a_request_for_too_much_reaches_no_engine(root, body, how):
    root("for port in 8001 8002 8003; do : >/run/engine-$port.log; done")
    status, headers, told = ask(root, "/v1/chat/completions", f"{how} -d '{body}'")
    assert status == 400 and headers["content-type"].startswith("application/json")
    assert " / " in json.loads(told)["error"]["message"] and reached(root) == ""


def test_a_packed_request_is_not_passed_on(root):
    status, _headers, told = ask(root, "/v1/chat/completions", "-H 'Content-Encoding: gzip' -d '{}'")
    assert status == 415 and "unsupported_encoding" in told


def test_the_engine_gets_no_header_that_gives_it_orders(root):
    more = " ".join(f"-H '{name}: 7'" for name in ("X-Data-Parallel-Rank", "X-Request-Id", "Traceparent", "X-Anything"))
    assert ask(root, "/v1/chat/completions", f"{more} -d '{{}}'")[0] == 200
    last = reached(root).splitlines()[-1].lower()
    assert not any(name in last for name in ("rank", "request-id", "traceparent", "anything"))


def test_rate_limit(root):
    codes = root("; ".join([f"{ASK} -o /dev/null -w '%{{http_code}} ' {bearer('slow')} {HERE}/v1/models"] * 6)).split()
    assert codes.count("200") == 3 and codes.count("429") == 3, "burst of 2 above one at a time"
    headers, error = refused(ask(root, "/v1/models", team="slow"), 429, "rate_limit_exceeded")
    assert headers["retry-after"] == "10" and "slow" in error["message"]
    assert ask(root, "/v1/models", team="research")[0] == 200, "one team's limit is no other's"


def test_concurrency_limit(root):
    body = '{"stream":true,"pieces":4,"pause":0.3}'
    request = (
        f"{ASK} -N -o /dev/null -w '%{{http_code}}\\n' {bearer('narrow')} -d '{body}' {HERE}/v1/chat/completions &"
    )
    codes = root("\n".join([request] * 5 + ["wait"])).split()
    assert sorted(codes) == ["200", "200", "429", "429", "429"]
    assert ask(root, "/v1/models", team="narrow")[0] == 200, "free again when they end"


def test_a_stream_arrives_as_it_is_made(root):
    body = '{"stream":true,"pieces":4,"pause":0.5}'
    told = root(
        f"{ASK} -N -o /dev/null -w '%{{time_starttransfer}} %{{time_total}}' {bearer('research')} "
        f"-d '{body}' {HERE}/v1/chat/completions"
    )
    first, whole = (float(x) for x in told.split())
    assert first < 0.5 and whole > 1.9


def test_load_goes_to_both_replicas(root):
    body = '{"stream":true,"pieces":3,"pause":0.3}'
    request = f"{ASK} -N {bearer('research')} -d '{body}' {HERE}/v1/chat/completions &"
    told = root("\n".join([request] * 8 + ["wait"]))
    assert told.count('"8001:0 ') == told.count('"8002:0 ') == 4


def test_the_page_meets_both_replicas_at_one_address(root):
    """It brings a key of its own; whoever else is on the node gets no answer, and nothing of his reaches an engine."""
    if root("grep -c 'listen 127.0.0.1:8009' /etc/nginx/conf.d/yitiji.conf") == "0":
        pytest.skip("this node has no balancer")
    body = '{"stream":true,"pieces":3,"pause":0.3}'
    address = "http://127.0.0.1:8009/v1/chat/completions"
    bring = f'-H "Authorization: Bearer $(cat {SECRETS}/page-key)"'
    request = f"curl -sS -m 20 -N {bring} -d '{body}' {address} &"
    told = root("\n".join([request] * 8 + ["wait"]))
    assert told.count('"8001:0 ') == told.count('"8002:0 ') == 4
    root("for port in 8001 8002; do : >/run/engine-$port.log; done")
    for key in ("-H 'Authorization: Bearer of-a-stranger'", ""):
        assert "invalid_api_key" in root(f"curl -sS -m 20 {key} -d '{body}' {address}")
    assert reached(root) == ""
    listening = root("ss -Hltn 'sport = :8009'")
    assert "127.0.0.1:8009" in listening and "0.0.0.0" not in listening.split("127.0.0.1:8009", 1)[0]
    assert root("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8009/metrics") == "404"


def test_a_user_of_the_page_has_limits_of_his_own(root):
    if root("grep -c 'listen 127.0.0.1:8009' /etc/nginx/conf.d/yitiji.conf") == "0":
        pytest.skip("this node has no balancer")
    body = '{"stream":true,"pieces":4,"pause":0.3}'
    request = (
        "curl -sS -m 20 -N -o /dev/null -w '%{http_code}\\n' "
        f'-H "Authorization: Bearer $(cat {SECRETS}/page-key)" -H "X-OpenWebUI-User-Id: $who" '
        f"-d '{body}' http://127.0.0.1:8009/v1/chat/completions"
    )
    script = [
        "for i in $(seq 10); do who=li; " + request + " & done",
        "who=wang; " + request + " | sed s/^/wang:/",
        "wait",
    ]
    told = root("\n".join(script)).split()
    assert told.count("429") == 2 and told.count("200") == 8 and "wang:200" in told
    asked = request.replace(body, '{"n": 10000}')
    assert root("who=li; " + asked) == "400"


def test_a_replica_that_dies_costs_its_own_requests_only(root):
    body = json.dumps({"stream": True, "pieces": 6, "pause": 0.4})
    die = json.dumps({"stream": True, "die": True})
    request = f"{ASK} -N {bearer('research')} -d '{body}' {HERE}/v1/chat/completions >/tmp/s$i;"
    request += "echo $? $(grep -c DONE /tmp/s$i)"
    told = root(
        f"for i in 1 2 3 4; do ({request}) & done; sleep 0.8;"
        f"{ASK} -N {bearer('research')} -d '{die}' {HERE}/v1/chat/completions >/dev/null 2>&1;"
        f"i=5; {request}; i=6; {request}; wait"
    ).splitlines()
    whole, cut = told.count("0 1"), len([line for line in told if not line.startswith("0 ")])
    assert (whole, cut) == (4, 2), "two of the four were its own; those that came after went to the other"


def test_while_no_engine_answers(root):
    """The expected time runs down from the start of the unit (here the page's stands in)."""
    root("systemctl stop stand-in@8001 stand-in@8002 stand-in@8003; systemctl restart page; sleep 4")
    try:
        age = int(root("expr $(date +%s) - $(stat -c %Y /run/systemd/units/invocation:page.service)"))
        headers, error = refused(ask(root, "/v1/models"), 503, "model_loading")
        waits = int(headers["retry-after"])
        assert 100 - age - 3 <= waits < 97 and f"{waits} s" in error["message"]
    finally:
        root("systemctl start stand-in@8001 stand-in@8002 stand-in@8003")
    for _attempt in range(30):
        if ask(root, "/v1/models")[0] == 200:
            return
        time.sleep(1)
    pytest.fail("it does not come back by itself")


def test_log_names_the_team_and_no_key(root):
    ask(root, "/v1/models")
    row = json.loads(root("tail -n 1 /var/log/nginx/yitiji-api.log"))
    assert row["team"] == "research" and row["status"] == 200 and row["request"] == "GET /v1/models"
