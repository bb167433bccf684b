# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of monitoring, found before anything is changed (LLM902)."""

from __future__ import annotations

import re
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import config
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

FORMS = {
    "monitoring_retention_time": (re.compile(r"^([1-9]\d*(ms|[smhdwy]))+$"), "30d"),
    "monitoring_retention_size": (re.compile(r"^([1-9]\d*([KMGTPE]?B)|auto)$"), "5GB"),
    "monitoring_journal_size": (re.compile(r"^[1-9]\d*[KMGTPE]?$"), "2G"),
    "monitoring_dcgm_image": (re.compile(r"^[A-Za-z0-9][^\s\"']*$"), "a name with its tag"),
}
PORTS = ("prometheus", "alertmanager", "node", "nginx", "status", "dcgm")


def problems(settings: Mapping[str, Any]) -> List[Refusal]:
    """By the names of the role's variables, besides `catalog` (alerts) and `ports` that others have on the node."""
    found = config.alert_problems(
        settings["catalog"]["alerts"], settings["monitoring_thresholds"], settings["monitoring_alerts_off"]
    )
    for name, (form, example) in FORMS.items():
        if not form.match(str(settings[name])):
            found.append(_wrong(name, settings[name], say("like this", example=example)))
    for name in ("monitoring_scrape_seconds", "monitoring_figures_seconds", "monitoring_wait_seconds"):
        if int(settings[name]) < 1:
            found.append(_wrong(name, settings[name], say("how to write seconds")))
    hook = settings["monitoring_alert_webhook"]
    if hook and not forms.is_url(hook):  # it may hold a token: not repeated
        why, how = say("a webhook that is no address"), say("how to write a webhook")
        found.append(config.unfit("monitoring_alert_webhook", why, how))
    own = {f"monitoring_{name}_port": settings[f"monitoring_{name}_port"] for name in PORTS}
    paths = {name: settings[name] for name in ("monitoring_config_dir", "monitoring_state_dir")}
    return [*found, *forms.port_problems({**own, **settings["ports"]}), *forms.path_problems(paths)]


def _wrong(name: str, value: Any, how: Text) -> Refusal:
    return config.unfit(name, say("a value that cannot be used", value=value), how)
