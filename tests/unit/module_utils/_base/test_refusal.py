# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one form of a refusal."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import (
    LANGUAGE,
    Refusal,
    fail,
    notice,
    noticed,
    say,
)
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.text import Text


class Module:
    def fail_json(self, **result):
        raise SystemExit(result)


def ports(**more):
    return Refusal("LLM801", ports=[9000, 9001], **more)


def test_printed_form_names_rule_host_reason_and_remedy_in_both_languages():
    english, chinese = ports().message("gpu01").split("\n")
    assert english.startswith("[LLM801] gpu01: others can reach 9000, 9001. Fix: bind it to 127.0.0.1")
    assert english.endswith(".")
    assert chinese.startswith("[LLM801] gpu01：以下端口对外开放：9000、9001。处理办法：请改为监听 127.0.0.1")
    assert chinese.endswith("。")


@pytest.mark.parametrize(
    ("host", "hosts", "shown"),
    [
        ("", (), socket.gethostname()),
        ("gpu01", (), "gpu01"),
        ("gpu01", "gpu02", "gpu02"),
        ("", ["gpu01", "gpu02"], "gpu01, gpu02"),
        ("", [f"n{number}" for number in range(9)], "n0, n1, n2, n3, n4, n5, n6, n7 …"),
    ],
)
def test_hosts(host, hosts, shown):
    refusal = ports(host=host)
    assert refusal.message(hosts).startswith(f"[LLM801] {shown}: ")
    assert refusal.as_dict(hosts)["host"] == shown


def test_remedies_that_fit_better_replace_the_general_one():
    refusal = ports(remedies=[Text("stop it", "停止它"), Text("move it", "移走它")])
    english, chinese = refusal.message("a").split("\n")
    assert english.endswith("Fix: stop it; or move it; then run the same command again.")
    assert chinese.endswith("处理办法：停止它；或移走它，然后重新执行同一命令。")


def test_a_setting_right_behind_a_chinese_word_is_a_setting_too():
    """The place where it is written was missing in Chinese, as 或 was taken for a letter of the name."""
    refusal = Refusal("LLM504", remedies=[say("plan_more_cards", nodes=1, cards=4, gpu="g"), say("plan_on_llamacpp")],
                      model="m", precision="p", cards="c", needed=1.0, weights=1.0, usable=1.0, tensor=1, pipeline=1,
                      context=1, requests=1, longest=0)  # fmt: skip
    said = refusal.message("gpu01").splitlines()[1]
    assert "；或 appliance_engine: llamacpp" in said and "（写在清单的 hosts.yml 中）" in said


def test_evidence_follows_unchanged():
    assert ports(evidence=["{a} line"]).message("a").split("\n")[2:] == ["--- log / 日志 ---", "{a} line"]


@pytest.mark.parametrize(("why", "end"), [("it ended.", "it ended. Fix:"), ("why?", "why? Fix:"), ("x", "x. Fix:")])
def test_no_second_stop_after_what_others_said(why, end):
    assert end in Refusal("LLM217", why=why).message("a")


def test_plain_data():
    assert ports(host="a", need={"n": 2}).as_dict() == {
        "rule": "LLM801",
        "host": "a",
        "reason": {"en": "others can reach 9000, 9001", "zh": "以下端口对外开放：9000、9001"},
        "remedy": ports().remedy.as_dict(),
        "need": {"n": 2},
        "have": None,
    }
    assert "need" not in ports().as_dict()


def test_a_failed_result_says_it_once():
    """Ansible prints the whole result: the texts in both languages stood below the message."""
    assert ports(host="a", need={"n": 2}).brief() == {"rule": "LLM801", "host": "a", "need": {"n": 2}, "have": None}
    with pytest.raises(SystemExit) as caught:
        fail(Module(), ports(host="a"))
    assert set(caught.value.code) == {"msg", "rule", "host"}


def test_modules_fail_in_one_way():
    with pytest.raises(SystemExit) as caught:
        fail(Module(), ports(host="a"), changed=False, reason="own")
    assert caught.value.code["msg"] == ports(host="a").message()
    assert caught.value.code["rule"] == "LLM801" and caught.value.code["reason"] == "own"
    assert caught.value.code["changed"] is False


@pytest.mark.parametrize(
    ("asked", "told"),
    [("zh", ["zh"]), ("en", ["en"]), ("both", ["en", "zh"]), ("", ["en", "zh"]), ("fr", ["en", "zh"])],
)
def test_the_reader_has_one_language(asked, told, monkeypatch):
    monkeypatch.setenv(LANGUAGE, asked)
    lines = Refusal("LLM801", host="gpu01", ports=[9000], evidence=["a line"]).message().splitlines()
    where = [("zh" if "处理办法：" in line else "en") for line in lines if line.startswith("[LLM801]")]
    assert where == told
    assert lines[-1] == "a line" and (lines[-2] == "--- log / 日志 ---") == (told == ["en", "zh"])


def test_the_same_remedy_is_told_once():
    told = Refusal("LLM801", host="gpu01", ports=[9000], remedies=[Text("a: 1", "a: 1"), Text("a: 1", "a: 1")])
    assert told.remedy.en == "a: 1"


def test_a_notice_asks_for_no_other_run():
    assert "same command" not in noticed(notice("LLM572", cards="a 1, b 2", used=2, idle=1), "gpu01")
