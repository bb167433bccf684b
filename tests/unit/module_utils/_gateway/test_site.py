# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site's parts, read the way nginx reads them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, site

LIMITS = {"rate": 60, "burst": 5, "concurrency": 4}


@pytest.mark.parametrize("name", ["default", "volatile", "research"])
def test_every_map_has_one_default(name):
    """nginx has words of its own in a map: a team may bear them all the same."""
    zones, _use = site.limits(keys.parse([{"name": name}], LIMITS))
    maps = re.findall(r"map [^{]*\{(.*?)\}", "\n".join(zones), re.S)
    assert len(maps) >= 2
    for body in maps:
        words = [line.split()[0].strip('"') for line in body.strip().splitlines()]
        assert words.count("default") == 1
        assert not {"hostnames", "include", "volatile"} & set(words)


def concurrency(rows, total=100, page_weight=1):
    _zones, use = site.limits(keys.parse(rows, LIMITS | {"concurrency": 64}), total, page_weight)
    return [int(line.split()[2].rstrip(";")) for line in use if line.startswith("limit_conn yitiji_conn")]


def test_a_team_has_its_part_of_the_requests_at_a_time():
    assert concurrency([{"name": "a"}]) == [50], "the page has the other half"
    assert concurrency([{"name": "a", "weight": 2}, {"name": "b"}]) == [50, 25]
    assert concurrency([{"name": f"t{n}"} for n in range(60)]) == [site.LEAST_SHARE] * 60
    assert concurrency([{"name": "a"}], total=1000) == [64] and concurrency([{"name": "a"}], total=0) == [64]


def test_what_a_team_states_is_what_it_has():
    assert concurrency([{"name": "a", "concurrency": 90}, {"name": "b"}]) == [90, 33]
    assert concurrency([{"name": "a", "concurrency": 0}]) == []
    assert concurrency([{"name": "a", "state": "suspended"}, {"name": "b"}]) == [50], "who is suspended has no part"


def test_the_pages_users_have_limits_of_their_own():
    page = {"weight": 1, "concurrency": 8, "rate": 60, "burst": 5}
    rows = site.page_limits(page, 100, keys.parse([{"name": "a"}], LIMITS))
    assert rows == [
        "limit_conn yitiji_page_user 8;",
        "limit_req zone=yitiji_page_user_rate burst=5 nodelay;",
        "limit_conn yitiji_page 50;",
        "limit_conn yitiji_all 100;",
    ]
    assert site.page_limits({**page, "concurrency": 0, "rate": 0}, 0, []) == []


def test_above_the_sites_stand_limits_and_njs_where_no_package_loads_it():
    debian = {"nginx_modules_conf": "/etc/nginx/modules-enabled", "nginx_modules": "/usr/lib/nginx/modules"}
    assert [row for row in site.main(debian, 60, 100).splitlines() if not row.startswith("#")] == [
        "worker_shutdown_timeout 60s;", "worker_rlimit_nofile 1224;",
    ]  # fmt: skip
    rhel = {"nginx_modules_conf": None, "nginx_modules": "/etc/nginx/modules"}
    text = site.main(rhel, 60, 100)
    assert text.splitlines()[0] == "load_module /etc/nginx/modules/ngx_http_js_module.so;" and text.endswith(";\n")
