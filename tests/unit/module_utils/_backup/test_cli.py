# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: what it says and how it ends, also where a copy elsewhere fails."""

from __future__ import annotations

import json

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._backup import cli

from tests.unit.module_utils._backup.conftest import config_of


@pytest.fixture
def said(node, capsys, monkeypatch):
    monkeypatch.setattr(cli.os, "umask", lambda mode: None)
    (node / "config").write_text(json.dumps(config_of(node)))

    def run(*words: str, config: str = "config") -> tuple[int, str, str]:
        rc = cli.main(None, [*words, "--config", str(node / config)])
        told = capsys.readouterr()
        return rc, told.out, told.err

    return run


def test_a_backup_is_made_and_shown(said):
    rc, out, _err = said("make", "--json")
    assert rc == 0 and json.loads(out)["problem"] == ""
    assert "made" in said("status")[1]


def test_nothing_yet(said):
    assert "no backup yet" in said("status")[1]


def test_a_failure_is_a_refusal_and_is_shown_afterwards(said, node):
    (node / "secrets/engine-key").write_text("")
    rc, _out, err = said("make")
    assert rc == 2 and "LLM725" in err
    assert "failed" in said("status")[1]


def test_without_settings(said):
    assert said("status", config="none")[0] == 2


def test_a_copy_that_fails_ends_with_1(said, monkeypatch):
    told = {"path": "p", "sha256": "s", "counts": {}, "problem": "no route"}
    monkeypatch.setattr(cli, "make", lambda config: told)
    rc, out, err = said("make")
    assert rc == 1 and out.startswith("p ") and "LLM747" in err


def test_data_elsewhere_are_told(said, node, monkeypatch):
    config = config_of(node)
    config["page"]["database"] = "postgresql"
    (node / "config").write_text(json.dumps(config))
    monkeypatch.setattr(cli, "make", lambda config: {"path": "p", "sha256": "s", "counts": {}})
    assert "LLM723" in said("make")[2]
