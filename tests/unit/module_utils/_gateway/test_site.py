# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's parts, read the way nginx reads them."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, routes, site

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


def waits(*rates):
    zones, _use = site.limits([keys.Team(f"t{rate}", rate=rate) for rate in rates])
    return re.findall(r'"(t\d+):REJECTED" (\d+);', "\n".join(zones))


def test_who_asks_too_often_is_told_after_how_many_seconds_one_more_fits():
    assert waits(1, 7, 60, 600) == [("t1", "60"), ("t7", "9"), ("t60", "1"), ("t600", "1")]


def test_a_team_without_any_limit_has_no_line():
    assert site.limits([keys.Team("a")])[1] == []


def test_every_error_leads_to_its_help_and_is_explained_without_variables():
    for status, said in site.explained().items():
        body = json.loads(site.error_body(status))
        assert body["error"]["message"].endswith(f" → /help/{status}")
        assert "$" not in said.en + said.zh and "'" not in site.error_body(status), "nginx quotes it so"
        english, chinese = (json.loads(site.error_body(status, one))["error"]["message"] for one in ("en", "zh"))
        assert not re.search("[\u4e00-\u9fff]", english) and re.search("[\u4e00-\u9fff]", chinese), "one language"
        assert body["error"]["message"] == f"{english.partition(' →')[0]} / {chinese}"
    assert site.explained()[429].en == "Too many requests for … (…). Try again in … s."


@pytest.mark.parametrize(
    ("said", "english"),
    [("zh-CN,zh;q=0.9,en;q=0.8", False), ("en-GB,en;q=0.9,zh;q=0.1", True), ("fr", True), ("", False)],
)
def test_the_language_is_the_readers(said, english):
    written = next(line for line in site.routes([], []) if line.endswith('" en;'))
    pattern = written.strip().removeprefix('"~*').removesuffix('" en;')
    assert bool(re.search(pattern, said, re.IGNORECASE)) is english


UNITS = [{"serves": True, "name": "e1", "url": "http://10.0.0.1:8000", "model": {"served_name": "m"}},
         {"serves": True, "name": "e2", "url": "http://10.0.0.2:8000", "model": {"served_name": "m"}},
         {"serves": False, "name": "e3", "url": "http://10.0.0.3:8000", "model": {"served_name": "m"}}]  # fmt: skip


def rendered(**changed):
    page = {"weight": 1, "concurrency": 8, "rate": 60, "burst": 5}
    return site.render({"total": 0, "page": page, "large_rate": 0, "teams": [], "allowed": [], "refused": [],
                        "units": UNITS, **changed})  # fmt: skip


def test_every_error_of_the_api_is_said_in_its_form_on_both_listeners():
    parts = rendered()
    for part in ("pages", "location", "page"):
        told = dict(re.findall(r"error_page (\d+) = @yitiji_(\d+);", parts[part]))
        assert told == {**{str(status): str(status) for status in (401, 403, 404, 413, 429, 503, 504)}, "502": "503"}
    assert re.findall(r"location @yitiji_(\d+) ", parts["errors"]) == "401 403 404 413 429 503 504".split()
    assert re.findall(r"return (\d+) ", parts["errors"]) == "401 403 404 413 429 503 504".split()


def test_errors_that_pass_say_when_to_come_again():
    by_status = dict(re.findall(r"location @yitiji_(\d+) \{(.*?)\breturn", rendered()["errors"], re.S))
    assert "set $yitiji_retry $yitiji_rate_wait;" in by_status["429"]
    assert (
        "set $yitiji_retry $yitiji_wait;" in by_status["503"] and 'set $yitiji_challenge "Bearer";' in by_status["401"]
    )
    assert not any("set $" in by_status[status] for status in ("403", "404", "413", "504"))


def test_copies_of_a_model_share_its_upstream_and_what_is_no_head_serves_nothing():
    parts = rendered()
    assert parts["models"] == [
        {"name": "m", "unit": "e1", "upstream": "yitiji_engine", "to": "yitiji_engine", "headers": "",
         "servers": ["10.0.0.1:8000", "10.0.0.2:8000"]}
    ]  # fmt: skip
    assert re.findall(r"server (\S+) max_fails=2 fail_timeout=10s;", parts["http"]) == [
        "10.0.0.1:8000",
        "10.0.0.2:8000",
    ]
    other = {**UNITS[1], "model": {"served_name": "n"}}
    assert [row["upstream"] for row in rendered(units=[UNITS[0], other])["models"]] == [
        "yitiji_engine",
        "yitiji_engine_1",
    ]
    nothing = rendered(units=[])
    assert nothing["models"][0]["servers"] == [] and "server 127.0.0.1:9 " in nothing["http"]


def test_what_all_may_ask_together_and_large_requests_are_bounded_where_they_are_set():
    assert "limit_conn yitiji_all" not in rendered()["location"] and "yitiji_large" not in rendered()["location"]
    bounded = rendered(total=100, large_rate=3)["location"]
    assert "limit_conn yitiji_all 100;" in bounded and "limit_req zone=yitiji_large burst=3 nodelay;" in bounded


def test_what_is_published_and_what_is_the_engines_own_are_two_maps():
    allowed = [routes.Route("GET", "/v1/models"), routes.Route("GET", "/v1/files/{id}")]
    text = rendered(allowed=allowed, refused=[routes.Route("GET", "/metrics")])["http"]
    assert '"GET /v1/models" 1;' in text and '"~^GET /v1/files/[A-Za-z0-9._-]+$" 1;' in text
    assert '"~^/metrics(/|$)" 1;' in text and text.count('default "";') == 2


def test_a_burst_is_allowed_where_one_is_set():
    uses = site.limits([keys.Team("a", rate=5, burst=3), keys.Team("b-c", rate=5)])[1]
    assert uses == ["limit_req zone=yitiji_rate_a burst=3 nodelay;", "limit_req zone=yitiji_rate_b_c;"]
    page = {"weight": 1, "concurrency": 0, "rate": 5, "burst": 0}
    assert site.page_limits(page, 0, []) == ["limit_req zone=yitiji_page_user_rate;"]


def test_a_content_filter_stands_before_every_model():
    other = {**UNITS[1], "model": {"served_name": "n"}}
    parts = rendered(filter="127.0.0.1:9010", units=[UNITS[0], other])
    assert [(m["name"], m["to"], m["upstream"]) for m in parts["models"]] == [
        ("m", "$to_yitiji_engine", "yitiji_engine"),
        ("n", "$to_yitiji_engine_1", "yitiji_engine_1"),
    ]
    for name in ("yitiji_engine", "yitiji_engine_1"):
        way = (
            f'map "$request_method $uri" $to_{name} {{\n    default yitiji_filter;\n    "~^GET /v1/models(/|$)" {name};'
        )
        assert way in parts["http"]
    assert "server 127.0.0.1:9010 max_fails=0;" in parts["http"]
    behind = r'\$yitiji_filtered \{\s+default yitiji_engine;\s+"m" yitiji_engine;\s+"n" yitiji_engine_1;'
    assert re.search(behind, parts["http"])
    assert "error_page 502 = @yitiji_filter_503;" in parts["pages"] and "@yitiji_filter_503 {" in parts["errors"]
    assert "yitiji_filter" not in str(rendered())
