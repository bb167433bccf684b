# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Monitoring from the plan: what Prometheus scrapes, which alerts apply, which dashboards are made."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Mapping, Set

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.paths import within
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.plans import (
    has_gateway,
    head_of,
    models_of,
    placed_units,
    units_of,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal, Text, say
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import in_language
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state

KINDS = ("alerts", "dashboards")
LOOPBACK = "127.0.0.1"
SHARE, LEAST, MOST = 0.05, 1e9, 64e9  # of the file system with the stored metrics, which may be the only one
USUAL = "5GB"  # where nothing is known of it


def unfit(name: str, why: Text, how: Text) -> Refusal:
    """A setting that can't be applied."""
    return Refusal("LLM902", name=name, why=why, how=how)


def needs_of(plan: Mapping[str, Any]) -> Set[str]:
    """What this deployment has that alerts and dashboards may ask for."""
    found = {"gateway"}
    if plan["engine"]["name"] == "vllm":
        found.add("vllm")
    if plan["engine"]["device"] == "cuda":
        found.add("gpu")
    if len(plan["nodes"]) > 1:
        found.add("cluster")
    return found


def exporter_address(plan: Mapping[str, Any], host: str) -> str:
    """Where a node's exporters listen: loopback, or the cluster's address where the head must reach them."""
    node = plan["nodes"][host]
    return LOOPBACK if node["head"] or len(plan["nodes"]) == 1 else str(node["address"])


def retention(size: str, mounts: Iterable[Mapping[str, Any]], folder: str) -> str:
    """What stored metrics may take: as it was set, else by the file system of their folder.

    By its whole size, as what is free is another at each run; a power of two, as some file systems' size moves, too.
    """
    if size != "auto":
        return size
    own = [row for row in mounts if within(row["path"], folder)]
    whole = max(own, key=lambda row: len(row["path"]))["size_bytes"] if own else None
    if not whole:
        return USUAL
    share = int(min(max(whole * SHARE, LEAST), MOST) / 1e9)
    return f"{1 << (share.bit_length() - 1)}GB"


def scrape_config(plan: Mapping[str, Any], role: Mapping[str, Any]) -> Any:
    """Prometheus' configuration. `role`: seconds, ports, alertmanager."""
    head = head_of(plan)
    needs = needs_of(plan)

    def targets(job: str, port: int, hosts: Iterable[str]) -> Dict[str, Any]:
        rows = [{"targets": [f"{exporter_address(plan, host)}:{port}"], "labels": {"node": host}} for host in hosts]
        return {"job_name": job, "static_configs": rows}

    jobs = [
        targets("prometheus", role["ports"]["prometheus"], [head]),
        targets("node", role["ports"]["node"], plan["nodes"]),
        targets("nginx", role["ports"]["nginx"], [head]),
    ]
    if "vllm" in needs:
        engines = [(name, unit["url"].split("//", 1)[1]) for name, unit in placed_units(plan)]
        rows = [{"targets": [address], "labels": {"node": name}} for name, address in engines]
        jobs.append({"job_name": "vllm", "metrics_path": "/metrics", "static_configs": rows})
    if "gpu" in needs and role["dcgm"]:
        jobs.append(targets("dcgm", role["ports"]["dcgm"], plan["nodes"]))
    seconds = "{}s".format(role["seconds"])
    config: Dict[str, Any] = {
        "global": {"scrape_interval": seconds, "evaluation_interval": seconds},
        "rule_files": ["alerts.yml"],
        "scrape_configs": jobs,
    }
    if role["alertmanager"]:
        where = "{}:{}".format(LOOPBACK, role["ports"]["alertmanager"])
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [where]}]}]}
    return config


def alert_problems(
    alerts: Mapping[str, Any], thresholds: Mapping[str, Any], off: Iterable[Mapping[str, str]]
) -> List[Refusal]:
    """Names that no alert has, thresholds that are not numbers, alerts switched off without a reason."""
    silent = {str(row.get("id", "")): row.get("reason", "") for row in off}
    found: List[Refusal] = []
    for what, names in (("monitoring_thresholds", list(thresholds)), ("monitoring_alerts_off", list(silent))):
        unknown = sorted(set(names) - set(alerts))
        if unknown:
            there = say("the alerts there are", names=sorted(alerts))
            found.append(unfit(what, say("no such alert", value=[repr(name) for name in unknown]), there))
    for name, number in sorted(thresholds.items()):
        if name in alerts and (isinstance(number, bool) or not isinstance(number, (int, float))):
            why = say("a threshold that is not a number", alert=name, value=number)
            found.append(unfit("monitoring_thresholds", why, say("how to write a threshold")))
    bare = sorted(name for name, reason in silent.items() if not reason)
    if bare:
        why = say("silence without a reason", value=bare)
        found.append(unfit("monitoring_alerts_off", why, say("how to give a reason")))
    return found


def alert_rules(
    alerts: Mapping[str, Mapping[str, Any]],
    needs: Iterable[str],
    thresholds: Mapping[str, float],
    off: Iterable[Mapping[str, str]],
) -> Dict[str, Any]:
    """The rules file. `off`: [{id, reason}], the alerts that a site does not want."""
    off = list(off)
    for refusal in alert_problems(alerts, thresholds, off):
        raise refusal
    silent = {row["id"] for row in off}
    rules = [
        {
            "alert": name,
            "expr": expression(alert, thresholds.get(name)),
            "for": alert["for"],
            "labels": {"severity": alert["severity"]},
            "annotations": {
                f"{part}_{tongue}": alert[part][tongue] for part in ("summary", "fix") for tongue in ("zh", "en")
            },
        }
        for name, alert in sorted(alerts.items())
        if name not in silent and set(alert["needs"]) <= set(needs)
    ]
    return {"groups": [{"name": "yitiji", "rules": rules}]}


def expression(alert: Mapping[str, Any], threshold: Any = None) -> str:
    number = alert["threshold"] if threshold is None else threshold
    return str(alert["expr"]).strip().replace("{threshold}", f"{number:.15g}")


def dashboards(data: Mapping[str, Mapping[str, Any]], needs: Iterable[str], language: str) -> Dict[str, Dict[str, Any]]:
    """Grafana's JSON by the dashboard's id; what the deployment lacks is left out."""
    have = set(needs) | {""}
    return {
        uid: _dashboard(uid, board, [panel for panel in board["panels"] if panel.get("needs", "") in have], language)
        for uid, board in sorted(data.items())
        if board.get("needs", "") in have
    }


def _dashboard(uid: str, board: Mapping[str, Any], panels: List[Mapping[str, Any]], language: str) -> Dict[str, Any]:
    drawn, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels):
        width, height = (6, 5) if panel["kind"] in ("stat", "gauge") else (12, 8)
        if x + width > 24:
            x, y, row = 0, y + row, 0
        drawn.append(_panel(number + 1, panel, {"x": x, "y": y, "w": width, "h": height}, language))
        x, row = x + width, max(row, height)
    return {
        "uid": uid,
        "title": in_language(board["title"], language),
        "tags": ["yitiji"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "annotations": {"list": []},  # Grafana's schema wants them
        "panels": drawn,
    }


def _panel(number: int, panel: Mapping[str, Any], place: Dict[str, int], language: str) -> Dict[str, Any]:
    kind = {"time": "timeseries", "stat": "stat", "gauge": "gauge"}[panel["kind"]]
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": number,
        "type": kind,
        "title": in_language(panel["title"], language),
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel["unit"]}, "overrides": []},
        "targets": [
            {"refId": chr(65 + order), "datasource": source, "expr": query, "legendFormat": legend or "__auto"}
            for order, (legend, query) in enumerate(panel["queries"].items())
        ],
    }


def own_figures(plan: Mapping[str, Any], host: str, role: Mapping[str, Any]) -> Dict[str, Any]:
    """What `yitiji-metrics` looks at on this node."""
    node = plan["nodes"][host]
    return {
        "node": host,
        "directory": role["metrics_dir"],
        "weights": [{"model": model["id"], "path": model["path"]} for model in models_of(plan)],
        "certificates": [role["certificate"]] if has_gateway(plan, host) else [],
        "units": [
            {
                "unit": unit["name"],
                "rank": unit["rank"],
                "health": unit["url"] + plan["run"]["health"] if unit["serves"] else "",
            }
            for unit in units_of(plan, host)
        ],
        "gpus": len(node.get("gpus") or []) if plan["engine"]["device"] == "cuda" else 0,
        "doctor": role["doctor"],
        "watch": {"timer": watch_state.TIMER, "state": watch_state.STATE},
    }


def as_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def unready(answer: Mapping[str, Any], jobs: Iterable[str]) -> List[str]:
    """What Prometheus does not reach, from /api/v1/targets; a job without targets counts."""
    found: Dict[str, List[Mapping[str, Any]]] = {job: [] for job in jobs}
    for target in answer["data"]["activeTargets"]:
        found.setdefault(target["labels"]["job"], []).append(target)
    missing = [f"{job}: no target" for job, targets in sorted(found.items()) if not targets]
    return missing + [
        "{} {}: {}".format(job, target["scrapeUrl"], target.get("lastError") or "not scraped yet")
        for job, targets in sorted(found.items())
        for target in targets
        if target["health"] != "up"
    ]
