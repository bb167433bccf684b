# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment that role open_webui gives to Open WebUI: every name is one that the pinned version reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import environment as env

from tests.unit.module_utils._webui.samples import EVERYTHING, PLAIN

ROOT = Path(__file__).resolve().parents[4]


NAMES = ROOT / "tests/fixtures/open_webui/env-0.12.4.txt"


# Read by libraries of Open WebUI, or by its way in, not by itself.
OTHERS = {
    "HOME", "HOST", "PORT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "ANONYMIZED_TELEMETRY", "DO_NOT_TRACK",
    "SCARF_NO_ANALYTICS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
}  # fmt: skip


BASE = {"OPENAI_API_BASE_URLS": "http://yitiji-vllm:8000/v1", "WEBUI_NAME": "DeepSeek"}


def role_names() -> set[str]:
    return set(yaml.safe_load((ROOT / "roles/open_webui/vars/main.yml").read_text())["__open_webui_environment"])


@pytest.mark.parametrize(
    "settings", [PLAIN, EVERYTHING, {**EVERYTHING, "documents": "local"}], ids="plain every local".split()
)
def test_open_webui_reads_every_name(settings):
    known = set(NAMES.read_text().split()) | OTHERS
    given = {**dict.fromkeys(role_names(), ""), **BASE}
    assert len(known) > 900
    assert set(env.environment(given, settings)) - known == set()
    assert set(env.secrets(given, settings)) - known == set()


def test_the_names_are_those_of_the_pinned_version():
    images = yaml.safe_load((ROOT / "plugins/catalog/images/images.yml").read_text())
    version = NAMES.stem.partition("-")[2]
    assert all(version in images[name]["ref"] for name in ("open-webui", "open-webui-slim"))


def test_plugins_export_and_other_peoples_chats_are_off_unless_set():
    names = ("ENABLE_PLUGINS", "ENABLE_ADMIN_EXPORT", "ENABLE_ADMIN_CHAT_ACCESS")
    found = env.environment(BASE, PLAIN)
    assert {found[name] for name in names} == {"false"}
    found = env.environment(BASE, {**PLAIN, "plugins": True, "admin_export": True, "admin_chat_access": True})
    assert {found[name] for name in names} == {"true"}


def test_sessions_end_and_passwords_have_a_length():
    found = env.environment(BASE, {**PLAIN, "password_length": 14})
    assert found["JWT_EXPIRES_IN"] == "12h"
    assert found["ENABLE_PASSWORD_VALIDATION"] == "true"
    rule = re.compile(found["PASSWORD_VALIDATION_REGEX_PATTERN"])
    assert not rule.match("1") and not rule.match("x" * 13) and rule.match("x" * 14) and rule.match("密" * 14)


def test_plain_settings_need_nothing_from_outside():
    found = env.environment(BASE, PLAIN)
    assert found["OPENAI_API_BASE_URLS"] == BASE["OPENAI_API_BASE_URLS"]
    assert "OPENAI_API_CONFIGS" not in found
    assert found["BYPASS_EMBEDDING_AND_RETRIEVAL"] == "true"
    assert found["BYPASS_MODEL_ACCESS_CONTROL"] == "true"
    assert not [name for name in found if "OAUTH" in name or "LDAP" in name]
    assert env.outside_secrets(BASE, PLAIN) == []
    assert env.secrets(BASE, PLAIN)["OPENAI_API_KEYS"] == ["page-key"]


def test_backends_keys_and_settings_stand_at_the_same_place():
    base = {**BASE, "OPENAI_API_BASE_URLS": "http://a:1/v1;http://b:2/v1"}
    found = env.environment(base, EVERYTHING)
    urls = found["OPENAI_API_BASE_URLS"].split(";")
    keys = env.secrets(base, EVERYTHING)["OPENAI_API_KEYS"]
    assert urls == ["http://a:1/v1", "http://b:2/v1", "https://10.0.0.9/v1", "http://10.0.0.8:8000/v1"]
    assert keys == ["page-key", "page-key", "open-webui-backend-old", ""]
    configs = json.loads(found["OPENAI_API_CONFIGS"])
    assert (configs["2"]["prefix_id"], configs["2"]["model_ids"]) == ("old", ["qwen"])
    assert set(configs) == {"2", "3"}


def test_embeddings_of_a_server_and_of_a_folder():
    found = env.environment(BASE, EVERYTHING)
    assert found["BYPASS_EMBEDDING_AND_RETRIEVAL"] == "false"
    assert (found["RAG_EMBEDDING_ENGINE"], found["RAG_EMBEDDING_MODEL"]) == ("openai", "bge-m3")
    assert found["VECTOR_DB"] == "pgvector"
    found = env.environment(BASE, {**EVERYTHING, "documents": "local", "database": "sqlite"})
    assert (found["RAG_EMBEDDING_ENGINE"], found["RAG_EMBEDDING_MODEL"]) == ("", env.EMBEDDING)
    assert found["VECTOR_DB"] == "chroma"


def test_single_sign_on():
    found = env.environment(BASE, EVERYTHING)
    assert found["OPENID_REDIRECT_URI"] == "https://chat.example.org/oauth/oidc/callback"
    assert found["OAUTH_MERGE_ACCOUNTS_BY_EMAIL"] == "false", "an address alone does not take an account over"
    assert found["OAUTH_ALLOWED_ROLES"] == "staff,ops"
    assert (found["LDAP_SERVER_PORT"], found["LDAP_USE_TLS"], found["LDAP_VALIDATE_CERT"]) == ("636", "true", "true")
    assert found["LDAP_CA_CERT_FILE"] == env.CA
    plain = env.environment(BASE, {**EVERYTHING, "ldap": {**EVERYTHING["ldap"], "tls": False}, "ca_file": ""})
    assert plain["LDAP_SERVER_PORT"] == "389" and "LDAP_CA_CERT_FILE" not in plain


def test_no_secret_is_in_the_environment():
    assert env.outside_secrets(BASE, EVERYTHING) == ["backend-old", "database", "embedding", "ldap", "oidc"]
    for name in env.secrets(BASE, EVERYTHING):
        assert name not in env.environment(BASE, EVERYTHING)


def test_mounts():
    assert env.mounts({**PLAIN, "color": ""}) == [{"source": "/data", "target": "/app/backend/data"}]
    full = {**EVERYTHING, "documents": "local", "embedding_dir": "/srv/bge", "logo": "logo.png"}
    found = {mount["target"]: (mount["source"], mount.get("read_only", False)) for mount in env.mounts(full)}
    assert found[env.EMBEDDING] == ("/srv/bge", True)
    assert found[env.CA] == ("/etc/ssl/own.crt", True)
    assert found["/tmp/static/custom.css"] == ("/look/custom.css", True)
    assert found["/tmp/static/favicon.png"] == ("/look/logo.png", True)
    assert {mount["source"] for mount in env.mounts(full, files=True)} == {
        "/etc/ssl/own.crt",
        "/look/custom.css",
        "/look/logo.png",
    }


def test_style_has_the_colour():
    assert env.style("#0a5fd7").count("#0a5fd7") == 3


def test_a_mark_of_generated_content_stands_above_every_chat_where_it_is_set():
    assert "WEBUI_BANNERS" not in env.environment(BASE, PLAIN)
    assert "WEBUI_BANNERS" not in env.environment(BASE, {**PLAIN, "banner": ["", ""]})
    said = env.environment(BASE, {**PLAIN, "banner": ["内容由模型生成", "投诉：12345"]})["WEBUI_BANNERS"]
    assert "\\" not in said, "it goes through a unit's file"
    (row,) = json.loads(said)
    assert row["content"] == "内容由模型生成 · 投诉：12345" and row["dismissible"] is False
    assert {"id", "type", "content", "dismissible", "timestamp"} <= set(row), "what the page's model of a banner wants"
