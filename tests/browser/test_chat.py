# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser on the appliance's LAN logs in, asks, and reads the model's answer on the page."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import labctl
import pytest
import sitectl

HERE = labctl.ROOT / "tests/browser"
PICTURES = labctl.OUTPUT / "browser"
EMAIL = "admin@appliance.local"


@pytest.fixture(scope="session", autouse=True)
def appliance():
    """A converged node: the one that is there, or made now."""
    labctl.lab("up", labctl.NODE, "--octet", labctl.OCTET)
    run = sitectl.site("browser-site", "-e", f"@{HERE / 'people.yml'}")
    assert run.ok, run.story()


def drive(script: str, password: str, pictures: Path, *arguments: str, seconds: int = 120) -> dict:
    """What a person did on the page and what came of it; pictures and report are kept."""
    env = dict(os.environ, PASSWORD=password, PATIENCE_MS=str(seconds * 1000))
    done = subprocess.run(
        [str(labctl.LAB), "run", "node", str(HERE / script), f"https://{labctl.ADDRESS}/", *arguments],
        cwd=HERE, env=env, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.stdout.strip(), done.stderr
    report = json.loads(done.stdout.strip().splitlines()[-1])
    (pictures / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    return report


def ask(password: str, question: str, pictures: Path, seconds: int = 90) -> dict:
    return drive("chat.mjs", password, pictures, EMAIL, question, labctl.ANSWER, str(pictures), seconds=seconds)


def person(name: str, pictures: Path, *more: str) -> dict:
    email = f"{name}@example.org"
    password = labctl.node(f"cat /etc/yitiji/secrets/open-webui-users/{email}").strip()
    return drive("documents.mjs", password, pictures, email, labctl.ANSWER, str(pictures), *more)


def test_a_wrong_password_stays_outside():
    report = ask("not the password", "hello", PICTURES / "refused", seconds=15)
    assert not report["ok"] and report["step"] == "reach the chat"
    assert any("/auths/signin" in f and f.startswith("4") for f in report["failed"]), report


def test_a_person_chats():
    password = labctl.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    report = ask(password, "你好，请介绍一下你自己。", PICTURES)
    assert report["outside"] == [], "the page asked someone outside the appliance"
    assert report["ok"], report
    assert labctl.ANSWER in report["answer"]
    for name in ("login", "chat"):
        assert (PICTURES / f"{name}.png").stat().st_size > 10_000
    print(
        f"\nanswer after {report['seconds']:.1f} s: {report['answer']}\npictures: {PICTURES.relative_to(labctl.ROOT)}"
    )


def test_a_user_asks_about_a_file_and_sees_the_thinking(tmp_path):
    file = tmp_path / "采购计划.txt"
    file.write_text("八张显卡，四块硬盘。\n", encoding="utf-8")
    report = person("li", PICTURES / "user", "user", str(file))
    assert report["ok"], report
    assert (report["upload"], report["files"], report["models"]) == (200, [file.name], ["tiny-r1-distill"])
    assert "八张显卡" in report["read"], "its text goes to the model with the question"
    assert labctl.THINKING in report["answer"] and labctl.ANSWER in report["answer"]
    assert report["outside"] == []


def test_a_user_without_rights_is_refused():
    report = person("guest", PICTURES / "guest", "guest")
    assert report["ok"], report
    assert report["models"] == [], "a model of a group that this user is not in"
    assert not report["landed"].startswith("/admin")
    assert set(report["refused"].values()) <= {401, 403}, report
    assert report["outside"] == []


def test_the_vendors_look_is_seen():
    """As drawn: what a style sheet says is not what the page shows."""
    password = labctl.node("cat /etc/yitiji/secrets/open-webui-admin").strip()
    report = drive("brand.mjs", password, PICTURES / "brand", EMAIL, str(PICTURES / "brand"))
    assert report["ok"], report
    assert report["title"].startswith("山海一体机")
    color = [0xD7, 0x26, 0x3D, 255]
    assert (report["button"], report["send"]) == (color, color)
    assert set(map(tuple, report["marks"].values())) == {(14, 124, 75, 255)}, "the corner of logo.png"
    assert report["outside"] == []
