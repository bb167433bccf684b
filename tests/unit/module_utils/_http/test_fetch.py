# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens stay with their host; proxies; addresses that are not HTTP."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._http.fetch import Client, origin


def test_token_headers_stay_home():
    client = Client("https://hub.example/", "t0ken")
    assert client.headers(origin("https://hub.example/api"))["Cookie"] == "m_session_id=t0ken"
    for other in ("https://cdn.example/x", "http://hub.example/x", "https://hub.example:444/x"):
        assert not {"Cookie", "Authorization"} & set(client.headers(origin(other)))


def test_proxies(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "10.0.0.1")
    client = Client("http://hub.example")
    assert client.proxy(origin("http://hub.example/")) == "http://proxy:3128"
    assert client.proxy(origin("http://10.0.0.1:8801/")) == ""


@pytest.mark.parametrize("endpoint", ["", "hub.example", "ftp://x", "http://"])
def test_endpoint_must_be_http(endpoint):
    with pytest.raises(Refusal):
        Client(endpoint)
