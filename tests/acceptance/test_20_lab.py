# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An appliance is measured with the real vLLM: the report is whole and signed, nothing is changed, a fault is found."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import labctl
import pytest

from tests.acceptance.running import KEY, REPORT, play, prepare

NAMES = "docker ps --all --format '{{.Names}}' | sort"  # an engine that was restarted would be the first
# Docker's own rules of each published port stand in the order in which the containers were started.
PORTS = "'ip daddr [0-9.]+ tcp dport [0-9]+ counter'"
RULES = f"nft --stateless list ruleset | grep -vE {PORTS}; nft --stateless list ruleset | grep -E {PORTS} | sort"
COUNT = """
python3 -c "import sqlite3
page = sqlite3.connect('file:/var/lib/yitiji/open-webui/webui.db?mode=ro', uri=True)
for name in ('knowledge', 'file', 'chat'): print(name, page.execute('select count(*) from ' + name).fetchone())"
"""
LASTING = " | grep -v '^docker-.*[.]scope '"  # of a running container


@pytest.fixture(scope="module", autouse=True)
def appliance():
    prepare()
    run = play("acceptance-site", "site.yml")
    assert run.ok, run.story()


def standing() -> list[str]:
    """The node's fingerprint with containers by their names: an engine that was restarted runs in a new one.

    A page that was signed in to has written into its database; what stands in it is counted instead.
    """
    words = labctl.FINGERPRINT.replace(" /var/lib/docker ", " ").replace("docker ps --all --quiet", NAMES)
    words = words.replace("nft --stateless list ruleset", RULES)
    words = words.replace("list-unit-files --no-legend", "list-unit-files --no-legend" + LASTING)
    words = words.replace("-not -path '*/__pycache__*'", "-not -path '*/__pycache__*' -not -name 'webui.db*'")
    return labctl.node(words + COUNT).splitlines()


def test_it_is_measured_and_left_as_it_was():
    before = standing()
    run = play("acceptance", acceptance_soak_minutes=2)
    assert run.ok, run.story()
    report = json.loads((REPORT / "report.json").read_text(encoding="utf-8"))
    schema = json.loads((labctl.ROOT / "docs/acceptance.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)] == []
    assert report["verdict"] in ("pass", "conditional"), report["figures"]
    assert [(row["concurrency"], row["failed"]) for row in report["speed"]] == [(1, 0), (4, 0)]
    assert all(
        row["tokens_per_second"] > 0 and row["answer_tokens"] == pytest.approx(64, abs=1) for row in report["speed"]
    )
    function = {row["id"]: row["verdict"] for row in report["function"]}
    passed = {key for key, verdict in function.items() if verdict == "pass"}
    assert passed - {"doctor-gpu01"} == {"answers", "long", "page", "upload", "doors"}, report["function"]
    assert function["doctor-gpu01"] in ("pass", "conditional"), report["function"]  # the lab's node has no GPU
    quality = report["quality"]
    assert (
        quality["lab"] and len(quality["answers"]) == 24 and {row["verdict"] for row in quality["areas"]} == {"skipped"}
    )
    assert all((REPORT / f"report.{language}.pdf").read_bytes().startswith(b"%PDF") for language in ("zh", "en"))
    [machine] = report["identity"].values()
    assert machine["serial"] == "" and machine["machine"] and machine["kernel"]
    assert [row["model"].split()[0] for row in machine["weights"]] == ["yitiji-lab/tiny-r1-distill"]
    assert any("vllm" in row["ref"] for row in machine["images"]), machine["images"]
    soak = report["soak"]
    assert [(row["failed"], row["concurrency"], list(row["nodes"])) for row in soak["slices"]] == [
        (0, 4, ["gpu01"])
    ] * 2
    seen = soak["slices"][1]["nodes"]["gpu01"]
    assert seen["requests_most"] in (4, 5) and seen["engine_bytes"] > 100e6 and seen["looks"] > 20
    assert seen["gpus"] == [] and report["machines"]["gpu01"]["memory_gbs"] > 0.5
    assert 1 < soak["restart"]["seconds"] < 300 and soak["restart"]["lost"] >= 4 and soak["others"] == 0
    figures = {row["key"]: row["verdict"] for row in report["figures"]}
    assert {figures[key] for key in ("others", "soak_failed_percent", "soak_starts", "restart_seconds")} == {"pass"}
    assert standing() == before and labctl.node("ls -A ~/.ansible_async").split() == []


def test_a_second_run_changes_nothing_and_compares():
    shutil.copytree(REPORT, str(REPORT) + "-first", dirs_exist_ok=True)
    run = play("acceptance-again", acceptance_against=str(REPORT) + "-first", acceptance_signer=signer())
    assert run.ok and run.changes() == [], run.story()
    against = json.loads((REPORT / "report.json").read_text(encoding="utf-8"))["against"]
    assert {row["kind"] for row in against["rows"]} == {"figure"}  # the same machine, of the same versions
    assert ("256 / 64 · 4", "tokens_per_second") in {(row["of"], row["key"]) for row in against["rows"]}


def test_a_soak_that_was_killed_goes_on():
    killed = []

    def watch(event, kill):
        if event["event"] == "runner_on_ok" and event["event_data"]["task"] == "Keep the slice" and not killed:
            killed.append(datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
            kill()

    more = {"acceptance_soak_minutes": 2, "acceptance_dir": str(REPORT) + "-killed"}
    assert not play("acceptance-killed", watch=watch, **more).ok and killed
    run = play("acceptance-resumed", acceptance_allow_busy=True, **more)  # its last slice may have begun
    assert run.ok, run.story()
    report = json.loads(Path(str(REPORT) + "-killed/report.json").read_text(encoding="utf-8"))
    began = [row["began"] for row in report["soak"]["slices"]]
    assert len(began) == 2 and began[0] < killed[0] < began[1]


def signer() -> str:
    return KEY.with_suffix(".pub").read_text(encoding="utf-8").strip()


def test_the_report_is_judged_by_the_vendors_key():
    run = play("acceptance-verify", "playbooks/acceptance_verify.yml", acceptance_signer=signer(),
               acceptance_against=str(REPORT) + "-first")  # fmt: skip
    assert run.ok and run.changes() == [], run.story()
    assert (REPORT / "changes.zh.html").exists()
    assert "256 / 64 · 4, answer tokens/s" in run.output or "256 / 64 · 4，输出速率" in run.output, run.output


@pytest.mark.parametrize("name", ["report.json", "report.zh.html", "report.en.pdf"])
def test_a_changed_byte_is_refused(name):
    path = REPORT / name
    whole = path.read_bytes()
    at = len(whole) // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    run = play("acceptance-changed", "playbooks/acceptance_verify.yml", acceptance_signer=signer())
    path.write_bytes(whole)
    assert not run.ok and "LLM854" in run.output, run.story()


def test_another_machine_is_refused():
    labctl.node("cp /etc/machine-id /root/id && systemd-id128 new >/etc/machine-id")
    run = play("acceptance-other", "playbooks/acceptance_verify.yml", acceptance_signer=signer())
    labctl.node("mv /root/id /etc/machine-id")
    assert not run.ok and "LLM855" in run.output, run.story()


def test_requests_that_the_gateway_turns_away_fail_the_appliance_by_name():
    run = play("acceptance-slow", acceptance_team="slow", acceptance_dir=str(REPORT) + "-slow")
    assert run.ok, run.story()
    report = json.loads(Path(str(REPORT) + "-slow/report.json").read_text(encoding="utf-8"))
    missed = {row["key"]: row for row in report["figures"] if row["verdict"] == "fail"}
    assert report["verdict"] == "fail" and "gateway_rate" in json.dumps(missed["failed_percent"]["causes"])


@contextlib.contextmanager
def other_users():
    """Two people on the LAN who ask, read for a second and ask again: an engine that computes without a pause leaves
    two cores nothing to be observed with. Their answers differ in length, so that they do not pause together."""
    key = labctl.node("cat /etc/yitiji/secrets/gateway-key-default").strip()

    def loop(tokens: int) -> str:
        body = {"model": "tiny-r1-distill", "max_tokens": tokens, "ignore_eos": True}
        asked = json.dumps({**body, "messages": [{"role": "user", "content": "?"}]})
        ask = f"curl -sSk -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{asked}'"
        return f"while :; do {ask} https://{labctl.ADDRESS}/v1/chat/completions; sleep 1; done"

    several = [
        subprocess.Popen(
            [str(labctl.LAB), "run", "sh", "-c", loop(tokens)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for tokens in (500, 700)
    ]
    try:
        yield
    finally:
        for process in several:
            process.terminate()
            process.wait(30)


def test_where_others_ask_nothing_is_measured_or_the_report_says_so():
    with other_users():
        run = play("acceptance-busy")
        assert not run.ok and "LLM857" in run.output, run.story()
        run = play("acceptance-beside", acceptance_allow_busy=True, acceptance_dir=str(REPORT) + "-beside",
                   acceptance_at_once=[1])  # fmt: skip
    assert run.ok, run.story()
    report = json.loads(Path(str(REPORT) + "-beside/report.json").read_text(encoding="utf-8"))
    [figure] = [row for row in report["figures"] if row["key"] == "others"]
    assert figure["verdict"] == report["verdict"] == "conditional" and figure["measured"] >= 1


def test_more_at_once_than_a_team_may_ask_is_refused_before_anything_is_asked():
    run = play("acceptance-many", acceptance_team="default", acceptance_at_once=[65])
    assert not run.ok and "LLM853" in run.output and "gateway_concurrency" in run.output, run.story()
