# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong settings of the chat page are found before anything changes."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import problems as check

from tests.unit.module_utils._webui.samples import EVERYTHING, PLAIN


def test_good_settings_have_no_problem():
    assert check.problems(PLAIN) == []
    assert check.problems(EVERYTHING) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"backends": [{"name": "a"}]}, "lacks url"),
        ({"backends": [{"name": "a", "url": "10.0.0.1/v1"}]}, "is no address"),
        ({"backends": [{"name": "a", "url": "http://x;http://y"}]}, "is no address"),
        ({"backends": [{"name": "a", "url": "http://x", "token": "t"}]}, "knows no token"),
        ({"backends": [{"name": "a", "url": "http://x"}, {"name": "a", "url": "http://y"}]}, "'a' is taken"),
        ({"documents": "server", "embedding": {}}, "lacks model"),
        ({"documents": "local"}, "lacks open_webui_embedding_dir"),
        ({"image": "x/open-webui:0.12.4-slim", "documents": "server", "embedding": EVERYTHING["embedding"]}, "slim"),
        ({"oidc": {"url": "https://x"}}, "lacks client_id"),
        ({"oidc": {"client_secret": "s"}}, "knows no client_secret"),
        ({"ldap": {"host": "x"}}, "lacks search_base"),
        ({"color": "blue"}, "is no colour"),
        ({"logo": "logo.png"}, "license"),
        ({"users": [{"email": "nobody"}]}, "is no e-mail address"),
        ({"session_lifetime": "-1"}, "is no time"),
        ({"session_lifetime": "12"}, "is no time"),
        ({"password_length": 1}, "open_webui_password_length: 1"),
        ({"password_length": 73}, "open_webui_password_length: 73"),
    ],
)
def test_wrong_settings_are_told(change, told):
    texts = [refusal.message("gpu01") for refusal in check.problems({**PLAIN, **change})]
    assert texts and all(text.startswith("[LLM711] gpu01: ") and "处理办法" in text for text in texts)
    assert any(told in text for text in texts), texts


def test_a_slim_image_with_pgvector_searches():
    slim = {**EVERYTHING, "image": "x/open-webui:0.12.4-slim"}
    assert check.problems(slim) == []


def test_a_logo_with_permission():
    assert check.problems({**PLAIN, "logo": "logo.png", "branding_permission": "enterprise"}) == []
