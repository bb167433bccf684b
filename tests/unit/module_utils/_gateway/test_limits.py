# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one request may ask, and how many connections a source may have."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import limits as core

CATALOG = {
    "default": {"parameters": {"POST /v1/completions": ["model", "n"]}},
    "vllm": {"parameters": {"POST /v1/completions": ["min_tokens", "n"], "POST /v1/rerank": ["query"]}},
}
WANTED = {**core.NUMBERS, "media_urls": "False", "beam_search": True, "parameters": ["more"]}


def read(text):
    assert text.startswith("export default {") and text.endswith("};\n")
    return json.loads(text[len("export default ") : -2])


def test_an_engine_adds_names_to_those_of_all():
    assert core.parameters(CATALOG, "other") == {"POST /v1/completions": ["model", "n"]}
    assert core.parameters(CATALOG, "vllm") == {
        "POST /v1/completions": ["min_tokens", "model", "n"],
        "POST /v1/rerank": ["query"],
    }


def test_the_script_holds_every_limit_as_a_number():
    assert read(core.script(CATALOG, "vllm", WANTED, "zh"))["language"] == "zh"
    found = read(core.script(CATALOG, "vllm", WANTED))
    assert found["sequences"] == 1 and found["media_urls"] is False and found["beam_search"] is True
    assert found["more"] == ["more"] and "POST /v1/rerank" in found["parameters"]
    numbers = {name[4:] for name in core.NUMBERS} - {"answers"} | {"sequences"}
    assert numbers <= set(found) and all(isinstance(found[name], int) for name in numbers)


def test_the_script_knows_whether_requests_are_recorded():
    assert read(core.script(CATALOG, "vllm", WANTED))["audit"] is None
    audit = {"state": "/run/a.json", "folder": "/var/a", "when_full": "refuse", "content": "0"}
    found = read(core.script(CATALOG, "vllm", {**WANTED, "audit": audit}))["audit"]
    assert (
        found["refuse"] is True and found["content"] == 0 and found["stop"]["en"].startswith("[LLM882] Requests can't")
    )


def test_one_source_is_counted_on_the_gateways_ports_alone():
    text = core.sources([443, 80, 443], 256, ["10.0.0.7", "fd00::/8"])
    assert "tcp dport != { 80, 443 } accept" in text and text.count("ct count over 256") == 2
    assert "ip saddr { 10.0.0.7/32 } accept" in text and "ip6 saddr { fd00::/8 } accept" in text
    assert text.startswith("table inet yitiji_gateway\ndelete table inet yitiji_gateway\n")


def test_no_limit_is_no_table():
    assert core.sources([80], 0, []) == "table inet yitiji_gateway\ndelete table inet yitiji_gateway\n"


def test_a_network_may_be_named_by_any_of_its_addresses():
    text = core.sources([443], 256, ["10.1.2.3/8", "fd00::7/64"])
    assert "ip saddr { 10.0.0.0/8 } accept" in text and "ip6 saddr { fd00::/64 } accept" in text
