# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first boot says, on the console and on a page. The kernel's console has no Chinese letters: a serial
line and the page have both languages, the screen has English."""

from __future__ import annotations

import html
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import ENDINGS
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.style import CLOSED, both, opened
from ansible_collections.yitiji.deepseek.plugins.module_utils._system import watch_state


class Phase(NamedTuple):
    en: str
    zh: str
    roles: Tuple[str, ...] = ()


# The play of site.yml whose roles are phases; what comes before it is the first, what comes after the last
PROVISION = "Provision"
PHASES = (
    Phase("hardware, plan and checks", "读取硬件、规划与预检"),
    Phase("system settings", "系统设置", ("host_tuning",)),
    Phase("NVIDIA driver", "NVIDIA 驱动", ("nvidia_driver",)),
    Phase("containers", "容器环境", ("docker", "nvidia_container_toolkit")),
    Phase("weights, read and verified", "读取并校验模型权重", ("weights",)),
    Phase("inference engine", "推理引擎", ("engine",)),
    Phase("gateway, keys, certificates and firewall", "网关、密钥、证书与防火墙", ("gateway", "firewall")),
    Phase("chat page", "对话页面", ("open_webui", "clients")),
    Phase("backups, watch, isolation", "备份、守望、监控与隔离", ("backup", "doctor", "monitoring", "isolation")),
    Phase("questions from outside", "从外部提问验收"),
)

HEAD = {
    "running": ("The appliance is being set up", "正在部署一体机"),
    "done": ("The appliance is ready", "一体机已就绪"),
    "failed": ("The appliance is not ready", "一体机未就绪"),
    "starting": ("The appliance is starting", "一体机正在启动"),
    "down": ("The appliance is set up, but something is down", "一体机已部署，但有服务不可用"),
}
RULE = re.compile(r"LLM\d{3}")
RETRY = (
    "try again: restart, or `systemctl restart yitiji-first-boot`",
    "重试：重启该机器，或执行 `systemctl restart yitiji-first-boot`",
)
WIDE = re.compile(r"[\u1100-\uffff]")
TOLD = re.compile(r"\[LLM\d{3}\] [^:：]*([:：])")  # the same line comes in English and in Chinese
STYLE = """ol{list-style:none;padding:0}li{color:var(--dim)}li.past{color:var(--pass)}li.now{color:inherit;
font-weight:700}li::before{content:"·";display:inline-block;width:1.4em}li.past::before{content:"✓"}li.now::before{content:"▸"}
th{width:12rem}"""
KINDS = {"running": "unknown", "starting": "unknown", "done": "pass", "failed": "fail", "down": "fail"}
READY = (
    ("chat page", "对话页面", "<a href='https://{0}/'>https://{0}/</a>"),
    ("account", "账号", "admin@appliance.local"),
    ("password", "密码", "<code>cat /etc/yitiji/secrets/open-webui-admin</code> (root)"),
    ("for programs, and the certificate that browsers are to trust", "程序接入与需要信任的证书",
     "<a href='https://{0}/clients/'>https://{0}/clients/</a>"),
)  # fmt: skip
SEND = ("If it stays so, send this page to the vendor.", "如仍未解决，请将本页发给供应商。")
EXPECTED = (
    "Usually done within {minutes} minutes, most of it to read {size} GB of weights.",
    "通常在 {minutes} 分钟之内完成，大部分时间用于读取 {size} GB 权重。",
)
MINUTES, READ = 20, 0.5  # the longest first boot that was seen (docs/disk-image.md), and GB/s of a slow disk, twice
RULES = ("What it means and what to do:", "含义与处理办法：")


def phase(now: int, play: str, task: str) -> int:
    """Where the run is when this task begins, an index of PHASES: it never goes back."""
    if play != PROVISION:
        return len(PHASES) - 1 if now else 0
    role = task.partition(" : ")[0].rpartition(".")[2]
    return max([now, *(number for number, entry in enumerate(PHASES) if role in entry.roles)])


def standing(seen: Mapping[str, Any], now: float, address: str) -> Dict[str, Any]:
    """The status of an appliance that is set up, by what the watch saw: it says "ready" only if there is an answer."""
    if not watch_state.fresh(seen, now) or seen.get("starting"):
        return {"stage": "starting", "address": address, "down": seen.get("down") or []}
    return {"stage": "down" if seen.get("down") else "done", "address": address, "down": seen.get("down") or []}


def lines(status: Mapping[str, Any]) -> List[str]:
    """The whole state for a terminal with both languages."""
    en, zh = HEAD[status["stage"]]
    said = [f"== {en} / {zh}"]
    said += [f"   {why['en']} / {why['zh']}" for why in status.get("reasons", [])]
    said += [f"   {line}" for line in str(status.get("notice") or "").splitlines()]
    if status["stage"] == "running":
        said += [f"   {line}" for line in expected(status) or ()]
        said.append(f"   {progress(status)}")
    if status["stage"] == "failed":
        said += [f"   {line}" for line in failure(status).splitlines()[:24]]
        said += [f"   {RETRY[0]}", f"   {RETRY[1]}"]
    for row in status.get("down") or []:
        said.append(f"   ! {row['what']['en']} / {row['what']['zh']}")
        said.append(f"     {row['fix']['en']} / {row['fix']['zh']}")
    if status["stage"] == "done":
        said.append(f"   对话页面 / chat page: https://{status.get('address', '?')}/")
        said.append("   账号 / account: admin@appliance.local")
        said.append("   密码 / password: cat /etc/yitiji/secrets/open-webui-admin  (root)")
    return said


def failure(status: Mapping[str, Any]) -> str:
    """What a run said, without what only a controller's user can do: this machine has no inventory."""
    said = str(status.get("error", ""))
    for ending in (*ENDINGS["en"], *ENDINGS["zh"]):
        said = said.replace(ending, "")
    return said


def progress(status: Mapping[str, Any]) -> str:
    seconds = int(status.get("seconds", 0))
    number = int(status.get("phase", 0))
    at = f"{number + 1}/{len(PHASES)} {PHASES[number].en} / {PHASES[number].zh}"
    now = f"step {status.get('tasks', 0)}: {status.get('task', '')} {status.get('detail', '')}"
    return f"{seconds // 60}:{seconds % 60:02d}  {at} / {now}".rstrip()


def expected(status: Mapping[str, Any]) -> Optional[Tuple[str, str]]:
    """How long it usually takes, by the weights on the disk; None where nobody looked at them."""
    if "weights" not in status:
        return None
    size = status["weights"] / 1e9
    minutes = MINUTES + round(2 * size / READ / 60)
    return EXPECTED[0].format(minutes=minutes, size=f"{size:.1f}"), EXPECTED[1].format(
        minutes=minutes, size=f"{size:.1f}"
    )


def for_screen(line: str) -> str:
    """One line without the letters that the kernel's font lacks; empty when nothing is left of it."""
    if not WIDE.search(line):
        return line
    kept = []
    for part in line.split(" / "):
        words = re.split(r"(?<=: )", part) if WIDE.search(part) else [part]
        kept.append("".join(word for word in words if not WIDE.search(word)).rstrip())
    told = " / ".join(part for part in kept if part.strip())
    return told if re.search(r"\w", told) else ""


def page(status: Mapping[str, Any]) -> str:
    """The same as HTML, where readers choose the language; it asks again by itself until the appliance is ready."""
    stage = status["stage"]
    refresh = '<meta http-equiv="refresh" content="5">' if stage != "done" else ""
    address = html.escape(str(status.get("address", "")))
    body = [
        opened(HEAD[stage][1], "both", STYLE, refresh, status.get("vendor")),
        f'<h1 class="two {KINDS[stage]}">{_two(HEAD[stage])}</h1>',
    ]
    serial = str(status.get("serial") or "")
    said = both(f"序列号 {serial}", f"serial {serial}") if serial else ""
    named = " · ".join(filter(None, (html.escape(str(status.get("name", ""))), address, said)))
    body += [f'<p class="dim">{named}</p>'] if named else []
    body += [f'<p class="two">{both(why["zh"], why["en"])}</p>' for why in status.get("reasons", [])]
    body += [f"<pre>{html.escape(str(status['notice']))}</pre>"] if status.get("notice") else []
    if stage == "running":
        now = int(status.get("phase", 0))
        marks = ["past"] * now + ["now"] + [""] * len(PHASES)
        items = [f'<li class="{mark}">{both(phase.zh, phase.en)}</li>' for mark, phase in zip(marks, PHASES)]
        body.append(f"<ol>{''.join(items)}</ol>{_spent(status)}")
    if stage == "failed":
        error = failure(status)
        body.append(f"<pre>{''.join(_line(line) for line in error.splitlines())}</pre>")
        rules = [f'<a href="/help/{rule}">{rule}</a>' for rule in sorted(set(RULE.findall(error)))]
        body.append(f"<p>{_two(RULES)} {' '.join(rules)}</p>" if rules else "")
        body.append(f'<p class="two">{_two(RETRY)}</p><p class="two">{_two(SEND)}</p>')
    for row in status.get("down") or []:
        what, fix = row["what"], row["fix"]
        body.append(f'<p class="two fail">{both(what["zh"], what["en"])}</p>')
        body.append(f'<pre class="two">{both("→ " + fix["zh"], "→ " + fix["en"])}</pre>')
    if stage == "done":
        rows = (f"<tr><th>{both(zh, en)}<td>{value.format(address)}" for en, zh, value in READY)
        body.append(f"<table>{''.join(rows)}</table>")
    return "".join(body) + CLOSED


def _spent(status: Mapping[str, Any]) -> str:
    """How long it took so far, in words, and what is done now, in Ansible's own."""
    minutes, seconds = divmod(int(status.get("seconds", 0)), 60)
    en, zh = expected(status) or ("", "")
    spent = both(f"已用 {minutes} 分 {seconds} 秒。{zh}", f"{minutes} min {seconds} s so far. {en}".rstrip())
    now = html.escape(f"{status.get('task', '')} {status.get('detail', '')}")
    return f'<p class="two">{spent}</p><p class="dim">{now}</p>'


def _two(pair: Tuple[str, str]) -> str:
    return both(pair[1], pair[0])


def _line(line: str) -> str:
    said = TOLD.match(line)
    kind = f' class="{"zh" if said.group(1) == "：" else "en"}"' if said else ""
    return f"<div{kind}>{html.escape(line)}</div>"
