# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as its users meet it: an answer through the gateway, the page, and the units below them.

Asked even where nothing else of the network is: it concerns this node only, and it is what matters most.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import model_of, served
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.rules import Context
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Host
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import answer, look
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import units as watched
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.settings import CHAT, of_node

HTTPS = 443


def unrecorded(path: str) -> Optional[str]:
    """Reads past the host, which may be recording: no capture holds keys."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError):
        return None


def answers(
    host: Host, context: Context, read: Callable[[str], Optional[str]] = unrecorded
) -> Dict[str, Optional[Dict[str, Any]]]:
    """What the gateway and the page said; None for those that this node does not have."""
    found: Dict[str, Optional[Dict[str, Any]]] = {"gateway": None, "page": None}
    if not served(context):
        return found
    door = answer.door_of(host.read, int((context.settings.get("ports") or {}).get("https") or HTTPS))
    keys = answer.keys_of(host.names(answer.KEYS), read)
    model = str(model_of(context).get("served_name") or "")
    has_page = CHAT in (context.node.get("services") or {})
    found["gateway"], found["page"] = answer.both(door, keys, model, has_page)
    if found["gateway"] and found["gateway"]["stage"] == "no key":
        found["gateway"] = _by_health(context, found["gateway"])
    return found


def _by_health(context: Context, found: Dict[str, Any]) -> Dict[str, Any]:
    """Nobody can ask, as all keys are elsewhere: an engine that is not well is down all the same."""
    config = {"plan": context.plan, "host": context.host, "settings": context.settings}
    try:
        engines = of_node(config, chat=False).services
    except (ValueError, KeyError, TypeError):
        return found
    for engine in engines:
        door = look.door(engine)
        if not door["health"]:
            return {**found, "ok": False, "stage": "engine", "reason": f"{engine.unit}: {door['reason']}"}
    return found


def own_units(host: Host, gateway: bool) -> Optional[Dict[str, Dict[str, Any]]]:
    """States of the appliance's units and of those they need; None where systemd does not answer."""
    own = watched.names(host.names(watched.FOLDER))
    base = [name for name in watched.BASE if name != "nginx.service" or gateway]
    said = host.run(watched.command([*own, *base]), timeout=8)
    return watched.parse(said.out) if said and said.rc == 0 else None
