# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The level's data is whole, and an answer is met, open, not to be shown or the site's; silence is never met."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._catalog.catalog import read_catalog
from ansible_collections.yitiji.deepseek.plugins.module_utils._compliance import judge

from tests.sizing.common import ROOT, parse

LEVEL = read_catalog([str(ROOT / "plugins/catalog")], parse, ("compliance",))["compliance"]["dengbao3"]
CHECKS = {**LEVEL["checks"], **LEVEL["docker"]}
CHINESE = re.compile("[\u4e00-\u9fff]")
# How many items each clause of level 3 has, by the standard.
ITEMS = {
    "8.1.2.2": 2, "8.1.4.1": 4, "8.1.4.2": 7, "8.1.4.3": 4, "8.1.4.4": 6, "8.1.4.5": 1, "8.1.4.6": 1, "8.1.4.7": 2,
    "8.1.4.8": 2, "8.1.4.9": 3, "8.1.4.10": 2, "8.1.4.11": 2, "8.1.5.1": 2, "8.1.5.2": 2, "8.1.5.3": 2, "8.1.5.4": 6,
}  # fmt: skip


def small(**more):
    return {
        "standard": "S",
        "where": {"real": {"run": "true", "why": "容器 / container"}},
        "checks": {"a": {"run": "ask", "want": ["^yes$"], "never": ["no"], "fix": "mend", **more}},
        "controls": {"1": {"what": "甲 / a", "checks": ["a"]}},
        "docker": {},
    }


def state(answers, level=None, **settings):
    return judge.verdict(level or small(), answers, settings)["controls"][0]["state"]


def test_every_item_of_every_clause_is_there():
    found = {}
    for number in LEVEL["controls"]:
        found[number.split()[0]] = found.get(number.split()[0], 0) + 1
    assert found == ITEMS


@pytest.mark.parametrize("number", [*LEVEL["controls"], *LEVEL["docker"]])
def test_a_row_is_told_in_both_languages_and_answered(number):
    row = {**LEVEL["controls"], **LEVEL["docker"]}[number]
    for text in (row["what"], row.get("note", "")):
        chinese, slash, english = text.partition(" / ")
        assert not slash or (CHINESE.search(chinese) and not CHINESE.search(english)), text
    assert set(row) <= {"what", "note", "checks", "when", "run", "want", "never", "fix", "where"}, "a comma in a text?"
    if number in LEVEL["controls"]:
        assert row.get("checks") or row.get("note")
        assert set(row.get("checks", [])) <= set(LEVEL["checks"])
        assert "when" not in row or row["note"], "what to set has to be said"


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_check_expects_something_that_can_be_looked_for(name):
    row = CHECKS[name]
    assert row.get("want") or row.get("never")
    assert row.get("where", "real") in LEVEL["where"]
    for text in [*row.get("want", []), *row.get("never", [])]:
        re.compile(text, re.MULTILINE)
    shell = subprocess.run(["sh", "-n", "-c", row["run"]], capture_output=True, text=True, check=False)
    assert shell.returncode == 0, shell.stderr
    # What says nothing at all would otherwise be met: only a list of what is wrong may be empty.
    assert row.get("want") or row["never"] == ["."]


def test_nothing_that_is_run_changes_the_node():
    words = {word.rpartition("/")[2] for text in judge.asks(LEVEL) for word in re.split(r"[\s;|&]+", text)}
    assert words & {"rm", "mv", "cp", "tee", "chmod", "chown", "chage", "usermod", "augenrules", "restart"} == set()


def test_each_command_goes_once():
    assert len(judge.asks(LEVEL)) == len(set(judge.asks(LEVEL))) < len(CHECKS)
    assert LEVEL["where"]["real"]["run"] in judge.asks(LEVEL)


def test_what_answers_as_expected_is_met():
    assert state({"ask": [0, "yes"]}) == judge.MET
    assert state({"ask": [1, "x\nyes\ny"]}) == judge.MET, "some commands end with 1 and have answered"


@pytest.mark.parametrize("answer", [[0, "maybe"], [0, "yes\nno"], [0, ""], [124, "yes"], [127, "yes"], None], ids=str)
def test_what_does_not_is_open(answer):
    assert state({"ask": answer} if answer else {}) == judge.OPEN


@pytest.mark.parametrize("status", [-9, 1, 2, 123, 126, 137, 255])
@pytest.mark.parametrize("said", [("",), ("fine", "denied")], ids=str)
def test_a_command_that_failed_shows_nothing_by_what_it_does_not_say(status, said):
    level = small(want=[])
    assert state({"ask": [0, *said]}, level) == judge.MET
    found = judge.verdict(level, {"ask": [status, *said]}, {})
    assert found["counts"] == {"open": 1, "unshown": 0, "met": 0, "site": 0}
    why = f"shows nothing: the command failed ({status})"
    assert found["controls"][0]["checks"][0]["why"] == f"没有结论：命令失败（{status}） / {why}"
    assert judge.findings(found) == [f"1 甲 / a: a ({why}) -> mend"]


@pytest.mark.parametrize("name", sorted(name for name, row in CHECKS.items() if "want" not in row))
def test_every_list_of_what_is_wrong_is_open_where_it_failed(name):
    answers = {LEVEL["where"]["real"]["run"]: [0, ""], CHECKS[name]["run"]: [1, "", ""]}
    assert judge.check(name, CHECKS[name], LEVEL["where"], answers)["state"] == judge.OPEN


@pytest.mark.parametrize("status", [-9, 123, 137, 255])
def test_what_was_said_before_it_was_killed_is_no_evidence(status):
    assert state({"ask": [status, "yes"]}) == judge.OPEN


def test_a_complaint_that_names_what_is_wanted_does_not_show_it():
    assert state({"ask": [0, "", "yes"]}) == judge.OPEN
    assert state({"ask": [0, "yes", "no"]}) == judge.OPEN, "but it shows what must not be there"
    answer = [2, "", "ls: cannot access '/srv/models/m/.yitiji-verified.json': No such file or directory"]
    found = judge.check("weights", CHECKS["weights"], LEVEL["where"], {CHECKS["weights"]["run"]: answer})
    assert found["state"] == judge.OPEN and found["said"] == answer[2]


@pytest.mark.parametrize(("records", "used"), [("", "8\t/var/log/journal"), ("1000.5 x", "")], ids=["none", "no size"])
def test_records_that_can_not_be_read_are_not_kept_for_half_a_year(tmp_path, records, used):
    said = {"journalctl": records, "du": used, "systemd-analyze": "SystemMaxUse=8G"}
    for name, text in said.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nprintf '%s\\n' '{text}'\n")
        (tmp_path / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = CHECKS["kept"]["run"]
    done = subprocess.run(["/bin/sh", "-c", run], env=env, capture_output=True, text=True, check=False)
    answers = {run: [done.returncode, done.stdout.rstrip(), done.stderr.rstrip()]}
    assert judge.check("kept", CHECKS["kept"], LEVEL["where"], answers)["state"] == judge.OPEN


def test_what_can_not_be_shown_here_is_neither():
    level = small(where="real")
    found = judge.verdict(level, {"ask": [0, "yes"], "true": [1, ""]}, {})
    assert (
        found["controls"][0]["state"] == judge.UNSHOWN
        and found["controls"][0]["checks"][0]["why"] == "容器 / container"
    )
    assert state({"ask": [0, "yes"], "true": [0, ""]}, level) == judge.MET
    assert state({"ask": [0, "yes"]}, level) == judge.UNSHOWN


def test_an_open_check_outweighs_one_that_can_not_be_shown():
    level = small()
    level["checks"]["b"] = {"run": "other", "where": "real", "want": ["x"]}
    level["controls"]["1"]["checks"] = ["b", "a"]
    answers = {"ask": [0, "yes"], "other": [0, "x"], "true": [1, ""]}
    assert state(answers, level) == judge.UNSHOWN
    assert state({**answers, "ask": [0, "no"]}, level) == judge.OPEN


def test_without_its_option_the_control_is_the_sites():
    level = small()
    level["controls"]["1"]["when"] = "option"
    answers = {"ask": [0, "no"]}
    assert state(answers, level) == state(answers, level, option="") == judge.SITE
    assert state(answers, level, option=True) == judge.OPEN


def test_a_control_without_checks_is_the_sites():
    level = small()
    level["controls"] = {"1": {"what": "甲 / a", "note": "乙 / b"}}
    assert state({}, level) == judge.SITE


def test_findings_say_what_differs_and_what_helps():
    found = judge.verdict(small(), {"ask": [0, "no"]}, {})
    assert found["counts"] == {"open": 1, "unshown": 0, "met": 0, "site": 0}
    assert judge.findings(found) == ["1 甲 / a: a (^yes$, no) -> mend"]
    assert judge.findings(judge.verdict(small(fix=judge.AGAIN), {}, {})) == [f"1 甲 / a: a (^yes$) -> {judge.AGAIN}"]


def test_rules_of_docker_count_too():
    level = {**small(), "docker": {"5.5": {"what": "乙 / b", "run": "ask", "never": ["priv"]}}}
    found = judge.verdict(level, {"ask": [0, "yes priv"]}, {})
    assert [row["state"] for row in found["docker"]] == [judge.OPEN] and judge.findings(found)[-1].startswith("5.5 ")


def test_the_expressions_hold_on_real_answers():
    """Of Debian 13's sshd and PAM as the role leaves them, and as they come."""
    good = {
        "ssh": "permitrootlogin prohibit-password\npermitemptypasswords no\nmaxauthtries 5\n"
        "clientaliveinterval 300\nusepam yes",
        "lock": "auth\trequisite pam_faillock.so preauth deny=5 unlock_time=900\n"
        "auth [default=die] pam_faillock.so authfail",
        "idle": "TMOUT=600",
        "roles": "yitiji-system:x:998:\nyitiji-security:x:997:\nyitiji-audit:x:996:\n"
        "%yitiji-system ALL=(root) /usr/bin/x\n"
        '%yitiji-security ALL=(root) /usr/sbin/faillock ""\n/etc/sudoers.d/yitiji-compliance: parsed OK',
        "kept": "3 days, 8 MiB of 8 GiB\nprojected too early",
    }
    for name, said in good.items():
        assert judge.check(name, CHECKS[name], LEVEL["where"], {CHECKS[name]["run"]: [0, said]})["state"] == judge.MET
    bad = {
        "ssh": good["ssh"].replace("prohibit-password", "yes"),
        "lock": good["lock"].replace("deny=5", "deny=50"),
        "idle": "TMOUT=",
        "roles": good["roles"] + "\n%yitiji-audit ALL=(ALL) ALL",
        "kept": "30 days, 8000 MiB of 8 GiB\nprojected 30",
    }
    for name, said in [*bad.items(), ("idle", "TMOUT=0"), ("idle", "TMOUT=901")]:
        assert judge.check(name, CHECKS[name], LEVEL["where"], {CHECKS[name]["run"]: [0, said]})["state"] == judge.OPEN


def test_what_the_roles_may_do_is_a_list_of_whole_commands():
    own = parse((ROOT / "roles/compliance/vars/main.yml").read_text())
    (rules,) = [row["content"] for row in own["__compliance_files"] if row["path"] == "{{ __compliance_sudoers }}"]
    assert [line.split()[0] for line in rules.splitlines()] == ["%yitiji-system", "%yitiji-security"]
    commands = [*own["__compliance_operate"], *rules.splitlines()[1].partition("(root) ")[2].split(", ")]
    for command in commands:
        words = shlex.split(command)
        # Without arguments any would do; those that are there bind it.
        assert words[0].startswith("/") and len(words) > 1 and "*" not in command, command


@pytest.mark.parametrize(("days", "kib", "enough"), [(30, 1024, True), (30, 20 * 1024, False), (3, 20 * 1024, True)])
def test_what_auditd_keeps_is_projected_from_its_oldest_file(tmp_path, days, kib, enough):
    """Two files and a bound of 80 MiB: at 20 MiB in 30 days that is 120 days."""
    logs, settings = tmp_path / "audit", tmp_path / "auditd.conf"
    logs.mkdir()
    settings.write_text("log_format = ENRICHED\nmax_log_file = 40\nnum_logs = 2\n")
    old, now = logs / "audit.log.1", logs / "audit.log"
    began = int(time.time()) - days * 86400 - 60
    old.write_text(f"node=n type=SYSCALL msg=audit({began}.123:4): a=1\n" + "x" * 1024 * (kib - 8))
    now.write_text(f"type=SYSCALL msg=audit({began + 999}.9:5): a=1\n")
    os.utime(old, (began, began))
    command = CHECKS["trailed"]["run"].replace("/etc/audit/auditd.conf", str(settings))
    said = subprocess.run(
        ["sh", "-c", command.replace("/var/log/audit", str(logs))], capture_output=True, text=True, check=True
    ).stdout
    assert (
        said.startswith(f"{days} days, ")
        and bool(re.search(CHECKS["trailed"]["want"][0], said, re.MULTILINE)) is enough
    )
