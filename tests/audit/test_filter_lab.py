# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A content filter on an appliance: the real vLLM behind it, closed to the node's other users, named when it stops."""

from __future__ import annotations

import json

import labctl
import pytest
import sitectl

from tests.audit.filter import SECRET
from tests.audit.test_lab import call, model, node

PORT, BACK = 9010, 8099
OPTIONS = ("-e", f"gateway_content_filter=http://127.0.0.1:{PORT}", "-e", "appliance_language=en")
DOORS = 'for port in 9010 8099; do curl -s -m 5 -o /dev/null -w "%{http_code} " http://127.0.0.1:$port/v1/models; done'


def start() -> None:
    node(f"systemd-run -q --unit=lab-filter python3 /root/filter.py {PORT} {BACK}")


@pytest.fixture(scope="module", autouse=True)
def filtered():
    labctl.put(labctl.NODE, "root", {"filter.py": labctl.ROOT / "tests/audit/filter.py"})
    start()
    run = sitectl.site("filter", *OPTIONS)
    assert run.ok, run.story()
    yield
    run = sitectl.site("filter-off", "-e", "appliance_language=en")
    assert run.ok and any("start nginx with them" in change for change in run.changes()), run.story()
    assert (
        node("ls /etc/nginx/yitiji/filter /etc/yitiji/guard.d/gateway.json 2>/dev/null; ss -Hltn 'sport = :8099'") == ""
    )
    node("systemctl stop lab-filter; rm -f /root/filter.py")


def ask(text: str) -> tuple[int, str]:
    key = node("cat /etc/yitiji/secrets/gateway-key-default").strip()
    body = {"model": model(), "messages": [{"role": "user", "content": text}], "max_tokens": 60}
    return call("/v1/chat/completions", body, key)


def test_a_second_run_changes_nothing():
    run = sitectl.site("filter-second", *OPTIONS)
    assert run.ok and run.changes() == [], run.story()


def test_the_engine_answers_through_it_and_a_refused_word_stays_outside():
    status, text = ask("Who are you?")
    assert status == 200 and labctl.ANSWER in json.loads(text)["choices"][0]["message"]["content"], text
    status, text = ask(f"What about {SECRET}?")
    assert (status, json.loads(text)["choices"][0]["message"]["content"]) == (200, "不回答")


def test_others_on_the_node_reach_neither_port():
    assert node(f"runuser -u nobody -- sh -c '{DOORS}' || :").split() == ["000", "000"]
    assert node(DOORS).split()[1] == "401", "root does, and needs the engines' key"


def test_stopped_it_is_named_and_nothing_is_answered():
    node("systemctl stop lab-filter")
    status, text = ask("Who are you?")
    assert (status, json.loads(text)["error"]["code"]) == (503, "content_filter_unavailable"), text
    report = json.loads(labctl.node("yitiji-doctor --fast --json -", check=False))
    assert "LLM894" in [row["id"] for row in report["results"] if row["status"] == "fail"]
    start()
    assert ask("Who are you?")[0] == 200
