# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module chat_check."""

from __future__ import annotations

import json

from tests.unit.modules.run_module import run


def test_chat_check_fails_with_its_rule_and_asks_nothing_in_check_mode():
    arguments = {"url": "http://127.0.0.1:1", "password": "not-to-be-shown-1"}
    answer = run("chat_check", arguments)
    assert answer["rule"] == "LLM707"
    assert "not-to-be-shown" not in json.dumps(answer)
    assert run("chat_check", arguments, check=True)["skipped_because"] == "check mode"
