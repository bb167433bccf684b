# SPDX-License-Identifier: GPL-3.0-or-later
import json
import time

import pytest

API = "curl -sS -m 10 http://127.0.0.1:9090/api/v1"


def ask(root, what):
    return json.loads(root(f"{API}/{what}"))["data"]


def value(root, query):
    rows = json.loads(root(f"{API}/query --data-urlencode 'query={query}'"))["data"]["result"]
    return float(rows[0]["value"][1]) if rows else None


def firing(root, name, seconds=150):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if any(a["labels"]["alertname"] == name and a["state"] == "firing" for a in ask(root, "alerts")["alerts"]):
            return True
        time.sleep(2)
    return False


def test_every_target_is_up(root):
    targets = ask(root, "targets")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} == {"prometheus", "node", "nginx", "vllm"}
    assert [target["lastError"] for target in targets if target["health"] != "up"] == []


def test_nothing_of_it_listens_outside(root):
    listening = root("ss -Hlnt | awk '{print $4}'").split()
    ports = {"9090", "9093", "9094", "9100", "9113", "8811"}
    ours = [listener for listener in listening if listener.rsplit(":", 1)[1] in ports]
    assert {listener.rsplit(":", 1)[1] for listener in ours} == ports - {"9094"}
    assert all(listener.startswith("127.0.0.1:") for listener in ours), ours


def test_the_distributions_own_units_never_ran(root, names):
    units = " ".join(f"-u {unit}" for unit in names["monitoring"].split())
    assert root(f"journalctl -q {units} | head -n 3") == ""


@pytest.mark.parametrize(
    "query",
    [
        "nginx_up",
        "yitiji_engine_healthy",
        "yitiji_rank_active",
        "node_load5 * 0 + 1",
        "yitiji_certificate_expires_seconds > bool 0",
    ],
)
def test_figures_arrive(root, query):
    assert value(root, query) == 1


def test_alerts_are_loaded_and_the_broken_stamp_is_told(root):
    """There are no weights on this node, so there can be no stamp."""
    names = {rule["name"] for group in ask(root, "rules")["groups"] for rule in group["rules"]}
    assert "YitijiEngineDown" in names and "YitijiGpuLost" not in names
    assert firing(root, "YitijiWeightsStampBroken")


def test_the_address_of_the_hook_is_kept(root):
    assert root("stat -c '%a %U' /etc/yitiji/monitoring/alertmanager.yml") == "600 prometheus"
    assert "sesame" not in root("ps axww; systemctl cat 'yitiji-*'; journalctl -q --no-pager | cat")


def test_dashboards_are_there(root):
    boards = root("cat /etc/yitiji/monitoring/dashboards/yitiji-engine.json")
    assert json.loads(boards)["panels"]


def test_the_journal_is_bounded(root):
    assert "SystemMaxUse=2G" in root("systemd-analyze cat-config systemd/journald.conf")
