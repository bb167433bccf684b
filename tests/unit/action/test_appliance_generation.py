# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module gets what the run found out of this node, and who ran it."""

from __future__ import annotations

from unittest import mock

from ansible_collections.yitiji.deepseek.plugins.action import appliance_generation as core
from ansible_collections.yitiji.deepseek.plugins.module_utils._lock.nodes import FIRST

from tests.unit.module_utils._lock.a_state import plan

DEBIAN = {"ids": ["debian"], "versions": ["12"], "architecture": "x86_64"}
NODE = {"ansible_facts": {FIRST: {"nginx": "1"}}, "appliance_distribution": DEBIAN}


def asked(monkeypatch, args, variables):
    made = core.ActionModule(mock.Mock(args=args, async_val=0), *(mock.MagicMock() for _other in range(5)))
    given = []
    monkeypatch.setattr(made, "_execute_module", lambda _name, args, **_more: given.append(args) or {"changed": True})
    answer = made.run(None, {"inventory_hostname": "n1", "hostvars": variables})
    return given[0], answer


def test_what_was_found_goes_along(monkeypatch):
    given, answer = asked(monkeypatch, {"plan": plan()}, {"n1": NODE, "n2": NODE})
    assert answer["changed"] and "@" in given["by"]
    assert list(given["content"]["nodes"]) == ["n1"] and given["content"]["wheels"] == {}
    assert given["content"]["nodes"]["n1"]["packages"] == {"nginx": "1"}


def test_a_node_of_which_nothing_is_known_has_no_row(monkeypatch):
    given, _answer = asked(monkeypatch, {"plan": plan()}, {"n1": {}})
    assert given["content"]["nodes"] == {}


def test_only_asking_takes_nothing_along(monkeypatch):
    given, _answer = asked(monkeypatch, {"state": "told"}, {"n1": NODE})
    assert given == {"state": "told"}
