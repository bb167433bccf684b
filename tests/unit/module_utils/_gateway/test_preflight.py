# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings with which the gateway could not serve."""

from __future__ import annotations

import os

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import limits, quotas
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

CATALOG = {"routes": {"default": {"allow": ["GET /v1/models", "POST /v1/chat/completions"]}}}
SETTINGS = {
    "catalog": CATALOG, "engine": "vllm", "units": [
        {"name": f"e{port}", "serves": True, "url": f"http://127.0.0.1:{port}"} for port in (8000, 8001)],
    "gateway_balancer_port": 0, "gateway_content_filter": "", "gateway_content_filter_return": 8099,
    "gateway_routes": ["POST /v1/messages"],
    "gateway_keys": [{"name": "default"}, {"name": "team-a", "rate": 6}], "gateway_rate": "300", "gateway_burst": 60,
    "gateway_concurrency": 64, "gateway_names": ["chat.example.com", "10.0.0.5"], "gateway_certificate": "",
    "gateway_certificate_key": "", "gateway_certificate_days": 397, "gateway_renew_days": 30,
    "gateway_acme_directory": "",
    "gateway_acme_ca": "", "gateway_console_client_ca": "",
    "gateway_upload_size": "512m", "gateway_page_request_size": "16m", "gateway_request_size": "32m",
    "gateway_generation_seconds": 3600,
    "gateway_drain_seconds": 14400, "gateway_start_seconds": "200",
    "gateway_content_security_policy": "default-src 'self'",
    "gateway_https_port": 443, "gateway_http_port": 80, "gateway_chat_port": 8080, "gateway_tls_dir": "/etc/yitiji/tls",
    "gateway_secrets_dir": "/etc/yitiji/secrets", "gateway_state_dir": "/var/lib/yitiji",
    "shared": {"gateway_https_port": {"appliance_https_port": "443"}, "gateway_http_port": {"appliance_http_port": 80},
               "gateway_chat_port": {"appliance_chat_port": 8080}},
    "gateway_other_names": ["chat.lan"], "gateway_parameters": ["guided_choice"],
    "gateway_unlimited_sources": ["10.0.0.0/8", "fd00::1"],
    "gateway_audit_dir": "/var/lib/yitiji/audit", "gateway_quotas": [], "appliance_audit": False,
    **{f"gateway_audit_{name}": least for name, least in quotas.NUMBERS.items()},
    **{f"gateway_{name}": least for name, least in {**limits.NUMBERS, **limits.OTHERS}.items()},
}  # fmt: skip
ACME = {"gateway_acme_directory": "https://acme.example.com/directory"}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        (ACME, []),
        ({**ACME, "gateways": []}, []),
        ({**ACME, "gateways": ["n1", "n2"]}, ["LLM559"]),
        ({"gateway_certificate": "/etc/ssl/a.pem", "gateway_certificate_key": "/etc/ssl/a.key"}, []),
        ({"gateway_routes": ["EAT /v1/x", "GET /metrics", "POST /v1/ok"]}, ["LLM804", "LLM804"]),
        ({"gateway_keys": [{"name": "Bad Name"}, {"name": "a", "colour": 1}]}, ["LLM805", "LLM805"]),
        ({"gateway_keys": [{"name": "a"}, {"name": "a"}]}, ["LLM805"]),
        ({"gateway_keys": [{"name": "a", "value": "admin"}]}, ["LLM733"]),
        ({"gateway_names": []}, ["LLM812"]),
        ({"gateway_names": ["*.example.com"]}, []),
        ({"gateway_names": ["*"]}, ["LLM812"]),
        ({"gateway_names": ["*.a.example"]}, []),
        ({"gateway_generation_seconds": 1, "gateway_drain_seconds": 1, "gateway_start_seconds": 1}, []),
        ({**ACME, "gateway_names": ["chat.example.com", "*.example.com"]}, ["LLM812"]),
        ({"gateway_names": ["https://chat.example.com", "a b"]}, ["LLM812", "LLM812"]),
        ({"gateway_certificate": "/etc/ssl/a.pem"}, ["LLM812"]),
        ({"gateway_certificate_key": "/etc/ssl/a.key"}, ["LLM812"]),
        ({"gateway_certificate": "a.pem", "gateway_certificate_key": "/etc/ssl/a.key"}, ["LLM132"]),
        ({"gateway_certificate_days": 30}, ["LLM812"]),
        ({"gateway_renew_days": 0}, ["LLM812"]),
        ({"gateway_acme_directory": "acme"}, ["LLM812"]),
        ({**ACME, "gateway_names": ["10.0.0.5"]}, ["LLM812"]),
        ({**ACME, "gateway_acme_ca": "ca.pem"}, ["LLM132"]),
        ({"gateway_console_client_ca": "ca.pem"}, ["LLM132"]),
        ({"gateway_console_client_ca": "/etc/ssl/admins.pem"}, []),
        ({"gateway_upload_size": "lots"}, ["LLM812"]),
        ({"gateway_page_request_size": "lots"}, ["LLM812"]),
        ({"gateway_request_size": "0"}, ["LLM812"]),
        ({"gateway_generation_seconds": 0}, ["LLM812"]),
        ({"gateway_content_security_policy": 'default-src "self"'}, ["LLM812"]),
        ({"gateway_http_port": 443}, ["LLM130", "LLM185"]),
        ({"gateway_chat_port": 8001}, ["LLM130", "LLM185"]),
        ({"gateway_https_port": 8443}, ["LLM185"]),
        ({"gateway_https_port": 8443, "shared": {"gateway_https_port": {"appliance_https_port": 8443}}}, []),
        ({"gateway_tls_dir": "tls"}, ["LLM132"]),
        ({"gateway_other_names": ["a b"]}, ["LLM812"]),
        ({"gateway_max_answers": 0, "gateway_connections": 16}, ["LLM820", "LLM820"]),
        ({"gateway_max_answers": 17}, ["LLM822"]),
        ({"gateway_parameters": ["a b", "ok"]}, ["LLM821"]),
        ({"gateway_quotas": [{"team": "default", "tokens": 5}]}, ["LLM880"]),
        ({"gateway_unlimited_sources": ["10.0.0.0/8", "office"]}, ["LLM823"]),
        ({"gateway_content_filter": "http://127.0.0.1:9010"}, []),
        ({"gateway_content_filter": "http://127.0.0.2:9010/"}, []),
        ({"gateway_content_filter": "http://localhost:9010"}, ["LLM812"]),
        ({"gateway_content_filter": "http://127.0.0.256:9010"}, ["LLM812"]),
        ({"gateway_content_filter": "http://127.0.0.1:9010\n"}, ["LLM812"]),
        ({"gateway_content_filter": "http://127.0.0.1:9010; server 10.0.0.9"}, ["LLM812"]),
        ({"gateway_content_filter": "https://127.0.0.1:9010"}, ["LLM812"]),
        ({"gateway_content_filter": "http://10.0.0.9:9100"}, ["LLM812"]),
        ({"gateway_content_filter": "http://127.0.0.1:9010/v1"}, ["LLM812"]),
        ({"gateway_content_filter": "http://127.0.0.1:99999"}, ["LLM130"]),
        ({"gateway_content_filter": "http://127.0.0.1:8000"}, ["LLM130"]),
        ({"gateway_content_filter": "http://127.0.0.1:8099"}, ["LLM130"]),
        ({"gateway_content_filter_return": 443}, []),
        ({"gateway_content_filter": "http://127.0.0.1:9010", "gateway_content_filter_return": 443}, ["LLM130"]),
    ],
)
def test_settings(changed, rules):
    assert rules_of(core.problems, SETTINGS, **changed) == rules


# Where 0 means "none", or "no limit"; the others must be 1 at least.
ZERO = """max_answer_tokens max_logprobs max_prompt_logprobs max_stop max_list max_format_bytes max_tools
    max_tools_bytes max_expression max_media total_concurrency page_concurrency page_rate page_burst large_rate
    sign_in_burst idle_seconds source_connections""".split()


@pytest.mark.parametrize("name", sorted({**limits.NUMBERS, **limits.OTHERS}))
def test_the_least_of_every_number(name):
    least = 0 if name in ZERO else 512 if name == "connections" else 1
    assert rules_of(core.problems, SETTINGS, **{f"gateway_{name}": least}) == []
    assert rules_of(core.problems, SETTINGS, **{f"gateway_{name}": least - 1}) == ["LLM820"]


def test_an_answer_has_sixteen_versions_at_most():
    assert rules_of(core.problems, SETTINGS, gateway_max_answers=16) == []


def test_all_mistakes_are_told_at_once():
    changed = {"gateway_routes": ["x"], "gateway_keys": [{}], "gateway_names": [], "gateway_http_port": 443}
    assert rules_of(core.problems, SETTINGS, **changed) == ["LLM804", "LLM805", "LLM812", "LLM130", "LLM185"]


def test_hand_outs(tmp_path):
    good = {
        "clients_url": "https://chat.example.com",
        "clients_dir": "/var/lib/yitiji/clients",
        "clients_controller_dir": "",
    }
    assert rules_of(core.hand_outs, good) == []
    assert rules_of(core.hand_outs, good, clients_controller_dir=str(tmp_path / "new/folder")) == []
    (tmp_path / "file").touch(0o777)
    assert rules_of(core.hand_outs, good, clients_controller_dir=str(tmp_path / "file")) == ["LLM813"]
    assert rules_of(core.hand_outs, good, clients_controller_dir=str(tmp_path / "file/folder")) == ["LLM813"]
    assert rules_of(core.hand_outs, good, clients_url="chat.example.com", clients_dir="clients") == ["LLM132", "LLM813"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else():
    assert not core.can_write("/proc/1")
