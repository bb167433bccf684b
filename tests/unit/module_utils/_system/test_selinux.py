# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches, ports and labels of SELinux: asked for, given once, taken back. The output is as RHEL 9 prints it."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import selinux as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._system.selinux import Selinux, Wanted

PORTS = """\
http_port_t                    tcp      80, 81, 443, 488, 8008, 8009, 8443, 9000
http_cache_port_t              tcp      8080, 8118, 8123, 10001-10010
http_cache_port_t              udp      3130
unreserved_port_t              tcp      61001-65535, 1024-32767
"""
WANTED = Wanted(
    ["httpd_can_network_connect"],
    {"http_port_t": [443, 8080, 8811]},
    {"httpd_sys_content_t": ["/var/lib/yitiji/clients"]},
)
EQUAL = "ValueError: File spec {} conflicts with equivalency rule '/run /var/run'; Try adding '/var{}' instead\n"


class Node:
    def __init__(self, root) -> None:
        (root / "sys/fs/selinux").mkdir(parents=True)
        (root / "sys/fs/selinux/enforce").write_text("1")
        (root / "var/lib/yitiji/clients").mkdir(parents=True)
        self.switches, self.ports, self.labels, self.restored = {"httpd_can_network_connect": "off"}, {}, {}, []

    def __call__(self, words, _seconds):
        said = getattr(self, words[0])(words[1:])
        if said is None and words[-1].startswith("/run/"):
            return CompletedProcess(words, 1, "", EQUAL.format(words[-1], words[-1]))
        return CompletedProcess(words, 1 if said is None else 0, said or "", "" if said is not None else "ValueError")

    def getsebool(self, words):
        return f"{words[0]} --> {self.switches[words[0]]}\n"

    def setsebool(self, words):
        assert words[0] == "-P"
        self.switches[words[1]] = words[2]
        return ""

    def restorecon(self, words):
        self.restored.append(words[-1])
        return ""

    def semanage(self, words):
        kind, act = words[:2]
        if act == "-l":
            own = "".join(f"{t}  tcp  {p}\n" for p, t in self.ports.items())
            lists = "".join(f"{p}  all files  system_u:object_r:{t}:s0 \n" for p, t in self.labels.items())
            return own + PORTS if kind == "port" else lists
        kept, name = (self.ports if kind == "port" else self.labels), words[-1]
        if name.startswith("/run/"):
            return None
        if act == "-d":
            return "" if kept.pop(name, None) else None
        taken = core.port_types(PORTS, int(name)) if kind == "port" else []
        if (act == "-a") == bool(taken):
            return None  # as semanage refuses it: already defined, or not defined
        kept[name] = words[words.index("-t") + 1]
        return ""


@pytest.fixture
def node(tmp_path, monkeypatch):
    tools = ("getsebool", "setsebool", "semanage", "restorecon")
    monkeypatch.setattr(core.shutil, "which", lambda name: f"/usr/sbin/{name}" if name in tools else None)
    return Node(tmp_path)


def rules(node, tmp_path, dry=False):
    return Selinux("gateway", str(tmp_path / "state"), dry, node, str(tmp_path))


def test_what_is_missing_is_given_once(node, tmp_path):
    assert len(rules(node, tmp_path, dry=True).present(WANTED)) == 5 and node.ports == {}
    rules(node, tmp_path).present(WANTED)
    assert node.switches == {"httpd_can_network_connect": "on"}
    assert node.ports == {"8080": "http_port_t", "8811": "http_port_t"}, "443 has it by the policy"
    assert node.labels == {"/var/lib/yitiji/clients(/.*)?": "httpd_sys_content_t"}
    assert node.restored == ["/var/lib/yitiji/clients"]
    assert rules(node, tmp_path).present(WANTED) == [], "a second run"


def test_only_ours_is_taken_back(node, tmp_path):
    node.labels["/srv/web(/.*)?"] = "httpd_sys_content_t"
    rules(node, tmp_path).present(WANTED)
    rules(node, tmp_path).present(WANTED._replace(ports={"http_port_t": [8811]}))
    assert node.ports == {"8811": "http_port_t"}
    rules(node, tmp_path).absent()
    assert node.switches == {"httpd_can_network_connect": "off"} and node.ports == {}
    assert node.labels == {"/srv/web(/.*)?": "httpd_sys_content_t"}
    assert rules(node, tmp_path).absent() == [] and list((tmp_path / "state").rglob("*.json")) == []


def test_run_goes_by_the_name_that_the_policy_knows(node, tmp_path):
    wanted = Wanted(labels={"redis_var_run_t": ["/run/yitiji-x"]})
    rules(node, tmp_path).present(wanted)
    assert node.labels == {"/var/run/yitiji-x(/.*)?": "redis_var_run_t"}
    assert rules(node, tmp_path).present(wanted) == []
    rules(node, tmp_path).absent()
    assert node.labels == {}


def test_a_switch_that_was_on_stays_on(node, tmp_path):
    node.switches["httpd_can_network_connect"] = "on"
    rules(node, tmp_path).present(WANTED)
    rules(node, tmp_path).absent()
    assert node.switches == {"httpd_can_network_connect": "on"}


def test_without_selinux_nothing_is_asked(tmp_path):
    def never(words, _seconds):
        raise AssertionError(words)

    assert Selinux("gateway", str(tmp_path), False, never, str(tmp_path)).present(WANTED) == []
    assert Selinux("gateway", str(tmp_path), False, never, str(tmp_path)).absent() == []


def test_missing_tools_are_refused(node, tmp_path, monkeypatch):
    monkeypatch.setattr(core.shutil, "which", lambda name: None)
    with pytest.raises(Refusal, match="semanage") as caught:
        rules(node, tmp_path).present(WANTED)
    assert caught.value.rule == "LLM331"


def test_nothing_is_taken_back_without_the_tools_and_the_record_waits(node, tmp_path, monkeypatch):
    rules(node, tmp_path).present(WANTED)
    monkeypatch.setattr(core.shutil, "which", lambda name: None)
    assert rules(node, tmp_path).absent() == [] and list((tmp_path / "state").rglob("*.json"))
    assert node.ports


def test_a_dry_run_leaves_no_record(node, tmp_path):
    rules(node, tmp_path, dry=True).present(WANTED)
    assert list(tmp_path.glob("state/**/*.json")) == []
    rules(node, tmp_path).present(WANTED)
    kept = list((tmp_path / "state").rglob("*.json"))
    rules(node, tmp_path, dry=True).absent()
    assert kept and all(path.exists() for path in kept)
