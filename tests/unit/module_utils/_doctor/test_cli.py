# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor as a command on a node."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import cli
from ansible_collections.yitiji.deepseek.plugins.plugin_utils._catalogue import load_rules


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
    assert cli.main(load_rules(), args) in (1, 2)
    said = capsys.readouterr().out
    assert "silenced: a capture of a container" in said and "n9" in said and "磁盘" not in said
    assert page.stat().st_mode & 0o077 == 0
    assert "/help/" not in said + page.read_text(), "nobody said where they are"
    config.write_text(json.dumps({"language": "en", "help": "https://10.0.0.5/help/"}))
    assert cli.main(load_rules(), args) in (1, 2)
    assert capsys.readouterr().out.endswith("What each number means: https://10.0.0.5/help/\n")
    assert '<a href="https://10.0.0.5/help/LLM101">' in page.read_text()
    config.write_text(json.dumps({"host": "n9", "language": "en", "settings": settings}))
    assert cli.main(load_rules(), [*args, "--json", str(tmp_path / "r.json")]) in (1, 2)
    assert json.loads((tmp_path / "r.json").read_text())["phase"] == "pre"
    config.write_text(json.dumps({"settings": {"ignore": [{"id": "LLM110"}]}}))
    assert cli.main(load_rules(), args) == cli.UNUSABLE
    assert "without a reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem", "code"),
    [
        ('{"plan": {"sch', "can't be read: not JSON", cli.UNUSABLE),
        ("", "can't be read: not JSON", cli.UNUSABLE),
        ("{}", "it holds no plan", 2),
        ('{"host": "n9"}', "it holds no plan", 2),
        ('{"plan": {"schema": 1}}', "another release", 2),
        (None, "it is not there", 2),
    ],
)
def test_a_configuration_that_says_too_little_is_a_failure(tmp_path, capsys, monkeypatch, text, problem, code):
    """It was exit 3 without a word about the node, or "fail 0" as all rules that want a plan were skipped."""
    config = tmp_path / "doctor.json"
    if text is not None:
        config.write_text(text)
    node = {"hostname": "n9", "services": {"yitiji-vllm": {"active": "active"}}}
    monkeypatch.setattr(cli, "read_node", lambda _host: node)
    monkeypatch.setattr(cli, "collect", lambda _host, _node, _plan, settings: {"asked": settings})
    assert cli.main(load_rules(), ["--config", str(config), "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    found = next(result for result in report["results"] if result["id"] == "LLM150")
    assert found["status"] == "fail" and problem in found["evidence"]["en"]
    assert report["exit_code"] == 2 and report["summary"]["fail"] >= 1


def test_a_node_without_the_appliance_needs_no_configuration(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "read_node", lambda _host: {"hostname": "n9", "services": {}})
    monkeypatch.setattr(cli, "collect", lambda *_args: {})
    cli.main(load_rules(), ["--config", str(tmp_path / "none"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert next(r for r in report["results"] if r["id"] == "LLM150")["status"] == "pass"


def test_what_was_found_is_told_before_a_full_disk_stops_the_report(tmp_path, capsys):
    capture = tmp_path / "c.json"
    capture.write_text(json.dumps({"files": {"/proc/1/comm": "x"}, "epoch": 7.0}))
    full = ["--replay", str(capture), "--config", str(tmp_path / "none"), "--json", "/dev/full"]
    assert cli.main(load_rules(), full) == cli.UNUSABLE
    said = capsys.readouterr()
    assert "LLM101" in said.out and "No space left" in said.err


def test_the_command_explains_a_rule(capsys):
    rules = load_rules()
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
