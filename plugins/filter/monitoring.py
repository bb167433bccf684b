# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that turn a plan and the catalogue into the files of role monitoring."""

from __future__ import annotations

import json

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import config as core
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import catalogue
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._refusals import filter_fail, refusing


def monitoring_files(plan, role):
    """Plan, settings -> {file name: content} for the node that watches."""
    try:
        data = catalogue(role["catalog_dirs"], core.KINDS)
        needs = core.needs_of(plan) - (set() if role["dcgm"] else {"gpu"})
        rules = core.alert_rules(data["alerts"], core.needs_of(plan), role["thresholds"], role["off"])
    except Refusal as refusal:
        filter_fail(refusal, "localhost")
    files = {
        "prometheus.yml": _yaml(core.scrape_config(plan, role)),
        "alerts.yml": _yaml(rules),
    }
    for uid, board in core.dashboards(data["dashboards"], needs, role["language"]).items():
        files[f"dashboards/{uid}.json"] = core.as_json(board)
    return files


def monitoring_figures(plan, host, role):
    """What the collector on one node looks at, as JSON."""
    return core.as_json(core.own_figures(plan, host, role))


def monitoring_listens(plan, host):
    """Where a node's exporters listen."""
    return core.exporter_address(plan, host)


def monitoring_retention(size, node, folder):
    """How much of the node's disk stored metrics may take."""
    return core.retention(size, node.get("mounts") or [], folder)


def _yaml(data):
    data = json.loads(json.dumps(data))  # Ansible's own kinds of strings are strange to PyYAML
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)


class FilterModule:
    def filters(self):
        return refusing(
            {
                "monitoring_figures": monitoring_figures,
                "monitoring_files": monitoring_files,
                "monitoring_listens": monitoring_listens,
                "monitoring_retention": monitoring_retention,
            }
        )
