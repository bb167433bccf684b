# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A converged node: nothing to do again; it comes back by itself after a reboot."""

from __future__ import annotations

import json
import time

import labctl
import pytest
import sitectl
import tripsctl

BACK_WITHIN = 240  # seconds from the reboot to an answer, on two shared cores


def nothing_changed(run: sitectl.Run) -> None:
    assert run.ok, run.story()
    assert run.changes() == []
    assert {h: r["changed"] for h, r in run.recap().items()} == dict.fromkeys(run.recap(), 0)
    assert labctl.NODE in run.recap()


MOST_TASKS = 36  # that go to the converged node
MOST_TRIPS = 38  # with those of a task that goes more than once


def test_second_run_changes_nothing_and_goes_to_the_node_few_times():
    file = labctl.OUTPUT / "second.trips"
    nothing_changed(sitectl.site("second", env=tripsctl.environment(file)))
    count = tripsctl.read(file)
    total = count.total(labctl.NODE)
    print(f"    {total.reaching} tasks of {total.executed} went to the node, {total.trips} times, {total.sent} bytes")
    assert total.reaching <= MOST_TASKS and total.trips <= MOST_TRIPS, count.story()


def test_the_history_has_one_line_for_runs_that_left_the_same():
    """The second run added none."""
    done = sitectl.site("history", playbook="playbooks/history.yml")
    nothing_changed(done)
    kept = labctl.node("ls /var/lib/yitiji/generations").split()
    assert kept and all(f"{name[:-5]}  20" in done.output for name in kept), (kept, done.story())
    newest = json.loads(labctl.node(f"cat /var/lib/yitiji/generations/{len(kept)}.json"))
    assert newest["files"]["/etc/systemd/system/yitiji-vllm.service"]["text"] == labctl.node(
        "cat /etc/systemd/system/yitiji-vllm.service"
    )


def test_check_mode_on_a_converged_node():
    nothing_changed(sitectl.site("check-converged", "--check", "--diff"))


PAGE = f"https://{labctl.ADDRESS}"
JSON = ["-H", "Content-Type: application/json"]


def sign_in() -> list[str]:
    """What a signed-in browser sends. Once: the page refuses whoever signs in every other second."""
    password = labctl.node(f"cat {labctl.PASSWORD_FILE}").strip()
    who = json.dumps({"email": "admin@appliance.local", "password": password})
    told = labctl.curl(*JSON, "-d", who, f"{PAGE}/api/v1/auths/signin", check=False)
    return [*JSON, "-H", f"Authorization: Bearer {json.loads(told)['token']}"]


def chat(session: list[str]) -> str:
    """One question through the page's own interface, as its script asks it."""
    model = json.loads(labctl.curl(*session, f"{PAGE}/api/models"))["data"][0]["id"]
    body = {"model": model, "stream": False, "messages": [{"role": "user", "content": "Are you back?"}]}
    said = json.loads(labctl.curl(*session, "-d", json.dumps(body), f"{PAGE}/api/chat/completions"))
    answer: str = said["choices"][0]["message"]["content"]
    return answer


def test_answers_again_after_a_reboot():
    """And who was signed in still is."""
    session = sign_in()
    assert labctl.ANSWER in chat(session)
    booted = labctl.node("cat /proc/1/stat | cut -d' ' -f22").strip()
    labctl.node("systemctl reboot", check=False)
    t0, answer = time.monotonic(), ""
    while labctl.ANSWER not in answer and time.monotonic() - t0 < BACK_WITHIN:
        time.sleep(2)
        try:
            answer = chat(session)
        except (AssertionError, ValueError, KeyError, IndexError):
            continue  # not there yet
        if labctl.node("cat /proc/1/stat | cut -d' ' -f22", check=False).strip() == booted:
            answer = ""  # the machine before its reboot
    assert labctl.ANSWER in answer, labctl.journal()
    print(f"    back after {time.monotonic() - t0:.0f} s")


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/docs"])
def test_the_engine_is_not_seen_from_outside(path):
    told = labctl.curl("-o", "/dev/null", "-w", "%{http_code} %{content_type}", f"https://{labctl.ADDRESS}{path}")
    assert "application/json" not in told or not told.startswith("2"), told
    refused = labctl.curl("-m", "5", f"http://{labctl.ADDRESS}:8000{path}", check=False)
    assert refused == ""
