# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Events of a run become its status."""

from __future__ import annotations

import io
import json

from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import run as boot


def test_events_become_a_status(monkeypatch):
    told = []
    teller = type("T", (), {"tell": lambda self, status, now=False: told.append(dict(status))})()
    lines = [{"event": "task", "name": "docker : Start"}, {"event": "failed", "host": "h", "text": "[LLM101] full"},
             {"event": "stats", "changed": 3, "failed": 1}]  # fmt: skip
    status = {}
    boot.follow(io.StringIO("".join(json.dumps(x) + "\n" for x in lines) + "h: 1.2 of 3 GB\n"), status, teller)
    assert status["task"] == "Start" and status["error"] == "[LLM101] full" and status["detail"] == "h: 1.2 of 3 GB"
    assert len(told) == 4
