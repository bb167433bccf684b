# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of which systemd or Docker could make nothing."""

from __future__ import annotations

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._engines import preflight as core

from tests.unit.module_utils.preflight_rules import rules_of
from tests.unit.module_utils.sample_unit import HEAD, PLAN, ROLE

HOST = next(iter(PLAN["nodes"]))
SETTINGS = {
    "plan": {**PLAN, "provision": {"role": "engine"}}, "host": HOST, "role": {**ROLE, "tmp_options": "rw,size=4g"},
    "paths": {"engine_models_dir": "/srv/models", "engine_cache_dir": "/var/cache/yitiji"}, "start_timeout": 600,
    "docker_network": ROLE["network"],
}  # fmt: skip


def role(**changed):
    return {"role": {**SETTINGS["role"], **changed}}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, []),
        (role(env={"NCCL_DEBUG": "INFO"}, options=["--cap-add", "SYS_NICE"]), []),
        (role(env={"NOT A NAME": "x"}), ["LLM710"]),
        (role(env={"A": "two\nlines"}), ["LLM710"]),
        (role(options=["--cap-add\nSYS_NICE"]), ["LLM710"]),
        (role(models_dir="/srv,models"), ["LLM710"]),
        (role(tmp_options="rw, size=4g"), ["LLM710"]),
        (role(network="other"), ["LLM710"]),
        ({"start_timeout": 0}, ["LLM710"]),
        ({"paths": {"engine_cache_dir": "cache"}}, ["LLM132"]),
        ({"host": "elsewhere"}, []),
    ],
)
def test_settings(changed, rules):
    assert rules_of(core.problems, SETTINGS, **changed) == rules


def test_an_engine_of_its_own_has_no_unit_of_ours():
    native = {**SETTINGS["plan"], "provision": {"role": "ollama"}}
    assert rules_of(core.problems, SETTINGS, plan=native, **role(models_dir="/srv,models")) == []


def test_ports_are_those_of_the_units():
    assert core.ports(PLAN, HOST) == {"yitiji-vllm": 8000} and core.ports(PLAN, "gpu02") == {}
    wrong = {**SETTINGS["plan"], "nodes": {HOST: {"units": [{**HEAD, "port": 70000}]}}}
    assert rules_of(core.problems, SETTINGS, plan=wrong) == ["LLM130"]
