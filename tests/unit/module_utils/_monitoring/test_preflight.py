# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that monitoring could not follow."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of

SETTINGS = {
    "catalog": {"alerts": {"Hot": {}, "Full": {}}}, "ports": {"yitiji-vllm": 8000, "appliance_https_port": 443},
    "monitoring_thresholds": {"Hot": 85.5}, "monitoring_alerts_off": [{"id": "Full", "reason": "small disk"}],
    "monitoring_alert_webhook": "https://hook.example.com/x?token=y", "monitoring_retention_time": "30d",
    "monitoring_retention_size": "5GB", "monitoring_journal_size": "2G", "monitoring_dcgm_image": "nvcr.io/x:1",
    "monitoring_scrape_seconds": 15, "monitoring_figures_seconds": "60", "monitoring_wait_seconds": 90,
    "monitoring_prometheus_port": 9090, "monitoring_alertmanager_port": 9093, "monitoring_node_port": 9100,
    "monitoring_nginx_port": 9113, "monitoring_status_port": 8811, "monitoring_dcgm_port": 9400,
    "monitoring_config_dir": "/etc/yitiji/monitoring", "monitoring_state_dir": "/var/lib/yitiji",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        ({"monitoring_alert_webhook": "", "monitoring_thresholds": {}, "monitoring_alerts_off": []}, []),
        ({"monitoring_retention_time": "1d12h"}, []),
        ({"monitoring_retention_size": "auto"}, []),
        ({"monitoring_thresholds": {"Nope": 1}}, ["LLM902"]),
        ({"monitoring_thresholds": {"Hot": "hot"}}, ["LLM902"]),
        ({"monitoring_thresholds": {"Hot": True}}, ["LLM902"]),
        ({"monitoring_alerts_off": [{"id": "Nope", "reason": "x"}]}, ["LLM902"]),
        ({"monitoring_alerts_off": [{"id": "Full"}]}, ["LLM902"]),
        ({"monitoring_alerts_off": [{"reason": "x"}]}, ["LLM902"]),
        ({"monitoring_alert_webhook": "hook"}, ["LLM902"]),
        ({"monitoring_retention_time": "a month"}, ["LLM902"]),
        ({"monitoring_retention_size": "5"}, ["LLM902"]),
        ({"monitoring_journal_size": "2 gigabytes"}, ["LLM902"]),
        ({"monitoring_dcgm_image": ""}, ["LLM902"]),
        ({"monitoring_scrape_seconds": 0}, ["LLM902"]),
        ({"monitoring_node_port": 9090}, ["LLM130"]),
        ({"monitoring_status_port": 443}, ["LLM130"]),
        ({"monitoring_nginx_port": 8000}, ["LLM130"]),
        ({"monitoring_config_dir": "etc"}, ["LLM132"]),
    ],
)
def test_settings(changed, rules):
    assert rules_of(core.problems, SETTINGS, **changed) == rules


def test_the_webhook_is_not_repeated():
    (found,) = core.problems({**SETTINGS, "monitoring_alert_webhook": "hook?token=sesame"})
    assert "sesame" not in found.reason.en + found.reason.zh + found.remedy.en
