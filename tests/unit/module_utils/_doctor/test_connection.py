# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh, sudo, shells and Python really said (tests/fixtures/connection/said.yml), and what it stands for."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.messages.reach import CAUSES as WORDS
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import connection

from tests.sizing.common import ROOT

SAID = yaml.safe_load((ROOT / "tests/fixtures/connection/said.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SAID)
def test_what_was_said_on_a_node(name):
    row = SAID[name]
    heard = connection.understand(row["said"])
    assert heard.cause == row["cause"], heard
    assert heard.line and (row.get("line") or heard.line) in heard.line and heard.line in row["said"]


@pytest.mark.parametrize("name", [name for name in SAID if SAID[name].get("node")])
def test_the_nodes_own_name_in_no_hosts_file_decides_nothing(name):
    warning = "sudo: unable to resolve host odd-node: Name or service not known\n"
    said = SAID[name]["said"]
    assert connection.understand(warning + said).cause == SAID[name]["cause"]
    assert connection.understand(said + "\n" + warning).cause == SAID[name]["cause"]


def test_every_cause_has_its_words_and_no_word_is_idle():
    causes = {cause for cause, _patterns in connection.CAUSES} | {"jump", "other"}
    assert causes == set(WORDS)


def test_a_message_of_the_day_is_no_cause():
    said = "welcome\nName or service not known\nConnection refused by policy\nModule result deserialization failed: No"
    assert connection.understand("hello\nModule result deserialization failed: No start of json char").cause == "noise"
    assert connection.understand(said).cause != "name"


def test_nothing_said():
    assert connection.understand("") == ("other", "") and connection.understand("\n \n") == ("other", "")
