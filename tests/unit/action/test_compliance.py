# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node is asked once; the report lies on the controller, and what is open fails with what helps."""

from __future__ import annotations

import json
from unittest import mock

import pytest
from ansible_collections.yitiji.deepseek.plugins.action import compliance as core

from tests.unit.module_utils._compliance.test_judge import small
from tests.unit.modules.run_module import run


@pytest.fixture
def ask(monkeypatch):
    monkeypatch.setattr(core, "catalogue", lambda _folders, _kinds: {"compliance": {"dengbao3": small()}})

    def asked(said, check=False, **args):
        task = mock.Mock(args={"level": "dengbao3", **args}, async_val=0, check_mode=check)
        made = core.ActionModule(task, *(mock.MagicMock() for _ in range(5)))
        trips = []

        def go(name, words, **_more):
            trips.append((name, words))
            return said if isinstance(said, dict) else {"answers": {"ask": [0, said]}}

        monkeypatch.setattr(made, "_execute_module", go)
        answer = made.run(None, {"inventory_hostname": "n1"})
        assert trips == [("yitiji.deepseek.compliance", {"level": "dengbao3", "commands": ["true", "ask"]})]
        return answer

    return asked


def test_what_is_met_passes_and_is_written(ask, tmp_path):
    found = ask("yes", file=str(tmp_path / "r"))
    assert not found.get("failed") and found["counts"]["met"] == 1 and found["findings"] == []
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["host"] == "n1" and told["controls"][0]["checks"][0]["said"] == "yes"
    assert "<h1>" in (tmp_path / "r.html").read_text()


def test_what_is_open_fails_and_is_written_all_the_same(ask, tmp_path):
    found = ask("no", file=str(tmp_path / "r"))
    assert found["failed"] and found["rule"] == "LLM890" and "-> mend" in found["msg"]
    assert (tmp_path / "r.json").exists()


def test_it_only_reports_where_that_is_asked_for(ask):
    found = ask("no", fail=False)
    assert not found.get("failed") and found["counts"]["open"] == 1


def test_check_mode_writes_nothing(ask, tmp_path):
    ask("yes", check=True, file=str(tmp_path / "r"))
    assert not (tmp_path / "r.json").exists()


def test_a_node_that_fails_is_told_as_it_is(ask):
    assert ask({"failed": True, "msg": "gone"})["msg"] == "gone"


def test_the_module_runs_what_it_is_given():
    found = run(
        "compliance", {"level": "dengbao3", "commands": ["echo yes; echo no >&2; exit 3", "nosuchcommand"]}, check=True
    )
    assert found["answers"]["echo yes; echo no >&2; exit 3"] == [3, "yes", "no"]
    assert found["answers"]["nosuchcommand"][0] == 127 and found["changed"] is False
