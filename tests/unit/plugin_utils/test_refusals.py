# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions and filters refuse in the one form, wherever the refusal comes from."""

from __future__ import annotations

import errno
import importlib
import inspect
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail, AnsibleFilterError
from ansible_collections.yitiji.deepseek.plugins.filter.gateway import FilterModule
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.plugin_utils import _refusals as told

FILTERS = sorted(path.stem for path in Path(__file__).parents[3].glob("plugins/filter/*.py"))


def test_an_action():
    with pytest.raises(AnsibleActionFail) as caught:
        told.action_fail(Refusal("LLM816"), ["gpu01", "gpu02"])
    english, chinese = str(caught.value).splitlines()
    assert english.startswith("[LLM816] gpu01, gpu02: ") and " Fix: " in english
    assert chinese.startswith("[LLM816] gpu01, gpu02：") and "处理办法：" in chinese
    assert {**caught.value.result, "msg": "", "failed": True} == {
        "rule": "LLM816", "host": "gpu01, gpu02", "msg": "", "failed": True,
    }, "its words stand in the message alone"  # fmt: skip
    assert caught.value.__cause__ is None, "Ansible would print the reason a second time"


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_tells_refusals_from_below(name):
    module = importlib.import_module(f"ansible_collections.yitiji.deepseek.plugins.filter.{name}")
    bare = [call for call in module.FilterModule().filters().values() if not hasattr(call, "__wrapped__")]
    assert [call.__name__ for call in bare if "except Refusal" not in inspect.getsource(call)] == []


def test_a_refusal_from_below(tmp_path):
    refused = FilterModule().filters()["gateway_refused"]
    with pytest.raises(AnsibleFilterError, match=r"^\[LLM520\] localhost: ") as caught:
        refused("vllm", [str(tmp_path / "nowhere")])
    assert "处理办法" in str(caught.value)


def test_a_filter_on_a_read_only_controller():
    def fails():
        raise OSError(errno.EROFS, "Read-only file system", "/etc/yitiji/x")

    with pytest.raises(AnsibleFilterError, match=r"^\[LLM191\] localhost: .*/etc/yitiji/x") as caught:
        told.refusing({"fails": fails})["fails"]()
    assert "处理办法" in str(caught.value)


def test_an_action_with_a_refusal_that_it_did_not_expect():
    @told.framed
    def run(_self, _tmp, _task_vars):
        raise Refusal("LLM816")

    with pytest.raises(AnsibleActionFail, match=r"^\[LLM816\] localhost: ") as caught:
        run(None, None, {})
    assert "exception" not in caught.value.result, "it would be printed above the message"


@pytest.mark.parametrize("error", [KeyError("x"), AnsibleActionFail("x")])
def test_other_errors_of_an_action_stay_as_they_are(error):
    @told.framed
    def run():
        raise error

    with pytest.raises(type(error)) as caught:
        run()
    assert caught.value is error
