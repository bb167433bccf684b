# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the site of the gateway."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

from ansible_collections.yitiji.deepseek.plugins.module_utils._base import help as pages
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import STYLE, both, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, limits, routes, site
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway.key_files import NO_LIMITS
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue, load_rules
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def gateway_site(settings: Dict[str, Any], host: str) -> Dict[str, Any]:
    """Routes of the engine, teams and the plan's units -> the parts of nginx's site."""
    language = str(settings.get("language", "both"))
    try:
        catalog = catalogue(settings.get("catalog_dirs", []), ("routes",))["routes"]
        parts = site.render(
            {
                "allowed": routes.published(catalog, settings["engine"], settings.get("routes", [])),
                "refused": routes.refused_paths(catalog, settings["engine"]),
                "teams": keys.parse(settings["keys"], settings["limits"]),
                "units": settings["units"],
                "total": settings["total"],
                "large_rate": settings["large_rate"],
                "page": settings["page"],
                "filter": str(settings.get("filter", "")).partition("//")[2].rstrip("/"),
                "language": language,
            }
        )
        return {**parts, "script": limits.script(catalog, settings["engine"], settings["request"], language)}
    except Refusal as refusal:
        filter_fail(refusal, host)


def gateway_sources(ports: List[Any], most: Any, unlimited: List[str]) -> str:
    """nftables' script that counts connections to these ports by source."""
    return limits.sources([int(port) for port in ports], int(most), unlimited)


def gateway_main(distribution: Dict[str, Any], drain_seconds: Any, connections: Any) -> str:
    """What stands in nginx' configuration above its sites, for this distribution."""
    return site.main(distribution["paths"], int(drain_seconds), int(connections))


def gateway_refused(engine: str, folders: List[str], opened: Sequence[str] = ()) -> List[str]:
    """Every route of an engine that must be refused, as far as it is known, but what the site opens."""
    catalog = catalogue(folders, ("routes",))["routes"]
    known = [row for group in (catalog.get(engine) or {}).get("refuse") or [] for row in group["routes"]]
    wanted = {routes.parse(row) for row in opened}
    return [row for row in known if routes.parse(row) not in wanted]


def gateway_team(rows: List[Dict[str, Any]]) -> str:
    """The first team whose key lies on the node and opens the API; empty when there is none."""
    return next(iter(keys.on_node(rows)), "")


def gateway_secrets(rows: List[Dict[str, Any]]) -> List[str]:
    """The secrets that are made on the node: keys of teams without one of their own."""
    return [
        team.secret for team in keys.parse(rows, NO_LIMITS) if team.state != "absent" and not team.value + team.sha256
    ]


def gateway_help(language: str, vendor: Optional[Dict[str, str]] = None) -> str:
    """The page of all messages and what to do."""
    return pages.page(load_rules(), site.explained(), language, vendor)


def gateway_page(title: str, language: str, vendor: Optional[Dict[str, str]] = None) -> Dict[str, Any]:
    """What the page for users begins with, and the gateway's errors for it."""
    errors = {status: both(text.zh, text.en) for status, text in site.explained().items()}
    return {
        "head": opened(title, language, "td:first-child{width:7rem}", vendor=vendor),
        "errors": errors,
        "style": STYLE,
    }


class FilterModule:
    def filters(self) -> Dict[str, Callable[..., Any]]:
        return refusing(
            {
                "gateway_site": gateway_site,
                "gateway_team": gateway_team,
                "gateway_secrets": gateway_secrets,
                "gateway_sources": gateway_sources,
                "gateway_refused": gateway_refused,
                "gateway_main": gateway_main,
                "gateway_help": gateway_help,
                "gateway_page": gateway_page,
            }
        )
