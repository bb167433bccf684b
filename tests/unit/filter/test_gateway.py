# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's filters: its site, its servers, and the team that is asked for."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.filter import gateway
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import limits, site

REST = {
    "total": 256,
    "large_rate": 30,
    "page": {"weight": 1, "concurrency": 8, "rate": 120, "burst": 60},
    "request": {**limits.NUMBERS, "media_urls": False, "beam_search": False, "parameters": []},
}


def unit(name, port, model="m"):
    return {"name": name, "serves": True, "url": f"http://127.0.0.1:{port}", "model": {"served_name": model}}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_help_pages_are_the_same_for_all(language):
    page = gateway.gateway_help(language)
    assert f'<html lang="{language}">' in page and page == gateway.gateway_help(language)
    for number in ("LLM209", "LLM101", "LLM820", "429"):
        assert f'<section id="{number}">' in page


def test_the_page_for_users_begins_in_their_language():
    page = gateway.gateway_page("<Acme>", "en")
    assert "<title>&lt;Acme&gt;</title>" in page["head"] and 'id="en" checked' in page["head"]
    assert set(page["errors"]) == set(site.ERRORS) and "gateway_request_size" in page["errors"][413]


def test_the_site():
    settings = {
        **REST,
        "engine": "vllm",
        "routes": ["GET /v1/models/{model}"],
        "keys": [
            {"name": "a-b", "rate": 7},
            {"name": "off", "state": "suspended"},
            {"name": "free", "rate": 0, "concurrency": 0},
        ],
        "limits": {"rate": 60, "burst": 3, "concurrency": 4},
        "units": [unit("a", 8000), unit("b", 8001), {**unit("c", 8002), "serves": False, "url": None}],
    }
    parts = gateway.gateway_site(settings, "gpu01")
    assert '"POST /v1/chat/completions" 1;' in parts["http"]
    assert '"~^GET /v1/models/[A-Za-z0-9._-]+$" 1;' in parts["http"]
    assert '"~^/update_weights(/|$)" 1;' in parts["http"]
    assert "~^/health(" not in parts["http"], "the page's own"
    assert "rate=7r/m" in parts["http"] and "limit_req zone=yitiji_rate_a_b burst=3 nodelay;" in parts["location"]
    assert "limit_conn yitiji_conn_a_b 4;" in parts["location"]
    assert "off" not in parts["location"] and "free" not in parts["location"]
    assert parts["http"].count("max_fails=2") == 2 and parts["http"].count("upstream ") == 1
    (model,) = parts["models"]
    assert model["unit"] == "a" and model["servers"] == ["127.0.0.1:8000", "127.0.0.1:8001"]
    assert (
        "limit_conn yitiji_all 256;" in parts["location"]
        and "limit_req zone=yitiji_large burst=30" in parts["location"]
    )
    assert "limit_conn yitiji_page_user 8;" in parts["page"] and parts["script"].startswith("export default {")
    for line in parts["errors"].splitlines():
        if line.strip().startswith("return"):
            json.loads(line.strip().split("'")[1])


def test_a_refusal_names_the_host():
    with pytest.raises(Exception, match=r"\[LLM804\] gpu07"):
        gateway.gateway_site({"engine": "vllm", "routes": ["x"], "keys": [], "limits": {}, "units": []}, "gpu07")


def test_engines_come_from_the_plan():
    settings = {"engine": "vllm", "keys": [{"name": "a"}], "limits": {"rate": 1, "burst": 1, "concurrency": 1}, **REST}
    parts = gateway.gateway_site({**settings, "units": [unit("a", 8000, "m"), unit("b", 8001, "n")]}, "gpu01")
    first, second = parts["models"]
    assert (first["name"], first["upstream"]) == ("m", "yitiji_engine")
    assert (second["name"], second["upstream"]) == ("n", "yitiji_engine_1")
    nobody = gateway.gateway_site({**settings, "units": []}, "gpu01")
    (model,) = nobody["models"]
    assert model["name"] == "" and model["unit"] == "yitiji-engine" and model["servers"] == []
    assert "upstream yitiji_engine {" in nobody["http"] and "server 127.0.0.1:9 " in nobody["http"]


def test_the_team_that_is_asked_for():
    rows = [{"name": "a", "state": "suspended"}, {"name": "b", "sha256": "0" * 64}, {"name": "c", "state": "present"}]
    assert gateway.gateway_team(rows) == "c" and gateway.gateway_team(rows[:2]) == ""
    assert "POST /pause" in gateway.gateway_refused("vllm", []) and gateway.gateway_refused("ollama", []) == []


def test_what_the_site_opens_is_not_to_be_refused():
    closed = gateway.gateway_refused("vllm", [])
    assert {"POST /v1/rerank", "POST /v1/score"} <= set(closed)
    assert [row for row in closed if row not in gateway.gateway_refused("vllm", [], ["POST  /v1/rerank"])] == [
        "POST /v1/rerank"
    ]


def test_sources_are_counted_on_the_gateways_ports():
    assert "ct count over 5 " in gateway.gateway_sources(["80", "443"], "5", [])


def test_the_secrets_that_a_second_gateway_gets_from_the_head():
    rows = [{"name": "a"}, {"name": "b", "state": "suspended"}, {"name": "c", "state": "absent"},
            {"name": "d", "value": "Jq7yTz3mWc9xKb2v"}, {"name": "e", "sha256": "0" * 64}]  # fmt: skip
    assert gateway.gateway_secrets(rows) == ["gateway-key-a", "gateway-key-b"]
    assert gateway.gateway_secrets([]) == []
