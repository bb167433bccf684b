# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a unit, and why."""

from __future__ import annotations

import hashlib
import re
import subprocess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import systemd

SHOWN = (
    "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nConditionResult=yes\n"
    "NRestarts=2\nUnitFileState=enabled\n"
)


RUNNING = systemd.parse_state(SHOWN)


def test_parse_state():
    assert systemd.State(True, "active", "running", "success", True, 2, True) == RUNNING
    none = systemd.parse_state("LoadState=not-found\nActiveState=inactive\nUnitFileState=\nNRestarts=\n")
    assert (none.loaded, none.active, none.enabled, none.restarts) == (False, "inactive", False, 0)
    assert systemd.parse_state("").active == "unknown"


@pytest.mark.parametrize(
    ("state", "started", "wanted", "written", "verbs"),
    [
        (RUNNING, "x", "x", False, set()),
        (RUNNING, "x", "y", False, {"restart"}),
        (RUNNING, "", "x", False, {"restart"}),
        (RUNNING, "x", "x", True, {"reload", "restart"}),
        (RUNNING._replace(enabled=False), "x", "x", False, {"enable"}),
        (RUNNING._replace(active="inactive"), "", "x", False, {"start"}),
        (RUNNING._replace(active="failed"), "", "x", True, {"reload", "start"}),
        (RUNNING._replace(active="activating"), "", "x", False, {"restart"}),
    ],
)
def test_reasons(state, started, wanted, written, verbs):
    todo = systemd.reasons(state, True, started, wanted, written)
    assert set(todo) == verbs
    assert all(todo.values())


def test_a_unit_that_is_not_for_boot_is_not_enabled():
    assert "enable" not in systemd.reasons(RUNNING._replace(enabled=False), False, "x", "x", False)


@pytest.mark.parametrize(
    ("state", "loaded", "verbs"),
    [
        (RUNNING, "x", []),
        (RUNNING, "", ["reload"]),
        (RUNNING, "y", ["reload"]),
        (RUNNING._replace(active="inactive", enabled=False), "x", ["enable", "start"]),
    ],
)
def test_reload_actions(state, loaded, verbs):
    assert systemd.reload_actions(state, loaded, "x") == verbs


def test_the_note_of_the_unit_is_the_digest_of_the_module(tmp_path):
    """The shell line in the unit and the Python that compares must agree, also when a file is missing."""
    files = [tmp_path / "one", tmp_path / "missing", tmp_path / "two"]
    files[0].write_text("1\n")
    files[2].write_bytes(b"\0\xff")
    text = systemd.note("u", [str(f) for f in files])
    line = re.search("ExecStartPre=(.*)", text).group(1).replace("$$", "$").replace("/run/%N/inputs", "out")
    line = line.replace('"/etc/systemd/system/u.service" ', "")
    subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, check=True)
    noted = (tmp_path / "out").read_text().split()[0]
    assert noted == systemd.digest([str(f) for f in files]) == hashlib.sha256(b"1\n\0\xff").hexdigest()
    (tmp_path / "u").mkdir()
    (tmp_path / "out").rename(tmp_path / "u" / "inputs")
    assert systemd.started_from("u", str(tmp_path)) == noted
    assert systemd.started_from("v", str(tmp_path)) == ""


def test_read_log_drops_empty_lines():
    assert systemd.read_log(lambda _w: (0, "a\n\n b \rc\n"), "u", 3) == ["a", " b", "c"]


def test_the_log_of_one_run():
    asked = []
    systemd.read_log(lambda words: (asked.append(words), (0, ""))[1], "u", 3, "abc")
    systemd.read_log(lambda words: (asked.append(words), (0, ""))[1], "u", 3)
    assert "_SYSTEMD_INVOCATION_ID=abc" in asked[0] and "--unit" not in asked[0]
    assert asked[1][1:3] == ["--unit", "u"]


def test_a_unit_is_where_the_administrator_keeps_units():
    assert systemd.unit_path("u") == "/etc/systemd/system/u.service"
    note = systemd.note("u", ["/a b"])
    assert '"/etc/systemd/system/u.service" "/a b"' in note and "RuntimeDirectoryMode=0700" in note


def test_the_state_is_asked_of_systemd():
    asked = []
    assert systemd.read_state(lambda words: (asked.append(words), (0, SHOWN))[1], "u") == RUNNING
    assert asked[0][:3] == ["systemctl", "show", "u"] and "NRestarts" in asked[0][-1]


def test_the_newest_runs_come_first():
    asked = []

    def ask(words):
        asked.append(words)
        rows = ['{"_SYSTEMD_INVOCATION_ID": "a"}', '{"_SYSTEMD_INVOCATION_ID": "b"}', '{"x": 1}', "[]", "no json"]
        return 0, "\n".join([*rows[:1], *rows])

    assert systemd.runs(ask, "yitiji-vllm", 7, 1700000000) == ["b", "a"]
    assert {"--since=@1700000000", "--lines", "7", "yitiji-vllm"} <= set(asked[0])
    assert systemd.runs(lambda _words: (1, ""), "u", 7, 0) == []
