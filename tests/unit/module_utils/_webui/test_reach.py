# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the page reaches follows from its settings; without one it reaches nobody but the gateway."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._webui import reach

from tests.unit.module_utils._webui.samples import EVERYTHING, PLAIN

ROLE = {
    "network": "yitiji-page", "beside": False, "user": 10002, "port": 8080,
    "engines": ["http://169.254.213.1:8001/v1"], "secrets_dir": "/etc/yitiji/secrets", "environment": {},
}  # fmt: skip


def test_plain_settings_reach_nothing_outside():
    assert reach.places(PLAIN, {}, "/s") == []
    assert reach.guard(PLAIN, ROLE) == {
        "doors": [{"ports": [8080], "users": ["@nginx"]}, {"ports": [8001], "users": []}],
        "networks": [{"name": "yitiji-page", "to": [], "node": ["169.254.213.1:8001"]}],
    }


def test_every_system_that_the_settings_name_stays_open():
    assert reach.places(EVERYTHING, {}, "/s") == [
        "10.0.0.9:443", "10.0.0.8:8000", "sso.example.org:443", "10.0.0.7:8001", "ldap.example.org:636",
        "@/s/open-webui-database",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"S3_ENDPOINT_URL": "https://s3.example.org:9000"}, ["s3.example.org:9000"]),
        ({"TIKA_SERVER_URL": "http://10.0.0.4:9998", "X": "none"}, ["10.0.0.4:9998"]),
        ({"LIST": "redis://a:1,http://[fd00::9]/x"}, ["a:1", "[fd00::9]:80"]),
        ({"FILE": "file:///etc/passwd"}, []),
        ({"ODD": "http://host:port/"}, []),
    ],
)
def test_addresses_among_further_variables_stay_open(variables, found):
    assert reach.places(PLAIN, variables, "/s") == found


def test_what_the_site_adds_is_opened_once():
    assert reach.places({**PLAIN, "egress": ["a:1", "a:1"]}, {"X": "http://a:1"}, "/s") == ["a:1"]


def test_a_page_on_the_nodes_own_network_is_known_by_its_user():
    role = {**ROLE, "beside": True, "engines": ["http://127.0.0.1:8000/v1"]}
    assert reach.guard(PLAIN, role) == {
        "doors": [{"ports": [8080], "users": ["@nginx"]}, {"ports": [8000], "users": ["10002"]}],
        "users": [{"user": "10002", "to": []}],
    }
