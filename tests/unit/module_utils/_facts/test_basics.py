# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one shell script says of a node that may have no usable Python."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts import basics

# Kylin V10 SP3 as its release notes describe it: kernel 4.19, glibc 2.28, cgroup v1, Python 3.7.
KYLIN = """banner of the site
@ os
NAME="Kylin Linux Advanced Server"
VERSION="V10 (Lance)"
ID="kylin"
VERSION_ID="V10"
PRETTY_NAME="Kylin Linux Advanced Server V10 (Lance)"
@ machine
aarch64
@ kernel
4.19.90-52.22.v2207.ky10.aarch64
@ glibc
glibc 2.28
@ cgroup
tmpfs
@ commands
/usr/bin/dnf
/usr/bin/yum
@ pythons
/usr/bin/python3 3.7
/usr/bin/python3 3.7
/opt/app/bin/python3 3.9
/usr/local/bin/python3.10
@ end
"""


def test_a_node_with_an_old_python():
    found = basics.parse(KYLIN)
    assert (found["os"]["id"], found["os"]["version"]) == ("kylin", "V10")
    assert (found["machine"], found["glibc"], found["cgroup"]) == ("aarch64", "2.28", 1)
    assert found["commands"] == ["dnf", "yum"]
    assert found["pythons"] == [("/usr/bin/python3", "3.7"), ("/opt/app/bin/python3", "3.9")]
    assert basics.usable(found["pythons"]) == [("/opt/app/bin/python3", "3.9")]


def test_an_answer_that_was_cut_tells_nothing():
    assert basics.parse("") == {} and basics.parse(KYLIN.partition("@ pythons")[0]) == {}


def test_the_script_runs_in_a_plain_shell():
    done = subprocess.run(["sh", "-c", basics.SCRIPT], capture_output=True, text=True, timeout=30, check=True)
    found = basics.parse(done.stdout)
    assert found["os"]["id"] and found["machine"] and found["kernel"]
    assert any(basics.number(version) == sys.version_info[:2] for _path, version in found["pythons"])


REAL = "ansible-core requires a minimum of Python version 3.8. Current version: 3.7.9 (default)"
OLD = basics.parse(KYLIN)
NONE = {**OLD, "pythons": [("/usr/bin/python3", "3.7")]}


@pytest.mark.parametrize(
    ("found", "used", "said", "remedy"),
    [
        (OLD, "/usr/bin/python3", REAL, "ansible_python_interpreter: /opt/app/bin/python3"),
        (OLD, "/usr/bin/python3", "", "ansible_python_interpreter: /opt/app/bin/python3"),
        (NONE, "/usr/bin/python3", REAL, "dnf install python3.11"),
        ({**NONE, "pythons": []}, "", "/bin/sh: 1: /usr/bin/python3: not found", "dnf install python3.11"),
        (OLD, "/opt/app/bin/python3", "", None),
        (OLD, "/opt/app/bin/python3", "SyntaxError: of a broken file system", None),
        (OLD, "", "", None),
        ({}, "", REAL, None),
    ],
)
def test_a_python_that_is_too_old_is_named_with_the_one_to_take(found, used, said, remedy):
    why = basics.python_trouble(found, used, said)
    assert (why is None) == (remedy is None)
    if why:
        assert why.rule == "LLM106" and remedy in why.remedy.en and remedy in why.remedy.zh
        assert why.evidence == ([said] if said else [])


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        (REAL, True), ("SyntaxError: future feature annotations is not defined", True),
        ("/bin/sh: /usr/bin/python3: No such file or directory", True), ("bash: python3: command not found", True),
        ("sudo: a password is required", False), ("No space left on device", False), ("Permission denied", False),
    ],
)  # fmt: skip
def test_what_is_said_of_python(said, ours):
    assert basics.of_python(said) is ours
