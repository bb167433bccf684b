# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the chat page: plain, and with everything."""

from __future__ import annotations

EVERYTHING = {
    "backends": [
        {"name": "old", "url": "https://10.0.0.9/v1/", "prefix": "old", "models": ["qwen"]},
        {"name": "open", "url": "http://10.0.0.8:8000/v1", "key": False},
    ],
    "documents": "server",
    "embedding": {"url": "http://10.0.0.7:8001/v1", "model": "bge-m3"},
    "embedding_dir": "", "data_dir": "/data", "look_dir": "/look",
    "database": "postgresql",
    "restrict_models": True,
    "default_role": "user",
    "egress": [],
    "plugins": False,
    "session_lifetime": "12h",
    "password_length": 12,
    "admin_export": False,
    "admin_chat_access": False,
    "origin": "https://chat.example.org",
    "ca_file": "/etc/ssl/own.crt",
    "oidc": {
        "url": "https://sso.example.org/.well-known/openid-configuration", "client_id": "appliance",
        "groups_claim": "groups", "admin_roles": ["ops"], "allowed_roles": ["staff"], "domains": ["example.org"],
    },
    "ldap": {
        "host": "ldap.example.org", "search_base": "ou=people,dc=example,dc=org",
        "bind_dn": "cn=reader,dc=example,dc=org", "groups_attribute": "memberOf",
    },
    "image": "ghcr.io/open-webui/open-webui:v0.12.4",
    "logo": "", "color": "#0a5fd7", "branding_permission": "",
    "users": [], "groups": [], "admin_email": "admin@appliance.local",
}  # fmt: skip


PLAIN = {
    **EVERYTHING, "backends": [], "documents": "whole", "embedding": {}, "database": "sqlite", "restrict_models": False,
    "oidc": {}, "ldap": {}, "ca_file": "",
}  # fmt: skip
