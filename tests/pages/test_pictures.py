# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page in both languages as a reader meets it: on a desk, on a phone, in the dark and on paper.

The pictures are kept in tests/output/pages, to be looked at.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path

import labctl
import pytest
from ansible_collections.yitiji.deepseek.plugins.filter.gateway import gateway_help
from ansible_collections.yitiji.deepseek.plugins.module_utils._acceptance.page import page as acceptance
from ansible_collections.yitiji.deepseek.plugins.module_utils._base.refusal import Refusal
from ansible_collections.yitiji.deepseek.plugins.module_utils._doctor import report, rules
from ansible_collections.yitiji.deepseek.plugins.module_utils._first_boot import show
from ansible_collections.yitiji.deepseek.plugins.module_utils._plan.html import page as plan

from tests.acceptance.example import compared
from tests.unit.module_utils._doctor.sample_rule import judge

PICTURES = labctl.OUTPUT / "pages"
WIDTHS = {"wide": 1100, "phone": 500}  # Chromium's windows are no narrower
CHINESE = re.compile("[\u4e00-\u9fff]")
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='96' height='32'><rect width='96' height='32' fill='#0a58ca'/></svg>"
)
VENDOR = {
    "name": "Acme 智算", "color": "#0a58ca",
    "logo": "data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode(),
}  # fmt: skip
# What is measured within the page: how wide it is, and the colour below its words.
MEASURE = (
    "<script>addEventListener('load',()=>{let h=document.documentElement;h.dataset.wide=h.scrollWidth;"
    "h.dataset.below=getComputedStyle(document.body).backgroundColor})</script>"
)
FIRST_BOOT = {
    "name": "appliance-7f3", "address": "10.0.0.5", "serial": "21A00001",
    "reasons": [{"zh": "首次启动", "en": "first boot"}],
}  # fmt: skip
STAGES = {
    "running": {"phase": 4, "seconds": 134, "weights": 65_500_000_000, "task": "Verify", "detail": "12 of 60 GB"},
    "failed": {
        "error": Refusal("LLM101", path="/srv", free="3 GB", model="R1", needed="60 GB").message("appliance-7f3")
    },
    "done": {},
    "down": {"down": [{"what": {"en": "nginx: failed", "zh": "nginx：已失败"},
                       "fix": {"en": "run `journalctl -u nginx`", "zh": "请执行 `journalctl -u nginx`"}}]},
}  # fmt: skip


def chosen(page: str, language: str) -> str:
    """As after a reader's choice; it does not ask again by itself."""
    page = re.sub(r'<meta http-equiv="refresh"[^>]*>', "", page).replace(" checked>", ">")
    return page.replace(f'id="{language}">', f'id="{language}" checked>')


def clients(folder: Path, language: str) -> str:
    given = {
        "ansible_python_interpreter": sys.executable, "clients_name": "Acme", "clients_url": "https://10.0.0.5",
        "clients_model": "deepseek-r1", "clients_temperature": 0.6, "clients_context": 32768,
        "clients_own_authority": True, "clients_controller_dir": str(folder), "appliance_language": language,
        "appliance_vendor": VENDOR,
    }  # fmt: skip
    role = [{"ansible.builtin.import_role": {"name": "yitiji.deepseek.clients", "tasks_from": "controller"}}]
    play = folder / "play.json"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": role}]))
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(labctl.ROOT / ".collections")}
    words = [Path(sys.executable).parent / "ansible-playbook", play, "-e", json.dumps(given)]
    done = subprocess.run(words, cwd=labctl.ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return (folder / "index.html").read_text(encoding="utf-8")


PLANS = ("basic", "standard", "flagship")
NAMES = [*(f"plan-{name}" for name in PLANS), "doctor", "acceptance", *(f"first-boot-{name}" for name in STAGES),
         "clients", "help", "help-one"]  # fmt: skip


def made(name: str, folder: Path, language: str) -> str:
    """A page by its name."""
    kind, _, part = name.partition("-")
    if kind == "plan":
        golden = labctl.ROOT / f"tests/sizing/golden/whole/{part}.json"
        return plan(json.loads(golden.read_text(encoding="utf-8")), language, VENDOR)
    if kind == "doctor":
        found = report.document("doctor", "run", judge(rules.failed("the disk is full", "磁盘已满", x="/srv")), 0.0)
        return report.as_html(found, language, "https://10.0.0.5/help/", VENDOR)
    if kind == "acceptance":
        return acceptance({**compared(), "signer": "SHA256:" + "x" * 43}, language, vendor=VENDOR)
    if kind == "first":
        stage = part.partition("-")[2]
        return chosen(show.page({"stage": stage, "vendor": VENDOR, **FIRST_BOOT, **STAGES[stage]}), language)
    return clients(folder, language) if kind == "clients" else gateway_help(language, VENDOR)


def chromium(*words: str) -> str:
    quiet = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    return subprocess.run([*quiet, *words], capture_output=True, encoding="utf-8", timeout=120, check=True).stdout


# A window is no narrower than 500; a frame is.
PHONE = 360
FRAME = (
    "<!doctype html><iframe id=f style='width:{}px;height:2000px;border:0' srcdoc=\"{}\"></iframe><script>"
    "addEventListener('load',()=>{{let f=document.getElementById('f').contentDocument.documentElement;"
    "document.documentElement.dataset.wide=f.scrollWidth}})</script>"
)
DARK = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_each_page_can_be_read_everywhere(name, language, tmp_path):
    PICTURES.mkdir(parents=True, exist_ok=True)
    path, shots = tmp_path / "page.html", PICTURES / f"{name}-{language}"
    path.write_text(made(name, tmp_path, language) + MEASURE, encoding="utf-8")
    target = f"file://{path}" + ("#LLM209" if name == "help-one" else "")
    height = 6000 if name == "acceptance" else 2400
    for kind, width in WIDTHS.items():
        window = f"--window-size={width},{height}"
        chromium(window, f"--screenshot={shots}-{kind}.png", target)
        wide = re.search(r'data-wide="(\d+)"', chromium(window, "--dump-dom", target))
        assert wide and int(wide[1]) <= width, f"on a {kind} its sides are cut off"
        assert Path(f"{shots}-{kind}.png").stat().st_size > 5_000
    (tmp_path / "frame.html").write_text(
        FRAME.format(PHONE, escape(path.read_text(encoding="utf-8"))), encoding="utf-8"
    )
    wide = re.search(r'data-wide="(\d+)"', chromium("--dump-dom", f"file://{tmp_path / 'frame.html'}"))
    assert wide and int(wide[1]) <= PHONE, "on a narrow phone its sides are cut off"
    chromium(*DARK, f"--window-size=1100,{height}", f"--screenshot={shots}-dark.png", target)
    below = re.search(r'data-below="rgb\((\d+)', chromium(*DARK, "--dump-dom", target))
    assert below and int(below[1]) < 60, "bright in the dark"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={shots}.pdf", target)
    words = [
        "pdftotext",
        "-raw",
        f"{shots}.pdf",
        "-",
    ]  # as it is read: without it a heading may stand within the line above
    said = subprocess.run(words, capture_output=True, encoding="utf-8", check=True).stdout
    assert "中文 + English" not in said, "nobody chooses on paper"
    assert "Acme 智算" in " ".join(said.split()), "whose product it is"
    said = said.replace("智算", "")
    chinese = [line for line in said.splitlines() if CHINESE.search(line.replace("中文", ""))]
    if language == "zh":
        assert chinese
    elif name not in ("clients", "acceptance"):  # their examples are Chinese
        assert chinese == []
