# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in four states, and what they must never say."""

from __future__ import annotations

import json

from tests.unit.modules.run_module import four_states, run


def test_docker_daemon(tmp_path):
    path, record = tmp_path / "daemon.json", tmp_path / "record.json"
    path.write_text('{"bip": "10.9.0.1/24"}\n')
    arguments = {"path": str(path), "record": str(record), "options": {"log-opts": {"max-size": "5m"}}}
    first = four_states("docker_daemon", arguments)[0]
    assert first["diff"]["before"] == '{"bip": "10.9.0.1/24"}\n'
    assert json.loads(path.read_text()) == {"bip": "10.9.0.1/24", "log-opts": {"max-size": "5m"}}
    four_states("docker_daemon", {**arguments, "state": "absent"})
    assert json.loads(path.read_text()) == {"bip": "10.9.0.1/24"}
    assert not record.exists()


def test_docker_daemon_leaves_no_file_where_there_was_none(tmp_path):
    arguments = {"path": str(tmp_path / "d"), "record": str(tmp_path / "r"), "options": {"a": 1}}
    four_states("docker_daemon", arguments)
    four_states("docker_daemon", {**arguments, "state": "absent"})
    assert list(tmp_path.iterdir()) == []


def test_docker_daemon_refuses_and_changes_nothing(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text("{,}")
    answer = run("docker_daemon", {"path": str(path), "record": str(tmp_path / "r"), "options": {"a": 1}})
    assert answer["failed"] and answer["rule"] == "LLM306"
    assert path.read_text() == "{,}"
    assert not (tmp_path / "r").exists()


def test_what_was_written_by_hand_comes_back_to_the_letter(tmp_path):
    path, by_hand = tmp_path / "daemon.json", '{"debug":true,\n   "bip": "10.9.0.1/24" }'
    path.write_text(by_hand)
    arguments = {"path": str(path), "record": str(tmp_path / "record.json")}
    four_states("docker_daemon", {**arguments, "options": {"log-opts": {"max-size": "5m"}}})
    four_states("docker_daemon", {**arguments, "options": {"log-driver": "json-file"}})
    four_states("docker_daemon", {**arguments, "state": "absent"})
    assert path.read_text() == by_hand and list(tmp_path.iterdir()) == [path]


def test_what_somebody_changed_meanwhile_stays_changed(tmp_path):
    path = tmp_path / "daemon.json"
    path.write_text('{"debug":true}')
    arguments = {"path": str(path), "record": str(tmp_path / "record.json")}
    run("docker_daemon", {**arguments, "options": {"mtu": 1400}})
    path.write_text('{"debug": false, "mtu": 1400}')
    run("docker_daemon", {**arguments, "state": "absent"})
    assert json.loads(path.read_text()) == {"debug": False} and list(tmp_path.iterdir()) == [path]
