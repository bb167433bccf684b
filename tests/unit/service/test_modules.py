# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules in four states, and what they must never say."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from run_module import four_states, run

root = pytest.mark.skipif(os.geteuid() != 0, reason="owners are set")


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


@root
def test_secret_file(tmp_path):
    folder = tmp_path / "s"
    arguments = {"name": "engine-key", "directory": str(folder)}
    answers = four_states("secret_file", arguments)
    value = (folder / "engine-key").read_text().strip()
    assert len(value) == 32
    assert value not in json.dumps(answers)
    assert (folder.stat().st_mode & 0o777, (folder / "engine-key").stat().st_mode & 0o777) == (0o700, 0o600)
    (folder / "engine-key").chmod(0o644)
    mended = run("secret_file", arguments)
    assert (mended["changed"], mended["made"]) == (True, False)
    assert (folder / "engine-key").read_text().strip() == value
    (folder / "engine-key").unlink()
    run("secret_file", arguments)
    assert (folder / "engine-key").read_text().strip() != value
    four_states("secret_file", {**arguments, "state": "absent"})


@root
def test_secret_file_with_a_value(tmp_path):
    arguments = {"name": "x", "directory": str(tmp_path), "value": "correct-horse-battery"}
    answers = four_states("secret_file", arguments)
    assert "correct-horse" not in json.dumps([a["diff"] for a in answers])
    weak = run("secret_file", {**arguments, "value": "changeme"})
    assert weak["rule"] == "LLM802"
    assert (tmp_path / "x").read_text() == "correct-horse-battery\n"


@root
def test_secret_env(tmp_path):
    (tmp_path / "a").write_text("it's\n")
    path = tmp_path / "svc.env"
    arguments = {"path": str(path), "directory": str(tmp_path), "variables": {"KEY": "a"}, "owner": 10001}
    answers = four_states("secret_env", arguments)
    assert "it's" not in json.dumps(answers)
    assert path.read_text() == "export KEY='it'\\''s'\n"
    assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o400, 10001)
    missing = run("secret_env", {**arguments, "variables": {"KEY": "gone"}})
    assert missing["failed"] and "gone" in missing["msg"]
    four_states("secret_env", {**arguments, "state": "absent"})


def test_chat_check_fails_with_its_rule_and_asks_nothing_in_check_mode():
    arguments = {"url": "http://127.0.0.1:1", "password": "not-to-be-shown-1"}
    answer = run("chat_check", arguments)
    assert answer["rule"] == "LLM707"
    assert "not-to-be-shown" not in json.dumps(answer)
    assert run("chat_check", arguments, check=True)["skipped_because"] == "check mode"


def test_container_image_without_docker(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = run("container_image", {"ref": "x/y:1", "id": "sha256:a"})
    if "rule" in answer:
        assert answer["rule"] == "LLM301"
    else:
        pytest.skip("this machine runs Docker")
