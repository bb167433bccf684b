# SPDX-License-Identifier: GPL-3.0-or-later
"""What is scraped, which alerts stand, what is drawn; the alerts by the real promtool."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.filter import monitoring as faces
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring import config as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._monitoring.figures import HELP

METRICS = Path(__file__).resolve().parents[3] / "fixtures/metrics"
SERIES = yaml.safe_load((Path(__file__).parent / "alerts.yml").read_text(encoding="utf-8"))


ALL = {"vllm", "gpu", "gateway", "cluster"}


OWN = {"ALERTS", "up"}


WORDS = frozenset(
    (
        "abs and avg bool by clamp_min count count_over_time deriv group_left group_right histogram_quantile ignoring "
        "increase max max_over_time min min_over_time on or predict_linear rate sum time topk unless vector without"
    ).split()
)


def alert_tests(alerts, rules_file):
    """What `promtool test rules` reads: each alert fires where it must, and only there."""
    rows = []
    assert sorted(SERIES) == sorted(alerts)
    for name in sorted(alerts):
        for test in SERIES[name]:
            rows.append(
                {
                    "name": f"{name} {'fires' if test['fires'] else 'is silent'}",
                    "interval": "1m",
                    "input_series": [{"series": key, "values": value} for key, value in sorted(test["series"].items())],
                    "promql_expr_test": [
                        {
                            "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
                            "eval_time": test["at"],
                            "exp_samples": [{"labels": "{}", "value": 1}] if test["fires"] else [],
                        }
                    ],
                }
            )
    return {"rule_files": [rules_file], "evaluation_interval": "1m", "tests": rows}


def metric_names(query):
    """The metrics of an expression, without labels, functions and times."""
    bare = re.sub(r'"[^"]*"', "", query)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    return {word for word in re.findall(r"[A-Za-z_][A-Za-z0-9_:]*", bare) if word not in WORDS}


def plan(device="cpu", nodes=1, engine="vllm"):
    rows = [{"head": i == 0, "rank": i, "address": f"192.0.2.{i}", "gpus": [0, 1], "units": [
        {"name": "yitiji-vllm", "rank": i, "serves": i == 0, "url": None if i else "http://127.0.0.1:8000"}]}
        for i in range(nodes)]  # fmt: skip
    return {
        "engine": {"name": engine, "device": device},
        "model": {"id": "m/m", "path": "/srv/models/m"},
        "models_beside": [],
        "nodes": {f"n{row['rank']}": row for row in rows},
        "run": {"health": "/health"},
    }


ROLE = {
    "language": "both",
    "catalog_dirs": [],
    "thresholds": {},
    "off": [],
    "seconds": 15,
    "dcgm": True,
    "alertmanager": False,
    "ports": {"prometheus": 1, "alertmanager": 2, "node": 3, "nginx": 4, "dcgm": 5},
    "metrics_dir": "/var/lib/x",
    "certificate": "/c",
    "doctor": "",
}


def run(folder, *words):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def jobs(config):
    return {job["job_name"]: job["static_configs"] for job in config["scrape_configs"]}


def scrape(made, **more):
    return core.scrape_config(made, {**ROLE, **more})


def test_one_node_listens_on_loopback_alone():
    found = jobs(scrape(plan()))
    targets = [target for rows in found.values() for row in rows for target in row["targets"]]
    assert set(found) == {"prometheus", "node", "nginx", "vllm"}
    assert all(target.startswith("127.0.0.1:") for target in targets)
    assert found["vllm"][0]["targets"] == ["127.0.0.1:8000"]


def test_workers_listen_on_the_clusters_address():
    found = jobs(scrape(plan("cuda", 2)))
    assert [row["targets"] for row in found["node"]] == [["127.0.0.1:3"], ["192.0.2.1:3"]]
    assert [row["targets"] for row in found["dcgm"]] == [["127.0.0.1:5"], ["192.0.2.1:5"]]


def test_other_engines_are_not_scraped_as_vllm():
    assert "vllm" not in jobs(scrape(plan(engine="ollama")))


def test_alertmanager_only_where_alerts_are_sent():
    assert "alerting" not in scrape(plan())
    (found,) = scrape(plan(), alertmanager=True)["alerting"]["alertmanagers"]
    assert found["static_configs"] == [{"targets": ["127.0.0.1:2"]}]


def test_rules_follow_the_needs(alerts):
    names = {rule["alert"] for rule in core.alert_rules(alerts, {"gateway"}, {}, [])["groups"][0]["rules"]}
    assert "YitijiGpuLost" not in names and "YitijiKvCacheFull" not in names and "YitijiGatewayDown" in names


def test_thresholds_and_silence(alerts):
    rules = core.alert_rules(alerts, ALL, {"YitijiGpuHot": 70}, [{"id": "YitijiGpuXid", "reason": "known"}])
    by_name = {rule["alert"]: rule for rule in rules["groups"][0]["rules"]}
    assert by_name["YitijiGpuHot"]["expr"] == "DCGM_FI_DEV_GPU_TEMP > 70"
    assert "YitijiGpuXid" not in by_name


@pytest.mark.parametrize(
    ("thresholds", "off"), [({"Nope": 1}, []), ({}, [{"id": "Nope", "reason": "x"}]), ({}, [{"id": "YitijiGpuHot"}])]
)
def test_settings_that_cannot_be_followed(alerts, thresholds, off):
    with pytest.raises(Refusal, match="monitoring_") as caught:
        core.alert_rules(alerts, ALL, thresholds, off)
    assert caught.value.rule == "LLM902"


def test_every_alert_is_whole(alerts):
    for name, alert in alerts.items():
        assert set(alert["needs"]) <= ALL, name
        assert "{threshold}" in alert["expr"], name
        for part in ("summary", "fix"):
            assert alert[part]["zh"] and alert[part]["en"], name
        assert {test["fires"] for test in SERIES[name]} == {True, False}, f"{name} needs a test for each"


def test_alerts_by_promtool(promtool, alerts, tmp_path):
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(core.alert_rules(alerts, ALL, {}, []), allow_unicode=True))
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(alert_tests(alerts, "alerts.yml")))
    check = run(tmp_path, promtool, "check", "rules", "alerts.yml")
    assert check.returncode == 0 and f"{len(alerts)} rules found" in check.stdout, check.stdout + check.stderr
    done = run(tmp_path, promtool, "test", "rules", "tests.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_would_tell(promtool, alerts, tmp_path):
    """With every threshold moved, no test may pass by chance alone."""
    deaf = {name: -1e18 if "<" in alert["expr"] else 1e18 for name, alert in alerts.items()}
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(core.alert_rules(alerts, ALL, deaf, []), allow_unicode=True))
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(alert_tests(alerts, "alerts.yml")))
    done = run(tmp_path, promtool, "test", "rules", "tests.yml")
    for name in alerts:
        assert f'alertname=\\"{name}\\"' in done.stderr, name


def test_configuration_by_promtool(promtool, tmp_path):
    for name, content in faces.monitoring_files(plan("cuda", 2), {**ROLE, "alertmanager": True}).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    done = run(tmp_path, promtool, "check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum by (node, le) (rate(vllm:x_bucket{le="0.5"}[5m])) / on(a) b', {"vllm:x_bucket", "b"}),
        ("time() - y > 300", {"y"}),
        ('count(ALERTS{alertstate="firing"}) or vector(0)', {"ALERTS"}),
    ],
)
def test_metric_names(query, names):
    assert metric_names(query) == names


def known():
    """Names from captures and lists, and the appliance's own."""
    lines = [line for path in METRICS.glob("*.[pt][rx]*") for line in path.read_text().splitlines()]
    return {re.split(r"[{ ]", line)[0] for line in lines if line and not line.startswith("#")} | set(HELP)


def test_every_query_asks_for_metrics_that_exist(alerts, boards):
    """The lists are what the pinned exporters really serve; see tests/fixtures/metrics."""
    there = known() | OWN
    for name, alert in alerts.items():
        assert metric_names(core.expression(alert)) <= there, name
    for uid, board in boards.items():
        for panel in board["panels"]:
            for query in panel["queries"].values():
                assert metric_names(query) <= there, (uid, query)


def test_dashboards_fit_the_grid_and_the_deployment(boards):
    whole, bare = core.dashboards(boards, ALL, "zh"), core.dashboards(boards, {"gateway"}, "both")
    assert set(whole) == set(boards) and "yitiji-engine" not in bare
    for board in whole.values():
        places = [panel["gridPos"] for panel in board["panels"]]
        cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
        assert len(cells) == len(set(cells)) and max(x for x, _y in cells) < 24
        assert len({panel["id"] for panel in board["panels"]}) == len(places)
        assert {"schemaVersion", "templating", "annotations"} <= set(board), "what Grafana's JSON schema wants"
    assert not any("DCGM" in core.as_json(board) for board in bare.values())
    for uid, board in bare.items():
        assert whole[uid]["title"] == boards[uid]["title"]["zh"]
        assert board["title"] == "{en} / {zh}".format(**boards[uid]["title"])


def test_unready_names_what_is_missing():
    answer = {
        "data": {
            "activeTargets": [
                {"labels": {"job": "node"}, "health": "up", "scrapeUrl": "u"},
                {"labels": {"job": "vllm"}, "health": "down", "scrapeUrl": "v", "lastError": "refused"},
            ]
        }
    }
    assert core.unready(answer, ["node"]) == ["vllm v: refused"]
    assert core.unready(answer, ["node", "nginx"])[0] == "nginx: no target"


def mount(path, size):
    return {"path": path, "size_bytes": size}


@pytest.mark.parametrize(
    ("mounts", "told"),
    [
        ([mount("/", 1e12)], "32GB"),
        ([mount("/", 20e9)], "1GB"),
        ([mount("/", 8e9)], "1GB"),
        ([mount("/", 40e12)], "64GB"),
        ([mount("/", 20e9), mount("/var/lib", 200e9), mount("/var/lib/yitiji-other", 9e12)], "8GB"),
        ([mount("/", None)], "5GB"),
        ([], "5GB"),
    ],
)
def test_stored_metrics_take_their_share_of_the_disk(mounts, told):
    node = {"mounts": mounts}
    assert faces.monitoring_retention("auto", node, "/var/lib/yitiji") == told
    assert faces.monitoring_retention("10GB", node, "/var/lib/yitiji") == "10GB", "as it was set"


def test_a_size_that_moves_a_little_changes_nothing():
    """As that of a ZFS dataset, which others fill."""
    found = {core.retention("auto", [mount("/", size * 1e9)], "/x") for size in range(700, 1200, 10)}
    assert found == {"32GB"}


def test_the_certificate_of_each_gateway_is_looked_at():
    made = plan(nodes=3)
    assert [core.own_figures(made, name, ROLE)["certificates"] for name in made["nodes"]] == [["/c"], [], []]
    made["gateways"] = {"nodes": {"n0": {}, "n2": {}}}
    assert [core.own_figures(made, name, ROLE)["certificates"] for name in made["nodes"]] == [["/c"], [], ["/c"]]
