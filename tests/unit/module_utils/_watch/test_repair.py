# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of each repair, and what is said of those that fail."""

from __future__ import annotations

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch import repair as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._watch.decide import PUBLISH, RULES, Repair

CONTAINERS = {"yitiji-vllm": {"id": "c1"}}
KEPT = {"for": ["c1"], "tables": {"nat": [":DOCKER - [0:0]"], "filter": []}}


class Node:
    def __init__(self, code: int = 0) -> None:
        self.code, self.asked, self.given = code, [], []

    def ask(self, words, _seconds):
        self.asked.append(" ".join(words))
        return self.code, "said"

    def give(self, words, text):
        self.given.append((" ".join(words), text))
        return self.code, "said"

    def repair(self, *words, kept=KEPT, containers=CONTAINERS):
        repair = Repair("k", Text("x", "x"), list(words), 1)
        return core.carry_out(repair, kept, containers, self.ask, self.give)


def test_a_restart_does_not_wait_for_a_model_to_load():
    node = Node()
    done = node.repair("restart", "nginx.service")
    assert node.asked == ["systemctl reset-failed nginx.service", "systemctl --no-block restart nginx.service"]
    assert done == {"did": "systemctl restart nginx.service", "ok": True, "said": "said"}
    assert Node(1).repair("restart", "nginx.service")["ok"] is False


def test_a_port_is_published_anew_without_a_restart():
    node = Node()
    assert node.repair(PUBLISH, "yitiji-vllm", "yitiji")["ok"] is True
    assert node.asked == [
        "docker network disconnect --force yitiji yitiji-vllm",
        "docker network connect yitiji yitiji-vllm",
    ]


def test_rules_are_put_back_from_the_copy():
    node = Node()
    assert node.repair(RULES)["ok"] is True
    assert node.given == [("iptables-restore --noflush -w 5", "*nat\n:DOCKER - [0:0]\nCOMMIT\n")]


def test_a_copy_for_other_containers_is_not_used():
    node = Node()
    assert node.repair(RULES, containers={"a": {"id": "c9"}})["ok"] is False
    assert node.repair(RULES, kept={})["ok"] is False
    assert node.given == []


def test_commands_that_are_not_there():
    assert core.run(["/no/such/command"], 1)[0] == 127
    assert core.feed(["/no/such/command"], "")[0] == 127
    assert core.run(["sh", "-c", "echo out"], 5) == (0, "out\n")
    assert core.run(["sh", "-c", "echo err >&2; exit 3"], 5) == (3, "err\n")
    assert core.feed(["cat"], "x")[0] == 0
