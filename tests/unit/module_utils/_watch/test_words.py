# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is down is named, with the remedy, in both languages."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import words

from tests.unit.module_utils._watch.nodes import ENGINE, doors, seen, units


def said(**changed):
    return [(message.reason.en, message.remedy.en) for message in words.down(seen(**changed), ENGINE)]


def test_nothing_is_down():
    assert said() == [] and said(answer=None, page=None) == []
    assert said(answer={"ok": False, "stage": "busy", "reason": "HTTP 429"}) == []


def test_everything_that_is_down_has_a_remedy():
    answer = {"ok": False, "stage": "engine", "reason": "HTTP 503"}
    found = said(
        answer=answer, page={"ok": False, "stage": "page", "reason": "HTTP 500"},
        units=units(nginx={"active": "failed"}, yitiji_prometheus={"load": "masked"}),
        tables={"yitiji-firewall.service": False}, weights={"lab/r1": "there is no stamp"}, free=10**6,
        addresses={"yitiji-door.service": False},
        doors=doors(engine={"health": False, "reason": "timed out"}),
    )  # fmt: skip
    assert [what for what, _fix in found] == [
        "no answer through the gateway: the gateway reaches no engine (HTTP 503)",
        "the chat page does not work: the chat page is not well (HTTP 500)",
        "nginx.service: failed",
        "yitiji-prometheus.service: masked",
        "yitiji-vllm.service gives no sign of health: timed out",
        "the weights of lab/r1 are not verified: there is no stamp",
        "the disk of the data has 1 MB left",
        "the packet rules of yitiji-firewall.service are gone",
        "the address of yitiji-door.service is gone",
    ]
    assert "systemctl restart yitiji-vllm.service" in found[0][1] and "yitiji-open-webui" in found[1][1]
    assert found[3][1] == "run `systemctl unmask yitiji-prometheus.service; systemctl start yitiji-prometheus.service`"


def test_every_state_has_words_and_a_command():
    assert set(words.STATES) == set(words.COMMANDS)
    for what, remedy in words.STAGES.values():
        assert what.zh and remedy.filled({"unit": "u"}).zh


def test_rules_of_docker_are_named_with_what_writes_them():
    found = words.down(seen(**{"docker rules": False, "docker gone": ["nat: DOCKER"]}), ENGINE)
    assert ["nat: DOCKER" in message.reason.zh for message in found] == [True]
    assert "systemctl restart docker" in found[0].remedy.en
