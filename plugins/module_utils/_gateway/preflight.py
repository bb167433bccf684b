# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of the gateway and of users' instructions, found before anything is changed."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.gather import gathered
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._gateway import keys, limits, quotas, routes
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

# On the node itself: what it is sent carries the engines' key.
FILTER = re.compile(r"http://127(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}:([0-9]{1,5})/?\Z")
SIZE = re.compile(r"^[1-9][0-9]*[kKmMgG]?$")


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables, besides `catalog` (routes), `engine` and `units` (the plan's)."""
    return [
        *_routes(settings),
        *_teams(settings),
        *_names(settings),
        *_certificate(settings),
        *_limits(settings),
        *limits.problems(settings),
        *quotas.problems(settings),
        *_filter(settings),
        *_ports(settings),
        *forms.path_problems(
            {
                name: settings[name]
                for name in ("gateway_tls_dir", "gateway_secrets_dir", "gateway_state_dir", "gateway_audit_dir")
            }
        ),
    ]


def _routes(settings: Mapping[str, Any]) -> List[Refusal]:
    catalog, engine = settings["catalog"]["routes"], settings["engine"]
    return gathered(
        partial(routes.published, catalog, engine, []),
        *(partial(routes.published, {}, engine, [row]) for row in settings["gateway_routes"]),
    )


def _teams(settings: Mapping[str, Any]) -> List[Refusal]:
    rows = settings["gateway_keys"]
    limits = {name: int(settings["gateway_" + name]) for name in ("rate", "burst", "concurrency")}
    return gathered(*(partial(keys.parse, [row], limits) for row in rows)) or gathered(
        partial(keys.parse, rows, limits)
    )


def _wrong(variable: str, value: Any, how: str) -> Refusal:
    return Refusal("LLM812", name=variable, value=value, how=say(how))


def _names(settings: Mapping[str, Any]) -> List[Refusal]:
    names = [str(name) for name in settings["gateway_names"]]
    if not names:
        return [_wrong("gateway_names", names, "how to name the appliance")]
    plain = {name: name[2:] if name.startswith("*.") else name for name in names}
    others = [str(name) for name in settings["gateway_other_names"]]
    return [
        *(
            _wrong("gateway_names", name, "how to name the appliance")
            for name in names
            if not forms.is_host(plain[name])
        ),
        *(
            _wrong("gateway_other_names", name, "how to name the appliance")
            for name in others
            if not forms.is_host(name)
        ),
    ]


def _certificate(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    found += forms.path_problems({"gateway_console_client_ca": settings["gateway_console_client_ca"]}, empty=True)
    given = {name: settings[name] for name in ("gateway_certificate", "gateway_certificate_key")}
    if any(given.values()):
        found += [_wrong(name, path, "how to give a certificate") for name, path in given.items() if not path]
        return [*found, *forms.path_problems(given, empty=True)]
    days = int(settings["gateway_certificate_days"])
    if not 1 <= int(settings["gateway_renew_days"]) < days:
        found.append(_wrong("gateway_certificate_days", days, "how long a certificate lasts"))
    service = settings["gateway_acme_directory"]
    if service and settings.get("gateways"):
        found.append(Refusal("LLM559", problem=say("gateways_acme"), remedies=[say("gateways_acme_remedy")]))
    if service:
        if not forms.is_url(service):
            found.append(_wrong("gateway_acme_directory", service, "how to name an ACME service"))
        names = [str(name) for name in settings["gateway_names"] if not forms.is_address(str(name))]
        if not names or any(name.startswith("*") for name in names):  # they are proved over plain HTTP
            found.append(_wrong("gateway_names", settings["gateway_names"], "how to be named by ACME"))
        found += forms.path_problems({"gateway_acme_ca": settings["gateway_acme_ca"]}, empty=True)
    return found


def _limits(settings: Mapping[str, Any]) -> List[Refusal]:
    found: List[Refusal] = []
    for name in ("gateway_upload_size", "gateway_page_request_size", "gateway_request_size"):
        if not SIZE.match(str(settings[name])):
            found.append(_wrong(name, settings[name], "how to write a size"))
    for name in ("gateway_generation_seconds", "gateway_drain_seconds", "gateway_start_seconds"):
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], "how to write seconds"))
    policy = settings["gateway_content_security_policy"]
    if re.search(r"[\"\\$\n]", policy):
        found.append(_wrong("gateway_content_security_policy", policy, "how to write a policy"))
    return found


def _filter(settings: Mapping[str, Any]) -> List[Refusal]:
    address = settings["gateway_content_filter"]
    if not address or FILTER.match(address):
        return []
    return [_wrong("gateway_content_filter", address, "how to name a content filter")]


def _ports(settings: Mapping[str, Any]) -> List[Refusal]:
    wanted = {name: settings[name] for name in ("gateway_https_port", "gateway_http_port", "gateway_chat_port")}
    if int(settings["gateway_balancer_port"]):
        wanted["gateway_balancer_port"] = settings["gateway_balancer_port"]
    filtered = FILTER.match(settings["gateway_content_filter"])
    if filtered:
        wanted["gateway_content_filter"] = filtered.group(1)
        wanted["gateway_content_filter_return"] = settings["gateway_content_filter_return"]
    wanted.update({unit["name"]: unit["url"].rpartition(":")[2] for unit in settings["units"] if unit["serves"]})
    return [*forms.port_problems(wanted), *forms.port_differences(settings, settings["shared"])]


def hand_outs(settings: Mapping[str, Any]) -> List[Refusal]:
    """What is wrong with the settings of role clients (LLM813); the folder is the controller's own."""
    found = forms.path_problems({"clients_dir": settings["clients_dir"]})
    url, folder = settings["clients_url"], settings["clients_controller_dir"]
    if not forms.is_url(url):
        found.append(Refusal("LLM813", why=say("an address that is not one", value=url)))
    if folder and not can_write(folder):
        found.append(Refusal("LLM813", why=say("a folder that cannot be written", path=folder)))
    return found


def can_write(folder: str) -> bool:
    """Whether a folder can be written, or made."""
    path = os.path.abspath(os.path.expanduser(folder))
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)
