# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a repository are programs. The attacks stand in tests/attack/quick/test_weights_programs.py."""

from __future__ import annotations

import pickle

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.harmful import (
    own_code,
    pickled,
    reason,
    refuse_own_code,
    set_aside,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._models.manifest import Entry

R1 = ["config.json", "configuration_deepseek.py", "modeling_deepseek.py", "model-00001-of-000163.safetensors"]


def files(*names):
    return [Entry(name, 1, "a" * 64) for name in names]


def test_what_is_not_needed_stays_away():
    wanted, left_out = set_aside("o/m", files(*R1, "training_args.bin", "pytorch_model.bin.index.json"))
    assert [file.path for file in wanted] == ["config.json", "model-00001-of-000163.safetensors"]
    assert len(left_out) == 4
    wanted, left_out = set_aside("o/m", files(*R1), "", "read by us")
    assert [file.path for file in wanted] == R1 and not left_out
    assert set_aside("o/m", files("config.json", "sub/x.PY")).left_out == files("sub/x.PY")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.PT", "a/b.pth", "x.ckpt", "x.pkl", "x.joblib"])
def test_weights_that_are_programs_are_refused_by_name(name):
    with pytest.raises(Refusal) as caught:
        set_aside("o/m", files("config.json", name))
    assert caught.value.rule == "LLM650" and name in str(caught.value)
    assert set_aside("o/m", files(name), "made by us").wanted == files(name)


def test_own_code():
    told = {"auto_map": {"AutoConfig": "configuration_x.XConfig"}}
    assert own_code({**told, "model_type": "deepseek_v3"}) == "" == own_code(None) == own_code({"model_type": "x"})
    assert own_code({**told, "model_type": "x"}) == "AutoConfig: configuration_x.XConfig"
    assert own_code({"auto_map": "x.py"}) == "x.py"
    assert own_code({**told, "model_type": "minimax_m2"}) == "" != own_code({**told, "model_type": "minimax_m2"}, 4)
    words = {"auto_map": {**told["auto_map"], "AutoTokenizer": "tokenization_x.X"}, "model_type": "deepseek_v3"}
    assert own_code(words) == "AutoTokenizer: tokenization_x.X"  # the engine knows the type, not its words
    assert refuse_own_code("o/m", told, "read by us") and not refuse_own_code("o/m", {}, "")
    with pytest.raises(Refusal) as caught:
        refuse_own_code("o/m", told, "")
    assert caught.value.rule == "LLM651"


def test_by_content():
    for protocol in (2, 3, 4, 5):
        assert pickled(pickle.dumps({"a": [1]}, protocol), "weights.dat")
    assert pickled(b"PK\x03\x04" + b"\0" * 26 + b"archive/data.pkl", "weights.dat")
    assert not pickled(b"\x80\x04\x00\x00\x00\x00\x00\x00{", "model.safetensors")
    assert not pickled(b"PK\x03\x04" + b"\0" * 26 + b"figures/a.png", "figures.zip")
    assert not pickled(b"", "empty") and not pickled(b"{}", "config.json")


@pytest.mark.parametrize("text", ["true", "yes", "1", "on", True, "x"])
def test_true_is_no_reason(text):
    with pytest.raises(Refusal) as caught:
        reason("appliance_allow_pickle", text)
    assert caught.value.rule == "LLM652"
    assert reason("x", " made by us ") == "made by us" and reason("x", None) == "" and reason("x", "本单位训练")
