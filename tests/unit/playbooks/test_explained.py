# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run with failures of stock modules, as ansible.cfg of the checkout sets Ansible up."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml

from tests.sizing.common import ROOT

HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
GONE = {"ansible_host": "127.0.0.1", "ansible_port": 9}
HOSTS = {"all": {"hosts": {"here": HERE, "saved": HERE, "quiet": HERE, "asked": HERE, "gone": GONE}}}
FALSE = {"ansible.builtin.command": {"argv": ["sh", "-c", "echo from nft >&2; exit 1"]}}
PLAY = [
    {
        "name": "Fail", "hosts": "all", "gather_facts": False,
        "tasks": [
            {"name": "A step that goes on", "when": "inventory_hostname == 'saved'",
             "block": [{"name": "Break", **FALSE}],
             "rescue": [{"name": "Mend", "ansible.builtin.debug": {"msg": "mended"}}]},
            {"name": "Keep silent", **FALSE, "when": "inventory_hostname == 'quiet'", "no_log": True},
            {"name": "Refuse", "when": "inventory_hostname == 'asked'",
             "yitiji.deepseek.require": {"that": False, "rule": "LLM816"}},
            {"name": "Load the rules", **FALSE, "when": "inventory_hostname in ('here', 'gone')"},
        ],
    }
]  # fmt: skip


def run_with(folder, *more, **env):
    (folder / "play.yml").write_text(yaml.safe_dump(PLAY))
    (folder / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
    command = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(folder / "hosts.yml")]
    run = subprocess.run(
        [*command, str(folder / "play.yml"), *more], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **env},
    )  # fmt: skip
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return run_with(tmp_path_factory.mktemp("explained"), LC_ALL="C.UTF-8")


@pytest.mark.parametrize(("more", "env"), [(["-e", "appliance_language=zh"], {}), ([], {"LC_ALL": "zh_CN.UTF-8"})])
def test_a_chinese_reader_is_told_in_chinese(more, env, tmp_path):
    said = run_with(tmp_path, *more, **{"LC_ALL": "C.UTF-8", **env})
    if "could not initialize the preferred locale" in said or "unsupported locale" in said:
        pytest.skip("this machine has no Chinese locale, without which Ansible itself does not start")
    assert "[LLM196] here：步骤 `Load the rules` 失败" in said and "[LLM196] here: the step" not in said
    assert "[LLM816] asked：" in said and "[LLM816] asked: " not in said, "actions too"


def test_a_failed_step_is_told_in_both_languages(said):
    assert "[LLM196] here: the step `Load the rules` failed: from nft. Fix: run the command by hand" in said
    assert "[LLM196] here：步骤 `Load the rules` 失败：from nft。" in said
    assert "[LLM816] asked：" in said and "[LLM816] asked: " in said


def test_a_lost_node_is_told_with_its_cause(said):
    assert "[LLM107] gone: the node at 127.0.0.1 can't be reached: nothing listens at 127.0.0.1:9" in said


def test_a_step_that_goes_on_is_not_complained_of(said):
    assert "mended" in said and "[LLM196] saved" not in said


def test_what_must_not_be_shown_is_not_shown(said):
    assert "[LLM196] quiet: the step `Keep silent` failed: it does not say why" in said
