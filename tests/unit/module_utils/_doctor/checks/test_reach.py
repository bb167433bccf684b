# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a node cannot be reached: host, reason and remedy."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor.checks.reach import unreachable


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
    refusal = unreachable("10.0.0.9", None, "root", said)
    message, reason, remedy = refusal.message("gpu9"), refusal.reason, refusal.remedy
    assert word in reason.en and reason.zh and remedy.en in message and remedy.zh in message
    assert message.count("[LLM107] gpu9") == 2 and message.count("10.0.0.9") >= 2 and message.endswith(said)
    assert "{" not in message
