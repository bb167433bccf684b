# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Actions and filters refuse in the one form, wherever the refusal comes from."""

from __future__ import annotations

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
