# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error of the operating system in any module or action is a refusal, with rule, host, path and remedy."""

from __future__ import annotations

import errno
import importlib
import json
import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from tests.unit.modules.run_module import run

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = "ansible_collections.yitiji.deepseek.plugins"
MODULES = sorted(
    p.stem for p in (ROOT / "plugins/modules").glob("*.py") if "def main(" in p.read_text(encoding="utf-8")
)
ACTIONS = sorted(p.stem for p in (ROOT / "plugins/action").glob("*.py"))
PLACE = "/var/lib/yitiji/full"
FULL = OSError(errno.ENOSPC, "No space left on device", PLACE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


class Told(Exception):
    """What a module said in the end."""


class Full:
    """In place of Ansible's module object: whatever the module looks at, the disk is full."""

    def __init__(self, **_spec):
        pass

    def __getattr__(self, _name):
        raise FULL

    def fail_json(self, **result):
        raise Told({"failed": True, **result})


def complete(told):
    """A refusal in its one form."""
    assert told["failed"] is True and told["host"]
    english, chinese = told["msg"].splitlines()[:2]
    assert re.match(r"\[LLM\d{3}\] ", english) and " Fix: " in english, english
    assert "处理办法：" in chinese and CHINESE.search(chinese)
    assert "Traceback" not in told["msg"]


@pytest.mark.parametrize("name", MODULES)
def test_a_full_disk_in_a_module(name, monkeypatch, capsys):
    module = importlib.import_module(f"{PLUGINS}.modules.{name}")
    monkeypatch.setattr(module, "AnsibleModule", Full)
    try:
        with pytest.raises(SystemExit):
            module.main()
        told = json.loads(capsys.readouterr().out)
        assert told["rule"] == "LLM190"
    except Told as own:  # a module that foresees it says so in its own words
        told = own.args[0]
    complete(told)
    assert PLACE in told["msg"]


@pytest.mark.parametrize("name", ACTIONS)
def test_a_full_disk_in_an_action(name, monkeypatch):
    def fails(_self, _tmp=None, _task_vars=None):
        raise FULL

    action = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule
    monkeypatch.setattr(ActionBase, "run", fails)
    made = action(MagicMock(async_val=0), MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock())
    with pytest.raises(AnsibleActionFail) as caught:
        made.run(None, {"inventory_hostname": "gpu01"})
    told = {"msg": str(caught.value), **caught.value.result}
    complete({**told, "failed": True})
    assert (told["rule"], told["host"]) == ("LLM190", "localhost") and PLACE in told["msg"]


def test_on_a_disk_that_is_full_in_fact(tmp_path):
    """A file may not grow here: the kernel's own refusal of a write(), in a process of its own."""
    small = "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    small += "resource.setrlimit(resource.RLIMIT_FSIZE, (4, resource.RLIM_INFINITY))\n"
    (tmp_path / "sitecustomize.py").write_text(small, encoding="utf-8")
    told = run("secret_file", {"name": "x", "directory": str(tmp_path / "secrets")}, path=str(tmp_path))
    complete(told)
    assert told["rule"] == "LLM193" and str(tmp_path / "secrets/x") in told["msg"] and "File too large" in told["msg"]
    assert list((tmp_path / "secrets").iterdir()) == []
