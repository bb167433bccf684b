# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the settings of monitoring, found before anything is changed (LLM902)."""

from __future__ import annotations

import re
from typing import Any, List, Mapping

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import config
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import settings as forms

FORMS = {
    "monitoring_retention_time": (re.compile(r"^([1-9]\d*(ms|[smhdwy]))+$"), "30d"),
    "monitoring_retention_size": (re.compile(r"^[1-9]\d*([KMGTPE]?B)$"), "5GB"),
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
            found.append(
                config.unfit(
                    Text(f"{name}: {settings[name]!r} can't be used.", f"{name}：{settings[name]!r} 不可用。"),
                    Text(f"write it like this: {example}.", f"写法示例：{example}。"),
                )
            )
    for name in ("monitoring_scrape_seconds", "monitoring_figures_seconds", "monitoring_wait_seconds"):
        if int(settings[name]) < 1:
            found.append(
                config.unfit(
                    Text(f"{name}: {settings[name]!r} is not a time.", f"{name}：{settings[name]!r} 不是有效的时长。"),
                    Text("give a number of seconds above 0.", "请填写大于 0 的秒数。"),
                )
            )
    hook = settings["monitoring_alert_webhook"]
    if hook and not forms.is_url(hook):
        found.append(
            config.unfit(  # it may hold a token: not repeated
                Text("monitoring_alert_webhook is not an address.", "monitoring_alert_webhook 不是有效的地址。"),
                Text("write http:// or https://, a host and a path.", "请写成 http(s)://主机/路径 的形式。"),
            )
        )
    own = {f"monitoring_{name}_port": settings[f"monitoring_{name}_port"] for name in PORTS}
    paths = {name: settings[name] for name in ("monitoring_config_dir", "monitoring_state_dir")}
    return [*found, *forms.port_problems({**own, **settings["ports"]}), *forms.path_problems(paths)]
