# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that signs once: its home is gone afterwards, also where gpg failed."""

from __future__ import annotations

import os
import re

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._bundle import apt, dnf, passing_key


class Gpg:
    def __init__(self, fails=-1):
        self.calls, self.homes, self.fails = [], [], fails

    def __call__(self, command):
        self.calls.append(" ".join(command))
        self.homes.append(command[command.index("--homedir") + 1])
        assert os.stat(self.homes[-1]).st_mode & 0o077 == 0
        return (2, "", "no agent") if len(self.calls) - 1 == self.fails else (0, "", "")


@pytest.mark.parametrize("fails, why", [(-1, ""), (0, "no agent"), (1, "no agent"), (2, "no agent")])
def test_the_private_half_does_not_stay(fails, why):
    gpg = Gpg(fails)
    assert passing_key.sign(gpg, "ed25519", "/k", "/s", "--clearsign", "/i") == why
    assert len(gpg.calls) == (fails + 1 if why else 3) and len(set(gpg.homes)) == 1 and not os.path.exists(gpg.homes[0])


def test_each_kind_of_index_has_its_signature(tmp_path):
    gpg = Gpg()
    assert apt.sign(gpg, "/b") == "" and dnf.sign(gpg, "/r") == ""
    told = [re.sub(r"^.*20250101T000000! ", "", call) for call in gpg.calls]
    assert told[1:3] == ["--armor --output /b/key.asc --export", "--output /b/InRelease --clearsign /b/Release"]
    assert told[3] == "--passphrase  --quick-generate-key yitiji bundle rsa3072 sign 0"
    assert told[5] == "--output /r/repodata/repomd.xml.asc --armor --detach-sign /r/repodata/repomd.xml"


def test_the_agent_of_that_home_ends_with_it(monkeypatch):
    ended = []
    monkeypatch.setattr(passing_key.subprocess, "run", lambda words, **_more: ended.append(list(words)))
    gpg = Gpg(0)
    passing_key.sign(gpg, "ed25519", "/k", "/s", "--clearsign", "/i")
    assert ended == [["gpgconf", "--homedir", gpg.homes[0], "--kill", "all"]]


def test_an_agent_that_is_gone_and_took_its_home_along_hinders_nothing(tmp_path, monkeypatch):
    program = tmp_path / "gpgconf"
    program.write_text('#!/bin/sh\n/bin/rm -r "$2"\nexit 2\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    gpg = Gpg()
    assert passing_key.sign(gpg, "ed25519", "/k", "/s", "--clearsign", "/i") == "" and len(gpg.calls) == 3
    assert not os.path.exists(gpg.homes[0])
