# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine itself, its texts and reports, and the command."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.yitiji.deepseek.plugins.action import doctor
from ansible_collections.yitiji.deepseek.plugins.action.check_variables import load_specs
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import cli, table, variables
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import report as doctor_report
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import rules as doctor_rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.common import chinese
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.reach import unreachable
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.needs import NEEDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._programs import zipapp

from .healthy import HEALTHY

ROOT = Path(__file__).resolve().parents[3]
RULE = {
    "id": "LLM901", "phase": ["pre"], "severity": "error", "needs": ["thing"],
    "title": {"zh": "题", "en": "title"}, "fix": {"zh": "修 {x}", "en": "mend {x}"},
}  # fmt: skip


def judge(finding=None, need=True, severity="error", ignore=None):
    def probe(_context):
        if isinstance(finding, Exception):
            raise finding
        return finding

    rule = dict(RULE, severity=severity)
    context = doctor_rules.Context(node={}, host="n1")
    return doctor_rules.evaluate([rule], context, "pre", {"LLM901": probe}, {"thing": lambda _c: need}, ignore)


def test_a_failure_of_a_warning_rule_warns():
    assert judge(doctor_rules.failed("e", "z"), severity="warn")[0]["status"] == "warn"


def test_needs():
    assert judge(doctor_rules.passed("e", "z"), need=False)[0]["status"] == "skip"
    assert judge(doctor_rules.passed("e", "z"), need=None)[0]["status"] == "unknown"


def test_every_need_has_a_chinese_word():
    assert set(NEEDS) == set(doctor_rules.CHINESE)


def test_a_probe_that_trips_knows_nothing():
    result = judge(KeyError("gpus"))[0]
    assert result["status"] == "unknown" and "KeyError" in result["evidence"]["en"]


def test_values_fill_the_remedy():
    assert judge(doctor_rules.failed("e", "z", x=7))[0]["fix"] == {"zh": "修 7", "en": "mend 7"}
    assert judge(doctor_rules.unknown("e", "z"))[0]["fix"]["en"] == "mend …"


def test_other_phases_do_not_run():
    assert doctor_rules.evaluate([RULE], doctor_rules.Context(node={}), "run", {}, {}) == []


@pytest.mark.parametrize(
    ("results", "code"),
    [("pass", 0), ("skip", 0), ("warn", 1), ("unknown", 1), ("fail", 2)],
)
def test_exit_code(results, code):
    assert doctor_rules.exit_code([{"status": "pass"}, {"status": results}]) == code


@pytest.mark.parametrize(
    ("ignore", "word"),
    [
        ("LLM901", "must be a list"),
        (["LLM901"], "without a reason"),
        ([{"id": "LLM901", "reason": "  "}], "without a reason"),
        ([{"id": "LLM999", "reason": "x"}], "no rule"),
    ],
)
def test_silencing_is_checked(ignore, word):
    with pytest.raises(doctor_rules.RulesError) as error:
        doctor_rules.silenced(ignore, ["LLM901"])
    assert word in error.value.text["en"] and error.value.text["zh"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "X1"}, "three digits"),
        ({"fix": None}, "missing fix"),
        ({"phase": ["later"]}, "phase"),
        ({"severity": "bad"}, "severity"),
        ({"title": {"en": "only"}}, "zh and en"),
        ({"fix": {"zh": "a", "en": "b", "c": None}}, "no more"),
        ({"needs": ["luck"]}, "luck"),
        ({"id": "LLM902"}, "no probe"),
    ],
)
def test_wrong_rules_are_refused(change, word):
    with pytest.raises(doctor_rules.RulesError, match=word):
        doctor_rules.check_rules([dict(RULE, **change)], {"LLM901": len}, {"thing": len})


def test_two_rules_with_one_id():
    with pytest.raises(doctor_rules.RulesError, match="twice"):
        doctor_rules.check_rules([RULE, RULE], {"LLM901": len}, {"thing": len})


def test_clock_bounds_hold_the_truth():
    # The node is 5 s ahead; asking took 2 s.
    bounds = doctor_rules.clock_bounds(100.0, 102.0, 105.5, 106.5)
    assert bounds["earliest"] <= 5 <= bounds["latest"] + 0.5
    assert doctor_rules.clock_bounds(100.0, 102.0, 100.5, 101.5) == {"earliest": -0.5, "latest": 0.5}


def test_table_is_short_and_lines_up():
    results = judge(doctor_rules.failed("evidence", "证据", x="this"))
    lines = table.table(results)
    assert lines[0].startswith("✗ LLM901 n1") and "题：证据" in lines[0] and "title: evidence" in lines[1]
    assert lines[2].strip() == "→ 修 this" and lines[3].strip() == "→ mend this"
    assert lines[-1].startswith("n1") and "fail 1" in lines[-1]
    assert "→" not in "".join(table.table(results, remedies=False))
    assert table.table(judge(doctor_rules.passed("e", "z")))[:-1] == []
    assert len(table.table(judge(doctor_rules.passed("e", "z")), show_all=True)) == 3
    assert "silenced: known" in "".join(table.table(judge(doctor_rules.failed("e", "z"), ignore={"LLM901": "known"})))
    only = table.failures(results, "en")
    assert only == "LLM901 [n1] title: evidence\n    → mend this"
    assert table.width("题a") == 3


def test_reports():
    results = judge(doctor_rules.failed("<b>evil</b>", "证据"))
    report = doctor_report.document("t", "pre", results, 0.0)
    assert report["exit_code"] == 2 and report["hosts"]["n1"]["fail"] == 1 and report["time"].startswith("1970")
    assert json.loads(doctor_report.as_json(report)) == report
    page = doctor_report.as_html(report, "zh")
    assert "<b>evil" not in page and "&lt;b&gt;evil" in page
    assert 'id="zh" checked' in page and "http" not in page, "the page needs nothing from outside"
    assert "1 failed: n1" in page and '<a href="#n1">' in page
    calm = doctor_report.as_html(doctor_report.document("t", "pre", judge(doctor_rules.passed("e", "z")), 0.0))
    assert "all well" in calm and "failed" not in calm
    dark = doctor_report.as_html(doctor_report.document("t", "pre", judge(doctor_rules.unknown("e", "z")), 0.0))
    assert "1 unknown" in dark and "mend" not in dark, "what nobody knows has no remedy"


def test_judge_gives_peers_of_the_same_deployment_only():
    rules = doctor.load_rules()
    item = {key: copy.deepcopy(HEALTHY[key]) for key in ("node", "plan", "settings", "measures", "clock")}
    other = copy.deepcopy(item)
    other["node"]["nvidia"]["driver_version"] = "570.1"
    other["settings"]["deployment"] = "elsewhere"

    def status(seen):
        return {(r["id"], r["host"]): r["status"] for r in doctor.judge(rules, seen, "run", [])}["LLM403", "gpu01"]

    assert status({"gpu01": item, "gpu02": other}) == "unknown"
    other["settings"]["deployment"] = "demo"
    assert status({"gpu01": item, "gpu02": other}) == "fail"


def test_of_a_node_nobody_saw_only_that_is_said():
    why = {"ok": False, "address": "10.0.0.9", "reason": {"en": "r", "zh": "r"}, "fix": {"en": "mend", "zh": "修"}}
    seen = {"gpu09": {"node": {}, "measures": {"reach": why}}, "gpu01": {"node": HEALTHY["node"]}}
    found = doctor.judge(doctor.load_rules(), seen, "run", [])
    dark = [r for r in found if r["host"] == "gpu09"]
    assert [(r["id"], r["status"], r["fix"]["en"]) for r in dark] == [("LLM107", "fail", "mend")]
    assert len([r for r in found if r["host"] == "gpu01"]) > 20, "the others are judged"


def test_variables():
    specs = {"r": {"argument_specs": {"main": {"options": {"r_port": {"type": "int", "description": ["A port."]}}}}}}
    options = variables.options_of(specs)
    assert options["r_port"][0] == "r"
    text = "\n".join(variables.wrong_value("n1", "r_port", "r", options["r_port"][1], "abc", "why"))
    assert "LLM120 [n1]" in text and "'abc'" in text and "must be: int" in text and "A port." in text
    secret = variables.wrong_value("n1", "r_key", "r", {"type": "list", "no_log": True}, "s3cret", "s3cret")
    assert "s3cret" not in "\n".join(secret)
    assert "LLM121 [n1]" in variables.missing("n1", "r_x", "r", {"description": "X."})[0]
    assert variables.shape({"choices": ["a", "b"]}) == "a | b"
    assert variables.shape({"type": "list", "elements": "dict"}) == "list of dict"
    assert variables.misspelt(["docker_prot", "docker_port", "other"], ["docker_port"]) == {
        "docker_prot": "docker_port"
    }


def test_former_names_of_variables():
    specs = load_specs()
    options = variables.options_of(specs)
    for role, names in variables.RENAMED.items():
        for old, new in names.items():
            assert options[new][0] == role and old not in options, "a successor that nobody reads"
    given = ["image_bridge", "image_seal_power_off", "disk_image_name"]
    assert variables.renamed(given, ["appliance", "disk_image"]) == {"image_bridge": "disk_image_bridge"}
    assert variables.renamed(given, ["disk_seal"]) == {"image_seal_power_off": "disk_seal_power_off"}
    assert variables.renamed(given, ["appliance"]) == {}, "site.yml reads none of them"
    lines = variables.was_renamed("n1", "image_bridge", "disk_image_bridge")
    assert sum("LLM123 [n1]" in line and "disk_image_bridge" in line for line in lines) == 2


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("ssh: Could not resolve hostname gpu9: Name or service not known", "does not resolve"),
        ("ssh: connect to host 10.0.0.9 port 22: Connection refused", "nothing listens at 10.0.0.9:22"),
        ("[Errno None] Unable to connect to port 22 on 10.0.0.9", "nothing listens"),
        ("@@@ REMOTE HOST IDENTIFICATION HAS CHANGED! @@@", "host key"),
        ("root@10.0.0.9: Permission denied (publickey,password).", "refused"),
        ("Missing sudo password", "becoming root"),
        ("ssh: connect to host 10.0.0.9 port 22: No route to host", "no route"),
        ("Connection to 10.0.0.9 port 22 timed out", "in time"),
        ("/usr/bin/python3: command not found", "Python"),
        ("Connection closed by UNKNOWN port 65535", "nobody is there"),
        ("something else", "the connection failed"),
    ],
)
def test_unreachable_names_host_reason_and_remedy(said, word):
    message, reason, remedy = unreachable("gpu9", "10.0.0.9", None, "root", said)
    assert word in reason["en"] and reason["zh"] and remedy["en"] in message and remedy["zh"] in message
    assert message.count("LLM107 [gpu9]") == 2 and message.count("→") == 2 and "10.0.0.9" in message
    assert "{" not in message


@pytest.fixture(name="command")
def fixture_command(tmp_path):
    path = tmp_path / "yitiji-doctor"
    path.write_bytes(zipapp.bundle(str(ROOT / "plugins" / "module_utils"), doctor.load_rules()))
    return path


def test_the_command_is_one_file_and_always_the_same(command):
    data = command.read_bytes()
    again = zipapp.bundle(str(ROOT / "plugins" / "module_utils"), doctor.load_rules())
    assert data == again and data.startswith(b"#!/usr/bin/env python3\n") and len(data) < 300_000
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert "__main__.py" in names and not [name for name in names if "catalog" in name]


def test_the_command_runs_captures_and_replays(command, tmp_path):
    def run(*args):
        done = subprocess.run(
            [sys.executable, "-I", str(command), "--config", str(tmp_path / "none"), *args],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode in (0, 1, 2), done.stderr
        return done

    first = run("--fast", "--all", "--capture", str(tmp_path / "c.json"), "--html", str(tmp_path / "r.html"))
    assert "LLM101" in first.stdout
    assert (tmp_path / "c.json").stat().st_mode & 0o077 == 0
    second = run("--replay", str(tmp_path / "c.json"), "--json")
    report = json.loads(second.stdout)
    assert report["exit_code"] == second.returncode
    assert second.returncode == first.returncode


def test_the_command_says_what_stops_it(tmp_path, capsys):
    config = tmp_path / "c.json"
    config.write_text("[]")
    assert cli.main([], ["--config", str(config)]) == cli.UNUSABLE
    assert "not a JSON object" in capsys.readouterr().err


def test_the_command_judges_a_capture(tmp_path, capsys):
    config, capture, page = tmp_path / "doctor.json", tmp_path / "c.json", tmp_path / "r.html"
    settings = {"ignore": [{"id": "LLM110", "reason": "a capture of a container"}]}
    config.write_text(json.dumps({"host": "n9", "language": "en", "settings": settings}))
    capture.write_text(json.dumps({"files": {"/proc/1/comm": "x"}, "epoch": 7.0}))
    args = ["--config", str(config), "--replay", str(capture), "--phase", "pre", "--html", str(page)]
    assert cli.main(doctor.load_rules(), args) in (1, 2)
    said = capsys.readouterr().out
    assert "silenced: a capture of a container" in said and "n9" in said and "磁盘" not in said
    assert page.stat().st_mode & 0o077 == 0
    assert cli.main(doctor.load_rules(), [*args, "--json", str(tmp_path / "r.json")]) in (1, 2)
    assert json.loads((tmp_path / "r.json").read_text())["phase"] == "pre"
    config.write_text(json.dumps({"settings": {"ignore": [{"id": "LLM110"}]}}))
    assert cli.main(doctor.load_rules(), args) == cli.UNUSABLE
    assert "without a reason" in capsys.readouterr().err


def test_the_command_explains_a_rule(capsys):
    rules = doctor.load_rules()
    assert cli.main(rules, ["--explain", "llm206", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("LLM206  Fabric manager") and "why: On HGX" in said and "gpustack/gpustack#4154" in said
    assert cli.main(rules, ["--explain", "LLM206"]) == 0
    assert "原因：" in capsys.readouterr().out
    assert cli.main(rules, ["--explain", "LLM999"]) == cli.UNUSABLE
    assert "no rule LLM999" in capsys.readouterr().err


def test_the_command_tells_how_to_use_it(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main([], ["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for word in ("--json", "--lang", "--fast", "--explain", "exit status", "退出码", "/etc/yitiji/doctor.json"):
        assert word in said, word


def test_reasons_in_chinese():
    assert chinese("archive /x: no such file on the node") == "archive /x: 节点上没有该文件"
    assert chinese("HTTP 404") == "HTTP 404"
