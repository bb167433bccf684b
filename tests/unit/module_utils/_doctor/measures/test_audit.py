# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit's own command tells; nothing where it is off."""

from __future__ import annotations

import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.measures import audit
from ansible_collections.yitiji.deepseek.plugins.module_utils._facts.host import Capture

COMMAND = f"{audit.PROGRAM} health"
FIGURES = {"problems": [], "records": 3, "early": ""}


def told(answer):
    return audit.audit(Capture({"files": {audit.PROGRAM: ""}, "commands": {COMMAND: answer}}))


def test_figures_as_the_command_tells_them():
    assert told(json.dumps(FIGURES)) == {**FIGURES, "why": ""}


def test_a_command_that_fails_or_says_something_else_leaves_the_reason():
    assert told({"rc": 2, "out": json.dumps(FIGURES), "err": "[LLM884] no config\n"}) == {"why": "[LLM884] no config"}
    assert told("?") == {"why": "no answer"}
    assert audit.audit(Capture({"files": {audit.PROGRAM: ""}})) == {"why": "no answer"}


def test_nothing_is_recorded():
    assert audit.audit(Capture({})) is None
