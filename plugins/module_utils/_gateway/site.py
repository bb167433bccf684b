# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of nginx's site that follow from routes, teams and engines."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text, in_language
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.keys import Team
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.routes import Route

# Status: type, code, English, Chinese; in the form of OpenAI's API. $names are nginx's.
ERRORS: Dict[int, Tuple[str, str, str, str]] = {
    401: (
        "invalid_request_error",
        "invalid_api_key",
        "No valid API key. Send `Authorization: Bearer <key>`; the operator of this appliance hands out keys.",
        "缺少有效的 API 密钥。请发送 `Authorization: Bearer <密钥>`；密钥由管理员发放。",
    ),
    403: (
        "invalid_request_error",
        "key_suspended",
        "This API key is suspended. Ask the operator of this appliance.",
        "该 API 密钥已停用，请联系管理员。",
    ),
    404: (
        "invalid_request_error",
        "unknown_url",
        "Unknown request URL: $yitiji_said. It does not exist or is not published (gateway_routes).",
        "未知的请求地址：$yitiji_said。该接口不存在或未开放（gateway_routes）。",
    ),
    413: (
        "invalid_request_error",
        "request_too_large",
        "The request is larger than the gateway takes. Send less, or have the operator raise gateway_request_size.",
        "请求超过网关允许的大小。请减少内容，或请管理员调大 gateway_request_size。",
    ),
    429: (
        "requests",
        "rate_limit_exceeded",
        "Too many requests for $yitiji_caller ($yitiji_limit). Try again in $yitiji_rate_wait s.",
        "$yitiji_caller_zh的请求超出限制（$yitiji_limit_zh）。请在 $yitiji_rate_wait 秒后重试。",
    ),
    503: (
        "server_error",
        "model_loading",
        "The model is not ready: it is loading or restarting. Expected in about $yitiji_wait s.",
        "模型尚未就绪：正在加载或重启，预计约 $yitiji_wait 秒后可用。",
    ),
    504: (
        "server_error",
        "timeout",
        "The engine was silent for too long. Ask for less at once; the operator sees why with `yitiji-doctor`.",
        "引擎长时间没有响应。请缩短问题后重试；管理员可用 `yitiji-doctor` 查找原因。",
    ),
}
FILTER = "yitiji_filter"
FILTER_DOWN = (
    "server_error",
    "content_filter_unavailable",
    "The content filter does not answer, so nothing is answered. The operator sees why with `yitiji-doctor`.",
    "内容过滤服务没有响应，因此暂停回答。管理员可用 `yitiji-doctor` 查找原因。",
)
# What a team keeps of the engines, however many teams there are.
LEAST_SHARE = 4
# The variables of an error's headers.
HEADERS = {
    401: 'set $yitiji_challenge "Bearer";',
    429: "set $yitiji_retry $yitiji_rate_wait;",
    503: "set $yitiji_retry $yitiji_wait;",
}


def error_body(status: int, language: str = "both") -> str:
    return _body(ERRORS[status], status, language)


def _body(error: Tuple[str, str, str, str], status: int, language: str) -> str:
    """In the form of OpenAI's API; what to do stands on the help page by status."""
    kind, code, english, chinese = error
    said = in_language({"zh": chinese, "en": english}, language)
    message = f"{said} → /help/{status}"
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}, ensure_ascii=False)


def explained() -> Dict[int, Text]:
    """The errors for a page, with dots for what nginx fills in."""
    return {
        status: Text(*(re.sub(r"\$\w+", "…", text) for text in (english, chinese)))
        for status, (_kind, _code, english, chinese) in ERRORS.items()
    }


def _block(head: str, lines: List[str]) -> List[str]:
    return [head + " {", *("    " + line for line in lines), "}"]


def _literal(name: str) -> str:
    """A value of a map that nginx takes as it is, although it is one of nginx's own words."""
    return "\\" + name if name in ("default", "hostnames", "include", "volatile") else name


def routes(allowed: List[Route], refused: List[Route]) -> List[str]:
    """Two maps: what is published, and what belongs to the engine only."""
    open_rows = ['default "";']
    for route in allowed:
        key = f"~^{route.method} {route.pattern()}$" if route.varies else f"{route.method} {route.path}"
        open_rows.append(f'"{key}" 1;')
    shut_rows = ['default "";']
    for route in refused:
        shut_rows.append(f'"~^{route.pattern()}(/|$)" 1;')
    return [
        *_block('map "$request_method $uri" $yitiji_route', open_rows),
        "",
        *_block("map $uri $yitiji_engine_only", shut_rows),
        # What an error repeats of a request must not break out of its JSON.
        *_block(
            "map $request_method:$uri $yitiji_said",
            ['default "?";', r'"~^[A-Z]+:[A-Za-z0-9/._:-]{1,200}$" "$request_method $uri";'],
        ),
        # The reader's: Chinese, but where English comes first or there is no Chinese.
        *_block(
            "map $http_accept_language $yitiji_language",
            ["default zh;", r'"~*^(?!$)(?:(?!zh).)*?(?:$|\ben\b)" en;'],
        ),
    ]


def upstream(servers: List[str], name: str) -> List[str]:
    """Copies by least connections; one that fails twice is left out for ten seconds."""
    rows = [f"zone {name} 128k;", "least_conn;"]
    # A group without a server is no configuration; port 9 of loopback is refused, so the answer is "not ready".
    rows += [f"server {server} max_fails=2 fail_timeout=10s;" for server in servers or ["127.0.0.1:9"]]
    return _block(f"upstream {name}", rows)


def share(team: Team, teams: List[Team], total: int, page_weight: int) -> int:
    """Requests at a time of a team that states none: its part at most, so that no team fills the engines alone."""
    if not total or not team.concurrency or team.stated:
        return team.concurrency
    weights = page_weight + sum(one.weight for one in teams if one.state == "present")
    return min(team.concurrency, max(LEAST_SHARE, total * team.weight // weights))


def limits(teams: List[Team], total: int = 0, page_weight: int = 1) -> Tuple[List[str], List[str]]:
    """Zones (for http) and their use (for the location): one of each a team, as a zone has one rate."""
    zones: List[str] = []
    use: List[str] = []
    waits = ["default 5;"]
    for team in teams:
        if team.state != "present":
            continue
        only = ['default "";', f'"{_literal(team.name)}" 1;']
        if team.rate:
            zones += _block(f"map $yitiji_team $yitiji_rate_{team.word}", only)
            zones.append(
                f"limit_req_zone $yitiji_rate_{team.word} zone=yitiji_rate_{team.word}:32k rate={team.rate}r/m;"
            )
            burst = f" burst={team.burst} nodelay" if team.burst else ""
            use.append(f"limit_req zone=yitiji_rate_{team.word}{burst};")
            waits.append(f'"{team.name}:REJECTED" {math.ceil(60 / team.rate)};')
        if team.concurrency:
            zones += _block(f"map $yitiji_team $yitiji_conn_{team.word}", only)
            zones.append(f"limit_conn_zone $yitiji_conn_{team.word} zone=yitiji_conn_{team.word}:32k;")
            use.append(f"limit_conn yitiji_conn_{team.word} {share(team, teams, total, page_weight)};")
    zones += _block('map "$yitiji_team:$limit_req_status" $yitiji_rate_wait', waits)
    for name, at_once, per_minute in (
        ("yitiji_limit", "concurrent requests", "requests per minute"),
        ("yitiji_limit_zh", "并发请求数", "每分钟请求数"),
    ):
        zones += _block(f"map $limit_req_status ${name}", [f'default "{at_once}";', f'REJECTED "{per_minute}";'])
    return zones, use


def page_limits(page: Mapping[str, int], total: int, teams: List[Team]) -> List[str]:
    """Uses, for the listener that the chat page asks: each of its users, and the page as a whole."""
    weights = page["weight"] + sum(team.weight for team in teams if team.state == "present")
    rows = [f"limit_conn yitiji_page_user {page['concurrency']};"] if page["concurrency"] else []
    if page["rate"]:
        burst = f" burst={page['burst']} nodelay" if page["burst"] else ""
        rows.append(f"limit_req zone=yitiji_page_user_rate{burst};")
    if total:
        most = max(LEAST_SHARE, total * page["weight"] // weights)
        rows += [f"limit_conn yitiji_page {most};", f"limit_conn yitiji_all {total};"]
    return rows


def errors(language: str = "both", filtered: bool = False) -> List[str]:
    """Named locations for the errors of the API."""
    lines: List[str] = []
    if filtered:
        body = _body(FILTER_DOWN, 503, language)
        lines += _block("location @yitiji_filter_503", ["default_type application/json;", f"return 503 '{body}';"])
    for status in sorted(ERRORS):
        lines += _block(
            f"location @yitiji_{status}",
            [
                "default_type application/json;",
                *([HEADERS[status]] if status in HEADERS else []),
                f"return {status} '{error_body(status, language)}';",
            ],
        )
    return lines


def _indent(lines: List[str], by: int) -> str:
    return "\n".join((" " * by + line).rstrip() for line in lines)


def models(units: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The plan's units by the model that they serve: one upstream for each model, the first model's first."""
    found: Dict[str, Dict[str, Any]] = {}
    for unit in units:
        if unit["serves"]:
            name = str(unit["model"]["served_name"])
            upstream_name = "yitiji_engine" + (f"_{len(found)}" if found else "")
            row = found.setdefault(name, {"name": name, "unit": unit["name"], "upstream": upstream_name, "servers": []})
            row["servers"].append(str(unit["url"]).split("//", 1)[1])
    return list(found.values())


def filtering(address: str, served: List[Dict[str, Any]]) -> List[str]:
    """A content filter between gateway and engines: where it is, and to which engines what it lets through goes."""
    server = ["# One that does not answer is asked again at once.", f"server {address} max_fails=0;", "keepalive 32;"]
    rows = [f"default {served[0]['upstream']};", *(f'"{_literal(m["name"])}" {m["upstream"]};' for m in served)]
    return [
        *_block(f"upstream {FILTER}", server),
        *_block("map $http_x_yitiji_model $yitiji_filtered", rows),
        # Which models there are is nothing that was asked or answered: that goes to the engines themselves.
        *(
            line
            for model in served
            for line in _block(
                f'map "$request_method $uri" {_to(model)}',
                [f"default {FILTER};", f'"~^GET /v1/models(/|$)" {model["upstream"]};'],
            )
        ),
    ]


def _to(model: Mapping[str, Any]) -> str:
    return f"$to_{model['upstream']}"


def _for_filter(model: str) -> List[str]:
    """The first one it hands on: it chooses the engines. The others are for its own records."""
    named = {"X-Yitiji-Model": f'"{model}"', "X-Yitiji-Team": "$yitiji_team", "X-Yitiji-User": "$yitiji_user"}
    return [f"proxy_set_header {name} {value};" for name, value in {**named, "X-Request-Id": "$request_id"}.items()]


def render(settings: Mapping[str, Any]) -> Dict[str, Any]:
    """The parts of the site: `http`, `location`, `page`, `pages` and `errors`, and `models`, which it offers.

    With `filter` (HOST:PORT) each model's questions go `to` that.
    """
    total, page = int(settings["total"]), {name: int(value) for name, value in settings["page"].items()}
    large = int(settings["large_rate"])
    zones, use = limits(settings["teams"], total, page["weight"])
    if total:
        use.append(f"limit_conn yitiji_all {total};")
    if large:
        use.append(f"limit_req zone=yitiji_large burst={large} nodelay;")
    http = [*routes(settings["allowed"], settings["refused"]), "", *zones, ""]
    served = models(settings["units"]) or [
        {"name": "", "unit": "yitiji-engine", "upstream": "yitiji_engine", "servers": []}
    ]
    for model in served:
        http += upstream(model["servers"], model["upstream"])
    address = str(settings.get("filter", ""))
    if address:
        http += filtering(address, served)
    pages = [f"error_page {status} = @yitiji_{status};" for status in (401, 403, 404, 413, 429, 503, 504)]
    pages.append(f"error_page 502 = @yitiji_{'filter_503' if address else '503'};")
    return {
        "http": _indent(http, 0),
        "pages": _indent(pages, 8),
        "location": _indent([*pages, *use], 8),
        "page": _indent([*pages, *page_limits(page, total, settings["teams"])], 8),
        "errors": _indent(errors(settings.get("language", "both"), bool(address)), 4),
        "models": [
            {
                **model,
                "to": _to(model) if address else model["upstream"],
                "headers": _indent(_for_filter(model["name"]) if address else [], 8),
            }
            for model in served
        ],
    }


def main(paths: Mapping[str, Any], drain_seconds: int, connections: int) -> str:
    """What stands above `http`: how old workers end, what one may hold, and njs where no package loads it by itself."""
    load = [] if paths["nginx_modules_conf"] else [f"load_module {paths['nginx_modules']}/ngx_http_js_module.so;"]
    lines = [
        *load,
        "# Streams and sockets of before a reload go on in an old worker; this is when the last of them ends.",
        f"worker_shutdown_timeout {drain_seconds}s;",
        "# A connection is a file, and what it passes on another one.",
        f"worker_rlimit_nofile {connections * 2 + 1024};",
    ]
    return "\n".join([*lines, ""])
