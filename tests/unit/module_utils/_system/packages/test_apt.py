# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the answers of apt and dpkg mean."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.packages import apt, manager


def test_what_dpkg_lists():
    said = {
        "dpkg --print-architecture": "amd64\n",
        " ".join(apt.LISTED): "installed/docker.io/amd64/20.10.24+dfsg1-1\nconfig-files/old/amd64/1\n"
        "installed/libc6/amd64/2.36\ninstalled/libc6/i386/2.36\ninstalled/tzdata/all/2024a\n"
        "half-configured/broken/amd64/3\nnot-installed/x/amd64/\n",
    }
    found = apt.Apt(lambda argv, _seconds: (0, said[" ".join(argv)]), 60, 60)
    assert found.installed() == {
        "docker.io": "20.10.24+dfsg1-1",
        "libc6": "2.36",
        "libc6:i386": "2.36",
        "tzdata": "2024a",
    }
    assert found.present() == ["docker.io", "libc6", "libc6:i386", "tzdata", "broken"]


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 711 (unattended-upgr)\n"
            "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?",
            "unattended-upgr (711)",
        ),
        ("E: Could not get lock /var/lib/apt/lists/lock - open (11: Resource temporarily unavailable)", "? (?)"),
    ],
)
def test_a_lock_that_apt_met_itself_says_who(said, who):
    def run(argv, _seconds):
        return (100, said) if argv[0] == "apt-get" else (1, "")

    with pytest.raises(manager.Refusal) as refused:
        apt.Apt(run, 60, 7).remove(["x"], purge=False)
    assert refused.value.rule == "LLM118" and who in refused.value.reason.en


def test_the_holder_of_a_lock(tmp_path):
    path = tmp_path / "lock"
    path.write_text("")
    assert apt.holder(str(path)) == ""
    assert apt.holder(str(tmp_path / "none")) == ""
    code = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "locked\n"
        name = apt.holder(str(path))
        assert name.endswith(f"({other.pid})") and "python" in name
        other.communicate("")
    assert apt.holder(str(path)) == ""


def test_the_question_has_the_size_the_kernel_reads():
    handle = os.open(os.devnull, os.O_RDWR)
    size = struct.calcsize("hhqqii")
    os.close(handle)
    assert size == 32 and fcntl.F_GETLK == 5
