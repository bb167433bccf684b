# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld and ufw beside our table: opened, switched off, and as they were before."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.other_firewalls import Others, Wanted

WANTED = Wanted((("80", "tcp"), ("443", "tcp")), ("10.0.0.12", "fd00::2"), ("8001",))


class Node:
    """Stands in for both commands, with what they keep."""

    def __init__(self, firewalld=False, ufw=False, zones="public\n  interfaces: eth0\ndocker\n  interfaces: docker0\n"):
        self.on, self.zones, self.calls = {"firewalld": firewalld, "ufw": ufw}, zones, []
        self.now, self.permanent, self.rules, self.broken = set(), set(), [], ""

    def __call__(self, words, _seconds):
        self.calls.append(words)
        if self.broken and self.broken in " ".join(words):
            return CompletedProcess(words, 1, "", "COMMAND_FAILED")
        code, said = getattr(self, words[0].replace("-", "_"))(words[1:])
        return CompletedProcess(words, code, said, "")

    def firewall_cmd(self, words):
        if words == ["--state"]:
            return (0, "running\n") if self.on["firewalld"] else (252, "not running\n")
        if words[0] in ("--get-active-zones", "--get-default-zone"):
            return 0, self.zones if "active" in words[0] else "public\n"
        kept = self.permanent if "--permanent" in words else self.now
        zone, (act, what) = words[-2], words[-1][2:].split("=", 1)[0].split("-", 1)
        row = (zone, what, words[-1].split("=", 1)[1])
        if act == "query":
            return (0, "yes") if row in kept else (1, "no")
        {"add": kept.add, "remove": kept.discard}[act](row)
        return 0, "success"

    def ufw(self, words):
        if words == ["status"]:
            return 0, "Status: active\n" if self.on["ufw"] else "Status: inactive\n"
        if words == ["show", "added"]:
            return 0, "Added user rules (see 'ufw status' for running firewall):\n" + "\n".join(self.rules)
        if words[-1] in ("enable", "disable"):
            self.on["ufw"] = words[-1] == "enable"
        elif "delete" in words:
            self.rules.remove("ufw " + " ".join(words[words.index("delete") + 1 :]))
        else:
            self.rules.append("ufw " + " ".join(words))
        return 0, ""

    def systemctl(self, words):
        assert words[1:] == ["--now", "firewalld"]
        self.on["firewalld"] = words[0] == "enable"
        return 0, ""


def others(node, tmp_path, dry=False):
    return Others(str(tmp_path), dry, node)


def test_none_is_left_alone(tmp_path):
    node = Node()
    assert others(node, tmp_path).beside(WANTED) == others(node, tmp_path).instead() == []
    assert others(node, tmp_path).absent() == [] and list(tmp_path.iterdir()) == []


def test_a_node_without_their_commands(tmp_path):
    def none(words, _seconds):
        raise FileNotFoundError(words[0])

    assert Others(str(tmp_path), False, none).beside(WANTED) == []


def test_firewalld_lets_in_what_is_wanted_now_and_after_a_restart(tmp_path):
    node = Node(firewalld=True)
    assert others(node, tmp_path, dry=True).beside(WANTED) and node.now == set()
    assert len(others(node, tmp_path).beside(WANTED)) == 8
    assert node.now == node.permanent and ("--zone=public", "port", "443/tcp") in node.now
    assert {zone for zone, *_ in node.now} == {"--zone=public"}, "Docker's own zone is Docker's"
    assert any('family="ipv6" source address="fd00::2"' in value for *_, value in node.now)
    assert others(node, tmp_path).beside(WANTED) == [], "a second run"


def test_firewalld_is_as_before_afterwards(tmp_path):
    node = Node(firewalld=True)
    theirs = ("--zone=public", "port", "443/tcp")
    node.now.add(theirs)
    node.permanent.add(theirs)
    others(node, tmp_path).beside(WANTED)
    others(node, tmp_path).beside(WANTED._replace(ports=(("443", "tcp"),), peers=()))
    assert node.now == {theirs}, "what is no longer wanted is taken back at once"
    others(node, tmp_path).absent()
    assert node.now == node.permanent == {theirs} and list(tmp_path.iterdir()) == []


def test_ufw_lets_in_people_peers_and_containers(tmp_path):
    node = Node(ufw=True)
    node.rules.append("ufw allow 22/tcp")
    others(node, tmp_path).beside(WANTED)
    assert node.rules[1:] == [
        "ufw allow 80/tcp", "ufw allow 443/tcp", "ufw allow from 10.0.0.12", "ufw allow from fd00::2",
        "ufw allow from 172.16.0.0/12 to any port 8001 proto tcp",
    ]  # fmt: skip
    assert others(node, tmp_path).beside(WANTED) == []
    others(node, tmp_path).absent()
    assert node.rules == ["ufw allow 22/tcp"]


@pytest.mark.parametrize("name", ["firewalld", "ufw"])
def test_one_that_stands_aside_comes_back(tmp_path, name):
    node = Node(**{name: True})
    others(node, tmp_path).beside(WANTED)
    assert others(node, tmp_path).instead() and not node.on[name]
    assert others(node, tmp_path).instead() == [] and node.now == set() and node.rules == []
    others(node, tmp_path).beside(WANTED)
    assert node.on[name] and (node.now or node.rules)
    others(node, tmp_path).instead()
    others(node, tmp_path).absent()
    assert node.on[name] and node.now == set() and node.rules == []


def test_a_command_that_fails_is_told(tmp_path):
    node = Node(firewalld=True)
    node.broken = "--add-port"
    with pytest.raises(Refusal, match="--add-port=80/tcp") as caught:
        others(node, tmp_path).beside(WANTED)
    assert caught.value.rule == "LLM141"
