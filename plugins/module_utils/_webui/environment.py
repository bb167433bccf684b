# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chat page's settings as the environment of Open WebUI 0.12, and the secrets that belong to them."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Union

SECRET_PREFIX = "open-webui-"  # noqa: S105 - a name, no secret
PAGE_SECRET = "page-key"  # noqa: S105 - a name, no secret
CA = "/run/yitiji/ca.crt"
EMBEDDING = "/models/embedding"
DATA = "/app/backend/data"
STATIC = "/tmp/static"  # noqa: S108 - in the container
MARKS = ("favicon.png", "favicon-96x96.png", "apple-touch-icon.png", "logo.png", "splash.png", "splash-dark.png")
Secrets = Dict[str, Union[str, List[str]]]


def flag(value: Any) -> str:
    return "true" if value else "false"


def secret(name: str) -> str:
    """The file name of a secret that the operator gives."""
    return SECRET_PREFIX + name


def engine_urls(base: Mapping[str, str]) -> List[str]:
    return [url for url in base.get("OPENAI_API_BASE_URLS", "").split(";") if url]


def environment(base: Mapping[str, str], settings: Mapping[str, Any]) -> Dict[str, str]:
    """The role's own environment and everything that settings add; never a secret."""
    found = dict(base)
    found.update(_backends(base, settings))
    for part in (_documents, _database, _access, _safety, _banner, _ca, _oidc, _ldap):
        found.update(part(settings))
    return found


def secrets(base: Mapping[str, str], settings: Mapping[str, Any]) -> Secrets:
    """For each variable the secret files from which it is read; a list is joined, an empty name stands for no key."""
    keys = [PAGE_SECRET] * len(engine_urls(base))
    keys += [
        secret("backend-" + backend["name"]) if backend.get("key", True) else "" for backend in settings["backends"]
    ]
    found: Secrets = {
        "WEBUI_SECRET_KEY": secret("session"),
        "WEBUI_ADMIN_PASSWORD": secret("admin"),
        "OPENAI_API_KEYS": keys,
    }
    if settings["documents"] == "server" and settings["embedding"].get("key", True):
        found["RAG_OPENAI_API_KEY"] = secret("embedding")
    if settings["database"] == "postgresql":
        found["DATABASE_URL"] = secret("database")
    if settings["oidc"]:
        found["OAUTH_CLIENT_SECRET"] = secret("oidc")
    if settings["ldap"].get("bind_dn"):
        found["LDAP_APP_PASSWORD"] = secret("ldap")
    return found


def outside_secrets(base: Mapping[str, str], settings: Mapping[str, Any]) -> List[str]:
    """Names of the secrets that only the operator can give."""
    own = {secret("session"), secret("admin"), PAGE_SECRET, ""}
    names: List[str] = []
    for value in secrets(base, settings).values():
        names += [value] if isinstance(value, str) else value
    return sorted({name[len(SECRET_PREFIX) :] for name in names if name not in own})


def _backends(base: Mapping[str, str], settings: Mapping[str, Any]) -> Dict[str, str]:
    urls = engine_urls(base)
    configs: Dict[str, Any] = {}
    for backend in settings["backends"]:
        configs[str(len(urls))] = {
            "enable": True,
            "connection_type": "external",
            "prefix_id": backend.get("prefix") or None,
            "model_ids": list(backend.get("models") or []),
            "tags": [{"name": backend["name"]}],
        }
        urls.append(backend["url"].rstrip("/"))
    found = {"OPENAI_API_BASE_URLS": ";".join(urls)}
    if configs:
        found["OPENAI_API_CONFIGS"] = json.dumps(configs, sort_keys=True)
    return found


def _documents(settings: Mapping[str, Any]) -> Dict[str, str]:
    """How uploads and knowledge reach the model: as a whole, or as the parts that a search by embeddings finds."""
    how, given = settings["documents"], settings["embedding"]
    found = {"BYPASS_EMBEDDING_AND_RETRIEVAL": flag(how == "whole"), "RAG_EMBEDDING_ENGINE": "openai"}
    if how == "server":
        found["RAG_OPENAI_API_BASE_URL"] = given["url"].rstrip("/")
        found["RAG_EMBEDDING_MODEL"] = given["model"]
        found["RAG_EMBEDDING_BATCH_SIZE"] = str(given.get("batch") or 16)
    elif how == "local":
        found["RAG_EMBEDDING_ENGINE"] = ""
        found["RAG_EMBEDDING_MODEL"] = EMBEDDING
        found["RAG_EMBEDDING_MODEL_TRUST_REMOTE_CODE"] = "false"
    return found


def _database(settings: Mapping[str, Any]) -> Dict[str, str]:
    return {"VECTOR_DB": "pgvector" if settings["database"] == "postgresql" else "chroma"}


def _access(settings: Mapping[str, Any]) -> Dict[str, str]:
    return {
        "BYPASS_MODEL_ACCESS_CONTROL": flag(not settings["restrict_models"]),
        "DEFAULT_USER_ROLE": settings["default_role"],
    }


def _safety(settings: Mapping[str, Any]) -> Dict[str, str]:
    """Sessions, passwords, and what the page's administrators can do beyond administration."""
    length = int(settings["password_length"])
    return {
        "ENABLE_PLUGINS": flag(settings["plugins"]),
        "JWT_EXPIRES_IN": settings["session_lifetime"],
        "ENABLE_PASSWORD_VALIDATION": "true",
        # Length alone: rules about kinds of characters make people choose worse ones.
        "PASSWORD_VALIDATION_REGEX_PATTERN": f"^.{{{length},}}$",
        "PASSWORD_VALIDATION_HINT": f"密码至少 {length} 个字符 / at least {length} characters",
        "ENABLE_ADMIN_EXPORT": flag(settings["admin_export"]),
        "ENABLE_ADMIN_CHAT_ACCESS": flag(settings["admin_chat_access"]),
    }


def _banner(settings: Mapping[str, Any]) -> Dict[str, str]:
    """That answers are generated, and where to complain: above every chat, and not to be closed."""
    words = [word for word in settings.get("banner", []) if word]
    row = {"id": "yitiji", "type": "info", "content": " · ".join(words), "dismissible": False, "timestamp": 0}
    return {"WEBUI_BANNERS": json.dumps([row], ensure_ascii=False)} if words else {}


def _ca(settings: Mapping[str, Any]) -> Dict[str, str]:
    if not settings["ca_file"]:
        return {}
    return {name: CA for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AIOHTTP_CLIENT_SSL_CERT_FILE")}


def _oidc(settings: Mapping[str, Any]) -> Dict[str, str]:
    given = settings["oidc"]
    if not given:
        return {}
    found = {
        "ENABLE_OAUTH": "true",
        "ENABLE_OAUTH_SIGNUP": flag(given.get("signup", True)),
        "OAUTH_PROVIDER_NAME": given.get("name") or "SSO",
        "OPENID_PROVIDER_URL": given["url"],
        "OPENID_REDIRECT_URI": settings["origin"].rstrip("/") + "/oauth/oidc/callback",
        "OAUTH_CLIENT_ID": given["client_id"],
        "OAUTH_SCOPES": given.get("scopes") or "openid email profile",
        "OAUTH_MERGE_ACCOUNTS_BY_EMAIL": flag(given.get("merge_by_email", False)),
        "OAUTH_ALLOWED_DOMAINS": ",".join(given.get("domains") or ["*"]),
        "ENABLE_OAUTH_ROLE_MANAGEMENT": flag(given.get("admin_roles") or given.get("allowed_roles")),
        "ENABLE_OAUTH_GROUP_MANAGEMENT": flag(given.get("groups_claim")),
    }
    if found["ENABLE_OAUTH_ROLE_MANAGEMENT"] == "true":
        found["OAUTH_ROLES_CLAIM"] = given.get("roles_claim") or "roles"
        admins = list(given.get("admin_roles") or ["admin"])
        found["OAUTH_ADMIN_ROLES"] = ",".join(admins)
        found["OAUTH_ALLOWED_ROLES"] = ",".join([*(given.get("allowed_roles") or ["user"]), *admins])
    if given.get("groups_claim"):
        found["OAUTH_GROUPS_CLAIM"] = given["groups_claim"]
    return found


def _ldap(settings: Mapping[str, Any]) -> Dict[str, str]:
    given = settings["ldap"]
    if not given:
        return {}
    tls = given.get("tls", True)
    found = {
        "ENABLE_LDAP": "true",
        "LDAP_SERVER_LABEL": given.get("name") or "LDAP",
        "LDAP_SERVER_HOST": given["host"],
        "LDAP_SERVER_PORT": str(given.get("port") or (636 if tls else 389)),
        "LDAP_USE_TLS": flag(tls),
        "LDAP_VALIDATE_CERT": "true",
        "LDAP_SEARCH_BASE": given["search_base"],
        "LDAP_SEARCH_FILTER": given.get("filter") or "",
        "LDAP_APP_DN": given.get("bind_dn") or "",
        "LDAP_ATTRIBUTE_FOR_USERNAME": given.get("username_attribute") or "uid",
        "LDAP_ATTRIBUTE_FOR_MAIL": given.get("mail_attribute") or "mail",
        "ENABLE_LDAP_GROUP_MANAGEMENT": flag(given.get("groups_attribute")),
    }
    if given.get("groups_attribute"):
        found["LDAP_ATTRIBUTE_FOR_GROUPS"] = given["groups_attribute"]
    if settings["ca_file"]:
        found["LDAP_CA_CERT_FILE"] = CA
    return found


def mounts(settings: Mapping[str, Any], files: bool = False) -> List[Dict[str, Any]]:
    """What the container sees of the node; `files`: only those from which it is started."""
    found: List[Dict[str, Any]] = [] if files else [{"source": settings["data_dir"], "target": DATA}]
    if settings["documents"] == "local" and not files:
        found.append({"source": settings["embedding_dir"], "target": EMBEDDING, "read_only": True})
    single = {CA: settings["ca_file"]} if settings["ca_file"] else {}
    if settings["color"]:
        single[f"{STATIC}/custom.css"] = settings["look_dir"] + "/custom.css"
    if settings["logo"]:
        single.update({f"{STATIC}/{mark}": settings["look_dir"] + "/logo.png" for mark in MARKS})
    return found + [{"source": source, "target": target, "read_only": True} for target, source in single.items()]


def style(color: str) -> str:
    """A style sheet with the vendor's colour for buttons and links; the page's own marks stay."""
    return (
        f":root {{ accent-color: {color}; }}\n"
        f"a:not([class]) {{ color: {color}; }}\n"
        "button[type='submit'], #send-message-button "
        f"{{ background-color: {color} !important; color: #fff !important; }}\n"
    )
