# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the screen and the page say during the first boot."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import printed
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import show

ROOT = Path(__file__).resolve().parents[4]


def test_the_screen_has_no_chinese_and_the_page_has():
    failed = {"stage": "failed", "error": "[LLM101] h: disk <full>\n[LLM101] h：磁盘已满"}
    screen = [show.for_screen(line) for line in show.lines(failed)]
    assert not [line for line in screen if show.WIDE.search(line)]
    assert any("disk <full>" in line for line in screen)
    page = show.page(failed)
    assert '<div class="zh">[LLM101] h：磁盘已满</div>' in page, "each reader sees the line of his language"
    assert '<div class="en">[LLM101] h: disk &lt;full&gt;</div>' in page
    assert '<a href="/help/LLM101">LLM101</a>' in page and "发给供应商" in page
    assert "<div>a log</div>" in show.page({"stage": "failed", "error": "a log"}), "what has no language is for all"


def test_no_inventory_is_named_where_there_is_none():
    said = printed({"rule": "LLM101", "host": "h", "reason": {"en": "full", "zh": "已满"}, "remedy": {
        "en": "set appliance_models_dir", "zh": "请设置 appliance_models_dir"}}, languages=("en", "zh"))  # fmt: skip
    assert "hosts.yml" in said and "清单" in said
    failed = {"stage": "failed", "error": said}
    for told in (show.page(failed), "\n".join(show.lines(failed))):
        assert "appliance_models_dir" in told and "hosts.yml" not in told and "清单" not in told
    done = show.lines({"stage": "done", "address": "10.0.0.5"})
    assert any("https://10.0.0.5/" in show.for_screen(line) for line in done)
    ready = show.page({"stage": "done", "address": "10.0.0.<5>", "name": "box"})
    assert "https://10.0.0.&lt;5&gt;/clients/" in ready and "open-webui-admin" in ready and "box · 10.0.0" in ready
    assert "refresh" not in show.page({"stage": "done"}) and "refresh" in show.page({"stage": "running"})


def test_it_tells_how_far_it_is():
    """The plays and roles are those of site.yml, in its order; the phase never goes back."""
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text())
    names = [play["name"] for play in plays]
    assert names[1] == show.PROVISION and len(names) == 3
    tasks = [task for task in plays[1]["tasks"] if "ansible.builtin.import_tasks" not in task]
    roles = [task["ansible.builtin.import_role"]["name"] for task in tasks]
    seen = [show.phase(0, names[0], f"{roles[1]} : Refuse")]
    seen.append(show.phase(0, names[1], "yitiji.deepseek.appliance : Keep the plan"))
    for role in roles:
        seen.append(show.phase(seen[-1], names[1], f"{role} : Begin"))
    assert seen == sorted(seen) and set(seen) == set(range(len(show.PHASES) - 1))
    assert show.phase(seen[-1], names[1], f"{roles[0]} : Again") == seen[-1]
    assert show.phase(seen[-1], names[2], "Ask") == len(show.PHASES) - 1
    said = show.progress({"seconds": 134, "phase": 3, "tasks": 44, "task": "Tell systemd"})
    assert said == "2:14  4/10 containers / 容器环境 / step 44: Tell systemd"
    assert show.for_screen(said) == "2:14  4/10 containers / step 44: Tell systemd"
    page = show.page({"stage": "running", "phase": 3})
    assert page.count('class="past"') == 3 and page.count('class="now"') == 1


DOWN = [{"what": {"en": "nginx.service: failed", "zh": "nginx.service：已失败"},
         "fix": {"en": "run: journalctl <x>", "zh": "请执行：journalctl <x>"}}]  # fmt: skip


def test_a_service_that_is_down_is_named_with_its_remedy():
    """The page said "ready" whatever became of the appliance."""
    status = show.standing({"written": 100.0, "down": DOWN}, 120.0, "10.0.0.5")
    assert status["stage"] == "down"
    said = show.lines(status)
    assert "   ! nginx.service: failed / nginx.service：已失败" in said and not any("ready" in line for line in said)
    assert all(show.WIDE.search(show.for_screen(line)) is None for line in said)
    page = show.page(status)
    assert "nginx.service：已失败" in page and "journalctl &lt;x&gt;" in page
    assert "refresh" in page and "就绪" not in page


def test_how_long_it_usually_takes_is_said_by_the_weights():
    running = {"stage": "running", "phase": 4, "seconds": 134, "weights": 65_500_000_000}
    assert "已用 2 分 14 秒。通常在 24 分钟之内完成，大部分时间用于读取 65.5 GB 权重。" in show.page(running)
    assert any("within 24 minutes, most of it to read 65.5 GB" in line for line in show.lines(running))
    del running["weights"]
    assert "分钟之内" not in show.page(running) and "已用 2 分 14 秒。</span>" in show.page(running)


def test_the_machine_is_named_as_its_vendor_knows_it():
    page = show.page({"stage": "done", "name": "a", "serial": "21A<1"})
    assert 'a · <span class="zh" lang="zh">序列号 21A&lt;1</span>' in page
    assert "序列号" not in show.page({"stage": "done", "name": "a", "serial": ""})


def test_the_vendor_stands_above_the_page():
    page = show.page({"stage": "done", "vendor": {"name": "Acme"}})
    assert '<header class="by">Acme</header>' in page and "<header" not in show.page({"stage": "done", "vendor": None})


def test_what_nobody_has_looked_at_is_not_ready():
    for seen in ({}, {"written": 100.0, "down": []}):
        assert show.standing(seen, 9999.0, "")["stage"] == "starting"
    assert show.standing({"written": 100.0, "down": DOWN, "starting": True}, 120.0, "")["stage"] == "starting"
    assert show.standing({"written": 100.0, "down": []}, 120.0, "10.0.0.5") == {
        "stage": "done", "address": "10.0.0.5", "down": []
    }  # fmt: skip
