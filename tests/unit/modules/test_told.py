# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module refuses by itself has an id, a host, a reason and a remedy, in both languages."""

from __future__ import annotations

import re

import pytest

from tests.unit.modules.run_module import run

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def page(tmp_path):
    (tmp_path / "record").write_text("{", encoding="utf-8")
    return {"data_dir": str(tmp_path), "record": str(tmp_path / "record")}


def keys(tmp_path):
    (tmp_path / "engine-key").write_text('a"; return 200', encoding="utf-8")
    return {"directory": str(tmp_path), "map": str(tmp_path / "map"), "engine_header": str(tmp_path / "header")}


def accounts(tmp_path):
    user = {"email": "nobody", "role": "user"}
    return {"url": "http://127.0.0.1:9", "email": "a@b.c", "password_file": str(tmp_path / "p"), "users": [user]}


def service(tmp_path):
    (tmp_path / "input").write_text("x", encoding="utf-8")
    return {"name": "nowhere.service", "inputs": [str(tmp_path / "input")], "record": str(tmp_path)}


def environment(path, variable):
    return {"path": str(path / "env"), "variables": {variable: "x"}, "directory": str(path)}


CASES = [
    ("secret_file", lambda path: {"name": "../x", "directory": str(path)}, "LLM145"),
    ("secret_env", lambda path: environment(path, "A;id"), "LLM146"),
    ("secret_env", lambda path: environment(path, "A"), "LLM147"),
    ("modelscope_download", lambda _path: {"model": "a/b", "dest": "models"}, "LLM132"),
    ("open_webui_data_info", page, "LLM732"),
    ("open_webui_accounts", accounts, "LLM711"),
    ("gateway_keys", keys, "LLM144"),
    ("monitoring_check", lambda _path: {"url": "http://127.0.0.1:9", "jobs": ["node"], "timeout": 0}, "LLM901"),
    ("disk_check", lambda path: {"images": [str(path / "gone.raw")]}, "LLM942"),
    ("disk_image", lambda path: {"tree": str(path), "dest": str(path / "x/d.raw"), "seed": "s", "epoch": 1}, "LLM954"),
    ("reloaded_service", lambda path: {**service(path), "test": ["sh", "-c", "echo bad >&2; exit 1"]}, "LLM143"),
    ("reloaded_service", service, "LLM142"),
]


@pytest.mark.parametrize(("module", "arguments", "rule"), CASES)
def test_a_module_refuses_in_the_one_form(module, arguments, rule, tmp_path):
    answer = run(module, arguments(tmp_path))
    assert answer["failed"] and answer["rule"] == rule
    english, chinese = answer["msg"].splitlines()[:2]
    assert english.startswith(f"[{rule}] {answer['host']}: ") and " Fix: " in english
    assert chinese.startswith(f"[{rule}] {answer['host']}：") and "处理办法：" in chinese and CHINESE.search(chinese)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("managed_unit", {"name": "x.service"}), ("ollama_model", {"name": "x"})],
)
def test_an_argument_that_is_missing_is_named_by_ansible_itself(module, arguments):
    answer = run(module, arguments, check=True)
    assert answer["failed"] and "state is present but" in answer["msg"]
